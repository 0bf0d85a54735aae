"""What every method is given and what it answers: the adapter that all of them share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.fit.forecast import Measurement
from grn_l0.network import Network, edges_to_matrix
from grn_l0.timeseries import TimeSeries

if TYPE_CHECKING:
    from anndata import AnnData

#: Called as ``forecast(series, measurement)``: one-step predictions, shape (S, T, N); None if it cannot do that.
Forecaster = Callable[[TimeSeries, Measurement], Float[ndarray, "series times genes"] | None]
#: "ours" is the default alone, "choice" other choices of ours, "ablation" ours with a step left out; "oracle" knows
#: what no method can.
Role = Literal["ours", "choice", "ablation", "floor", "oracle", "quick", "slow"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Data from which a network is to be inferred.

    Attributes
    ----------
    adata, keys
        The data as `grn_l0.tl.infer` takes them.
    series
        The same as trajectories of N genes.
    regulators
        Positions of the R candidate regulators.
    prior
        Edges believed beforehand, source, target; None without.
    seed
        Of every random draw.
    deadline
        Processor time of this process (`time.process_time`) at which a method that trains must come to an end; not
        wall-clock time, so that the result does not depend on what else the machine does.
    """

    adata: AnnData
    keys: Mapping[str, Any]
    series: TimeSeries
    regulators: Int[ndarray, " regulators"]
    prior: pd.DataFrame | None = None
    seed: int = 0
    deadline: float = float("inf")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the regulators."""
        return tuple(self.series.genes[j] for j in self.regulators)

    @property
    def candidates(self) -> Bool[ndarray, "regulators genes"]:
        """All pairs but those of a gene with itself."""
        return np.asarray(self.regulators[:, None] != np.arange(self.series.n_genes)[None, :])

    @property
    def listed(self) -> Float[ndarray, "regulators genes"] | None:
        """The prior as a matrix of weights, or None."""
        if self.prior is None:
            return None
        return edges_to_matrix(self.prior, list(self.names), self.series.genes, column="weight")

    @property
    def late(self) -> bool:
        """Whether the deadline is over."""
        return time.process_time() >= self.deadline


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What a method found.

    Attributes
    ----------
    scores
        Shape (R, N), larger is surer; None for a method that only forecasts.
    weights
        Signed weights of the chosen edges, 0 elsewhere, shape (R, N); None for a method that only ranks.
    forecast
        One-step predictions; None for a method that does not forecast.
    probability
        Whether the scores claim to be probabilities.
    signed
        Whether the signs of the weights mean something.
    note
        What a reader must know, such as how far training came.
    """

    scores: Float[ndarray, "regulators genes"] | None = None
    weights: Float[ndarray, "regulators genes"] | None = None
    forecast: Forecaster | None = None
    probability: bool = False
    signed: bool = True
    note: str = ""

    def network(self, task: Task) -> Network | None:
        """Scores and weights under the names of the task."""
        if self.scores is None:
            return None
        weights = np.zeros_like(self.scores) if self.weights is None else self.weights
        return Network(regulators=task.names, targets=task.series.genes, scores=self.scores, weights=weights)


@dataclass(frozen=True, kw_only=True)
class Method:
    """One row of the tables.

    Attributes
    ----------
    name
        As the tables show it.
    run
        The adapter.
    role
        Which cases it takes part in.
    about
        A sentence: what it is, and its source.
    limit_s
        Seconds of processor time after which training stops (methods that train); a run that lasts more than three
        times that, and a minute, is ended.
    random
        Whether the seed matters. Where it does not and the data are fixed, one run is enough.
    uses_prior
        True: only where there is a prior.
    options
        What tells a variant from the default, in words, so that a record of other options is out of date.
    """

    name: str
    run: Callable[[Task], Answer]
    role: Role
    about: str = ""
    limit_s: float = 120.0
    random: bool = True
    uses_prior: bool = False
    options: str = ""

"""A case: data from one seed, and what is known about them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from grn_l0 import pp
from grn_l0._typing import Int, ndarray
from grn_l0.benchmark.methods import Method
from grn_l0.benchmark.scoring import positions
from grn_l0.datasets._annotate import annotate
from grn_l0.datasets.reference import reference_table
from grn_l0.fit.forecast import Measurement
from grn_l0.simulate import System
from grn_l0.timeseries import TimeSeries

if TYPE_CHECKING:
    from anndata import AnnData

#: Seeds that the numbers of a `Case` go with.
USUAL_SEEDS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Test:
    """Series to forecast, one step at a time.

    Attributes
    ----------
    series
        The genes of the training data.
    measurement
        "exact": from the measured state. "noisy": from the state filtered from the measurements so far, which only
        methods that know about noise can do.
    """

    series: TimeSeries
    measurement: Measurement = "exact"


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Data, and what is known about them.

    Attributes
    ----------
    adata, keys
        Training data, and the keyword arguments of `grn_l0.tl.infer` that say when and where.
    regulators
        Names of the candidate regulators; None for all genes.
    prior
        Edges believed beforehand, or None.
    references
        Reference networks with their universe (`grn_l0.datasets.restrict`) by name. The figures of the first have
        plain names, those of the others end in " (name)". None at all for a null: there every edge is false.
    tests
        What to forecast, by name. With more than one, all their figures end in " (name)".
    calibrated
        Whether the calibration of probabilities is measured: where the truth is known for every pair.
    """

    adata: AnnData
    keys: Mapping[str, Any]
    regulators: tuple[str, ...] | None = None
    prior: pd.DataFrame | None = None
    references: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tests: Mapping[str, Test] = field(default_factory=dict)
    calibrated: bool = False

    @cached_property
    def series(self) -> TimeSeries:
        """The training data as trajectories."""
        return pp.to_timeseries(self.adata, **self.keys)

    @property
    def positions(self) -> Int[ndarray, " regulators"]:
        """Positions of the candidate regulators among the genes."""
        return positions(self.regulators or self.series.genes, self.series.genes)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One data set of the benchmark.

    Attributes
    ----------
    name
        ``group/what``; the group heads a chapter of the report.
    make
        From a seed to data.
    methods
        Patterns of method names, or roles with an @: ``("@ours", "@quick", "lasso")``.
    seeds
        Seeds (systems, where the seed draws them) where the benchmark is asked for three; more or fewer in
        proportion.
    fewer
        The same for some methods: pattern and number, the first that fits counts.
    fixed
        The data do not depend on the seed.
    prior
        Whether there is a prior network; methods that need one take part only then.
    sweep
        Name of a figure's axis and this case's place on it, or None.
    published
        Figures from papers: who, and what. They stand below the table's rows.
    about
        A sentence for the report.
    """

    name: str
    make: Callable[[int], Problem]
    methods: tuple[str, ...] = ("@ours", "@floor", "@quick")
    seeds: int = USUAL_SEEDS
    fewer: tuple[tuple[str, int], ...] = (("@slow", 1),)
    fixed: bool = False
    prior: bool = False
    sweep: tuple[str, float] | None = None
    published: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()
    about: str = ""

    @property
    def group(self) -> str:
        """The chapter."""
        return self.name.partition("/")[0]

    def takes(self, method: Method) -> bool:
        """Whether the method takes part in this case."""
        return (self.prior or not method.uses_prior) and any(_fits(p, method) for p in self.methods)

    def seeds_of(self, method: Method, asked: int) -> range:
        """The seeds of a method's cells where the benchmark is asked for so many."""
        usual = next((n for pattern, n in self.fewer if _fits(pattern, method)), self.seeds)
        one = self.fixed and not method.random
        return range(1 if one else math.ceil(usual * asked / USUAL_SEEDS))


def _fits(pattern: str, method: Method) -> bool:
    return f"@{method.role}" == pattern if pattern.startswith("@") else fnmatchcase(method.name, pattern)


def simulated(
    series: TimeSeries,
    system: System,
    *,
    test: TimeSeries | None = None,
    keys: Mapping[str, Any] | None = None,
    obs: pd.DataFrame | None = None,
) -> Problem:
    """The problem of a simulated experiment, whose truth is the system's edges.

    Parameters
    ----------
    series
        The measurements.
    system
        What they were made from.
    test
        Series to forecast.
    keys
        Further arguments of `grn_l0.tl.infer`.
    obs
        Further columns, one row per observation, trajectory by trajectory.
    """
    adata = annotate(series.values, series.times, series.genes, trajectories=series.trajectories)
    if obs is not None:
        for column in obs.columns:
            adata.obs[column] = obs[column].to_numpy()
    return Problem(
        adata=adata,
        keys={"trajectory_key": "trajectory", **(keys or {})},
        references={"truth": reference_table(system.edges, system.genes, system.genes)},
        tests={} if test is None else {"test": Test(series=test)},
        calibrated=True,
    )


def null(series: TimeSeries) -> Problem:
    """The problem of data without regulation."""
    adata = annotate(series.values, series.times, series.genes, trajectories=series.trajectories)
    return Problem(adata=adata, keys={"trajectory_key": "trajectory"})

"""Scores to networks: so many of the highest, for methods that rank and do not select."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grn_l0._checks import check_count
from grn_l0._errors import NameMatchError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.network import Network, all_candidates
from grn_l0.timeseries import TimeSeries

#: Called as ``score(series, regulators)`` with positions of regulators, or None for all genes: scores (R, N).
Score = Callable[[TimeSeries, Int[ndarray, " regulators"] | None], Float[ndarray, "regulators genes"]]


@dataclass(frozen=True, kw_only=True)
class Top:
    """A method that returns the edges with the highest scores, such as those of `grn_l0.baselines`.

    Parameters
    ----------
    score
        Called as ``score(series, regulators)``; scores of shape (R, N), larger is surer.
    edges
        How many edges a network has, q; fewer where fewer scores are above 0.
    regulators
        Names of the candidate regulators; all genes by default.

    Raises
    ------
    OptionError
        If `edges` is less than 1.
    """

    score: Score
    edges: int
    regulators: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_count("edges", self.edges)

    def __call__(self, series: TimeSeries) -> Network:
        """The network of these data; its weights are the scores, without a sign.

        Raises
        ------
        NameMatchError
            If a regulator is not among the genes.
        """
        names = series.genes if self.regulators is None else self.regulators
        place = {gene: k for k, gene in enumerate(series.genes)}
        for name in names:
            if name not in place:
                raise NameMatchError(f"regulator {name!r} is not among the {series.n_genes} genes")
        rows = None if self.regulators is None else np.array([place[name] for name in names], dtype=np.int64)
        scores = np.asarray(self.score(series, rows), dtype=np.float64)
        value = np.where(all_candidates(names, series.genes) & (scores > 0), scores, -np.inf).ravel()
        best = np.argsort(-value, kind="stable")[: self.edges]
        best = best[np.isfinite(value[best])]
        weights = np.zeros(scores.size)
        weights[best] = scores.ravel()[best]
        return Network(regulators=names, targets=series.genes, scores=scores, weights=weights.reshape(scores.shape))

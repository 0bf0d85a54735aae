"""What resampling says of every candidate edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float, ndarray
from grn_l0.ensemble.error_control import Bound, choose_threshold, expected_false
from grn_l0.ensemble.subsets import Scheme
from grn_l0.ensemble.tally import Tally
from grn_l0.network import Network


@dataclass(frozen=True, kw_only=True, eq=False)
class Ensemble:
    """Networks of many resamples of the data, taken together. Matrices are R regulators x N targets.

    Attributes
    ----------
    regulators, targets
        Names.
    resamples
        How many networks there are.
    scheme
        What a resample is: "halves" of the trajectories (or groups), "blocks" of times, "bootstrap".
    frequency
        Share of the resamples that select the edge, in [0, 1].
    score
        Mean of the scores.
    agreement
        Of the resamples that select the edge the share with its majority sign, in [.5, 1]; NaN where none does.
    weight
        Mean absolute weight in the resamples that select the edge, with the majority sign; 0 where none does.
    candidates
        Pairs that could be edges.
    possible
        How many of them the method could select at all; None for all. A target that stays constant has no equation, and
        a method that guesses would select none of its edges either: bounds on false edges are of the others.
    """

    regulators: tuple[str, ...]
    targets: tuple[str, ...]
    resamples: int
    scheme: Scheme
    frequency: Float[ndarray, "regulators targets"]
    score: Float[ndarray, "regulators targets"]
    agreement: Float[ndarray, "regulators targets"]
    weight: Float[ndarray, "regulators targets"]
    candidates: Bool[ndarray, "regulators targets"]
    possible: int | None = None

    @classmethod
    def of(cls, tally: Tally, scheme: Scheme) -> Ensemble:
        """The means of sums."""
        times = np.maximum(tally.selected, 1)
        positive = tally.positive / times
        chosen = tally.selected > 0
        return cls(
            regulators=tally.regulators,
            targets=tally.targets,
            resamples=tally.done,
            scheme=scheme,
            frequency=tally.selected / tally.done,
            score=tally.score / tally.done,
            agreement=np.where(chosen, np.maximum(positive, 1 - positive), np.nan),
            weight=np.where(chosen, np.where(positive >= 0.5, 1.0, -1.0) * tally.strength / times, 0.0),
            candidates=tally.candidates,
        )

    @property
    def average(self) -> float:
        """Average number of edges that a resample selects, q."""
        return float(self.frequency.sum())

    @property
    def n_candidates(self) -> int:
        """Number of candidate edges."""
        return int(self.candidates.sum())

    @property
    def n_possible(self) -> int:
        """Number of candidate edges that could be selected, p."""
        return self.n_candidates if self.possible is None else self.possible

    def threshold(self, false_edges: float, bound: Bound = "unimodal") -> float:
        """The selection frequency from which on at most so many false edges are expected.

        Parameters
        ----------
        false_edges
            Expected number of edges that are selected no more often than a method that knows nothing would.
        bound
            See `expected_false`.

        Raises
        ------
        OptionError
            If no threshold does it, with what can be reached; or after a bootstrap, for which no bound is known.
        """
        return choose_threshold(self.average, self.n_possible, false_edges, self._pairs(), bound)

    def expected_false(self, threshold: float, bound: Bound = "unimodal") -> float:
        """Upper bound of the expected number of false edges at this threshold; see the function of this name."""
        return expected_false(self.average, self.n_possible, threshold, self._pairs(), bound)

    def network(self, threshold: float | None = None) -> Network:
        """The edges that at least this share of the resamples selects, by default more than half; scored by frequency.

        Raises
        ------
        OptionError
            If the threshold is not in (0, 1].
        """
        if threshold is not None and not 0 < threshold <= 1:
            raise OptionError(f"threshold must lie above 0 and be at most 1, not {threshold!r}")
        # Frequencies are multiples of 1 / resamples: half of such a step absorbs rounding.
        least = 0.5 / self.resamples + 0.5 if threshold is None else threshold - 0.5 / self.resamples
        return Network(
            regulators=self.regulators,
            targets=self.targets,
            scores=self.frequency,
            weights=np.where(self.frequency > least, self.weight, 0.0),
            effects=self.weight,
            candidates=self.candidates,
            frequencies=self.frequency,
        )

    def stable(self, false_edges: float, bound: Bound = "unimodal") -> Network:
        """The largest network with at most so many false edges expected; parameters and errors as `threshold`."""
        return self.network(self.threshold(false_edges, bound))

    def _pairs(self) -> int:
        if self.scheme == "bootstrap":
            raise OptionError(
                "no bound on false edges is known for the bootstrap, whose resamples overlap; use scheme='halves', or "
                "'blocks' for few trajectories"
            )
        return self.resamples // 2

    def __repr__(self) -> str:
        return (
            f"Ensemble({self.resamples} resamples by {self.scheme}, {len(self.regulators)} regulators x "
            f"{len(self.targets)} targets, {self.average:.4g} edges on average)"
        )

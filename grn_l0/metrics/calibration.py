"""Whether a score of .7 is right seven times in ten."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Bool, Float, Int, ndarray
from grn_l0.metrics._pairs import candidate_mask, same_shape, scores_of, truth_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Reliability:
    """Candidates counted by their probability, in B bins of equal width over [0, 1].

    Counts add: those of several systems are pooled with ``+``.

    Attributes
    ----------
    count
        Candidates in each bin, shape (B,).
    total
        Sum of their probabilities, shape (B,).
    hits
        How many of them are true, shape (B,).
    """

    count: Int[ndarray, " bins"]
    total: Float[ndarray, " bins"]
    hits: Int[ndarray, " bins"]

    def __add__(self, other: Reliability) -> Reliability:
        if self.count.shape != other.count.shape:
            raise OptionError(f"{self.count.size} bins cannot be added to {other.count.size}; use the same number")
        return Reliability(count=self.count + other.count, total=self.total + other.total, hits=self.hits + other.hits)

    @property
    def predicted(self) -> Float[ndarray, " bins"]:
        """Mean probability in each bin, NaN where there is no candidate."""
        return _ratio(self.total, self.count)

    @property
    def observed(self) -> Float[ndarray, " bins"]:
        """Share of true edges in each bin, NaN where there is no candidate."""
        return _ratio(self.hits, self.count)

    def error(self, above: float = 0.0) -> float:
        r"""Expected calibration error, :math:`\sum_b n_b |\bar p_b - \bar y_b| / \sum_b n_b`.

        Parameters
        ----------
        above
            Only bins that begin at this probability or higher count. In a sparse network nearly all candidates lie
            in the first bin, which then hides all others.

        Returns
        -------
        Between 0 and 1; NaN if no candidate counts.

        References
        ----------
        Naeini, Cooper, Hauskrecht (2015), AAAI, 2901-2907.
        """
        edges = np.arange(self.count.size) / self.count.size
        counted = (edges >= above - 1e-12) & (self.count > 0)
        if not counted.any():
            return math.nan
        return float(np.abs(self.total - self.hits)[counted].sum() / self.count[counted].sum())


def reliability(
    scores: Float[ndarray, "regulators targets"],
    truth: Array,
    candidates: Bool[ndarray, "regulators targets"] | None = None,
    *,
    bins: int = 10,
) -> Reliability:
    """Count candidates and true edges by probability.

    Parameters
    ----------
    scores
        Shape (R, N), probabilities.
    truth, candidates
        As in `ranking`.
    bins
        B. A probability of 1 belongs to the last one.

    Raises
    ------
    OptionError
        If a score lies outside [0, 1], shapes differ, or there are no bins.
    """
    if bins < 1:
        raise OptionError(f"bins must be 1 or more, not {bins}")
    same_shape("scores", np.asarray(scores), np.shape(truth))
    mask = candidate_mask(np.shape(truth), candidates)
    score, true = scores_of(scores, mask), truth_of(truth, mask)
    if score.size and not (score.min() >= 0 and score.max() <= 1):
        raise OptionError(
            f"scores range from {score.min():g} to {score.max():g}; calibration is asked of probabilities in [0, 1]"
        )
    place = np.minimum((score * bins).astype(np.int64), bins - 1)
    return Reliability(
        count=np.bincount(place, minlength=bins),
        total=np.bincount(place, weights=score, minlength=bins),
        hits=np.bincount(place[true], minlength=bins),
    )


def _ratio(part: Array, whole: Array) -> Float[ndarray, " bins"]:
    out = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out

"""Whether a score of .7 is right seven times in ten."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Bool, Float, Int, ndarray
from grn_l0.metrics._pairs import candidate_mask, same_shape, scores_of, truth_of

if TYPE_CHECKING:
    import pandas as pd

#: Candidates with at least this probability are judged by themselves: nearly all others score about 0, are false, and
#: would make any ranking of a sparse network look calibrated.
LIKELY = 0.1


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

        Where :math:`n_b` counts the candidates of bin b, :math:`\bar p_b` is their mean probability and
        :math:`\bar y_b` the share of true edges among them. Bins are of equal width, as in Guo et al. (2017).

        Parameters
        ----------
        above
            Only bins that begin at this probability or higher count. In a sparse network nearly all candidates lie
            in the first bin, which then hides all others: see `LIKELY`.

        Returns
        -------
        Between 0 and 1; NaN if no candidate counts.

        References
        ----------
        Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning, AAAI,
        2901-2907. Guo, Pleiss, Sun, Weinberger (2017), On calibration of modern neural networks, ICML, 1321-1330.
        """
        edges = np.arange(self.count.size) / self.count.size
        counted = (edges >= above - 1e-12) & (self.count > 0)
        if not counted.any():
            return math.nan
        return float(np.abs(self.total - self.hits)[counted].sum() / self.count[counted].sum())

    def interval(self, level: float = 0.95) -> tuple[Float[ndarray, " bins"], Float[ndarray, " bins"]]:
        r"""Wilson's interval of the share of true edges in each bin, as if candidates were independent.

        .. math:: \frac{\bar y + z^2 / 2n \pm z \sqrt{\bar y (1 - \bar y) / n + z^2 / 4 n^2}}{1 + z^2 / n}

        Where n is the number of candidates and z the normal quantile of `level`. It stays inside [0, 1], and says
        something of a bin of three in which all are true (Wilson 1927; Brown, Cai, DasGupta 2001). Edges of one
        system depend on each other, so that it is rather too narrow.

        Parameters
        ----------
        level
            Coverage, between 0 and 1.

        Returns
        -------
        Lower and upper ends, shape (B,); NaN where there is no candidate.

        Raises
        ------
        OptionError
            If the level is not between 0 and 1.
        """
        if not 0 < level < 1:
            raise OptionError(f"the level of an interval lies between 0 and 1, not {level}")
        from scipy.special import ndtri

        z2, y = float(ndtri((1 + level) / 2)) ** 2, self.observed
        n = np.where(self.count > 0, self.count, np.nan)
        middle, half = y + z2 / (2 * n), np.sqrt(z2 * (y * (1 - y) / n + z2 / (4 * n**2)))
        return (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)

    def table(self) -> pd.DataFrame:
        """One row per bin that holds candidates.

        Returns
        -------
        Columns ``from`` and ``to`` (ends of the bin), ``candidates``, ``predicted``, ``observed``, and ``low`` and
        ``high`` of `interval`.
        """
        import pandas as pd

        bins, (low, high) = self.count.size, self.interval()
        ends = np.arange(bins + 1) / bins
        rows = pd.DataFrame(
            {
                "from": ends[:-1],
                "to": ends[1:],
                "candidates": self.count,
                "predicted": self.predicted,
                "observed": self.observed,
                "low": low,
                "high": high,
            }
        )
        return rows[rows["candidates"] > 0].reset_index(drop=True)


def brier(
    scores: Float[ndarray, "regulators targets"],
    truth: Array,
    candidates: Bool[ndarray, "regulators targets"] | None = None,
) -> float:
    r"""Brier score, the mean of :math:`(p - y)^2` over the candidates, y being 1 for true edges and 0 for others.

    It rewards calibration and resolution together: stating the density for every candidate is calibrated, and costs
    density (1 - density).

    Parameters
    ----------
    scores, truth, candidates
        As in `reliability`.

    Returns
    -------
    Between 0 and 1; NaN without a candidate.

    Raises
    ------
    OptionError
        If a score lies outside [0, 1] or shapes differ.

    References
    ----------
    Brier (1950), Monthly Weather Review 78, 1-3.
    """
    score, true = _probabilities(scores, truth, candidates)
    return float(np.mean(np.square(score - true))) if score.size else math.nan


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
    score, true = _probabilities(scores, truth, candidates)
    place = np.minimum((score * bins).astype(np.int64), bins - 1)
    return Reliability(
        count=np.bincount(place, minlength=bins),
        total=np.bincount(place, weights=score, minlength=bins),
        hits=np.bincount(place[true], minlength=bins),
    )


def _probabilities(
    scores: Float[ndarray, "regulators targets"], truth: Array, candidates: Bool[ndarray, "regulators targets"] | None
) -> tuple[Float[ndarray, " candidates"], Bool[ndarray, " candidates"]]:
    """Scores of the candidates, if they can be probabilities, and which of them are true."""
    same_shape("scores", np.asarray(scores), np.shape(truth))
    mask = candidate_mask(np.shape(truth), candidates)
    score, true = scores_of(scores, mask), truth_of(truth, mask)
    if score.size and not (score.min() >= 0 and score.max() <= 1):
        raise OptionError(
            f"scores range from {score.min():g} to {score.max():g}; calibration is asked of probabilities in [0, 1]"
        )
    return score, true


def _ratio(part: Array, whole: Array) -> Float[ndarray, " bins"]:
    out = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out

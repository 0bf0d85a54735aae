"""Could a network that knows nothing about who regulates whom have agreed with the truth this well?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._random import generator
from grn_l0._typing import Array, Bool, Float, Int, ndarray
from grn_l0.metrics._pairs import candidate_mask, same_shape, scores_of, truth_of, undecidable

Statistic = Literal["auprc", "auroc"]


def permutation_p_value(
    scores: Float[ndarray, "regulators targets"],
    truth: Array,
    candidates: Bool[ndarray, "regulators targets"] | None = None,
    n: int = 1000,
    seed: int = 0,
    *,
    statistic: Statistic = "auprc",
) -> float:
    r"""Permute the names of the targets within the truth, and count how often that agrees at least as well.

    Every regulator keeps its number of targets (but for those that land outside the candidates), and the scores stay
    as they are. So hubs alone, which give a high AUROC when the regulators with many true edges score high throughout,
    do not make a small p-value.

    .. math:: p = \frac{1 + \#\{b : s_b \ge s\}}{1 + n}

    Where s is the statistic of the truth, s_b that of its permutation b (Phipson & Smyth 2010).

    Parameters
    ----------
    scores, truth, candidates
        As in `ranking`.
    n
        Number of permutations, at least 1.
    seed
        Of the permutations.
    statistic
        ``"auprc"`` (over the density, which varies a little between permutations) or ``"auroc"``.

    Returns
    -------
    The p-value, between 1 / (n + 1) and 1. NaN with a `GrnWarning` if none or all candidates are true.

    Raises
    ------
    OptionError
        If the shapes differ, or for an unknown statistic or n < 1.
    DataError
        If a candidate has no score.
    """
    if n < 1 or statistic not in _STATISTICS:
        raise OptionError(f"n is {n} and statistic {statistic!r}; expected n >= 1 and one of {', '.join(_STATISTICS)}")
    same_shape("scores", np.asarray(scores), np.shape(truth))
    mask = candidate_mask(np.shape(truth), candidates)
    score, true = scores_of(scores, mask), truth_of(truth, mask)
    if undecidable(int(true.sum()), true.size):
        return math.nan
    # Everything a permutation needs is the place of its true edges in the ranking, so the ranking is done once.
    ascending = np.sort(score)
    places = np.uint32 if score.size < 2**32 else np.uint64
    at_least, above = np.zeros(mask.shape, dtype=places), np.zeros(mask.shape, dtype=places)
    at_least[mask] = score.size - np.searchsorted(ascending, score, side="left")
    above[mask] = score.size - np.searchsorted(ascending, score, side="right")
    rows, columns = np.nonzero((np.asarray(truth) != 0) & mask)
    measure = _STATISTICS[statistic]

    def value(targets: Int[ndarray, " true"]) -> float:
        place = at_least[rows, targets].astype(np.int64)
        kept = place > 0  # a true edge may land on a pair that is no candidate
        return measure(place[kept], above[rows, targets][kept].astype(np.int64), score.size)

    observed = value(columns)
    rng = generator(seed, "metrics/permutation")
    # 1e-12: sums in another order must count as equal.
    as_good = sum(value(rng.permutation(mask.shape[1])[columns]) >= observed * (1 - 1e-12) for _ in range(n))
    return (1 + as_good) / (1 + n)


def _auprc_ratio(at_least: Int[ndarray, " true"], above: Int[ndarray, " true"], total: int) -> float:
    """Average precision over density: the mean, over true edges, of the precision at their score."""
    if not at_least.size:
        return 0.0
    hits = np.searchsorted(np.sort(at_least), at_least, side="right")
    return float((hits / at_least).mean()) * total / at_least.size


def _auroc(at_least: Int[ndarray, " true"], above: Int[ndarray, " true"], total: int) -> float:
    """Mann-Whitney: the share of (true, false) pairs in which the true edge scores higher, ties counting half."""
    n = at_least.size
    if not 0 < n < total:
        return 0.5
    mean_rank = (at_least + above + 1) / 2  # 1 is the highest score
    return float(1 - (mean_rank.sum() - n * (n + 1) / 2) / (n * (total - n)))


_STATISTICS: Mapping[str, Callable[[Int[ndarray, " true"], Int[ndarray, " true"], int], float]] = {
    "auprc": _auprc_ratio,
    "auroc": _auroc,
}

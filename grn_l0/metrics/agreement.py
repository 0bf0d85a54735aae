"""How much two networks agree: as sets of edges, as rankings, in sign and in strength."""

from __future__ import annotations

import math

import numpy as np

from grn_l0._errors import DataError, OptionError
from grn_l0._typing import Array, Bool, Float, ndarray
from grn_l0.metrics._pairs import candidate_mask, same_shape

#: Two arrays, regulators x targets: that of the first network and that of the second.
Pair = tuple[Array, Array]


def edge_agreement(
    first: Bool[ndarray, "regulators targets"],
    second: Bool[ndarray, "regulators targets"],
    candidates: Bool[ndarray, "regulators targets"] | None = None,
    *,
    signs: Pair | None = None,
    weights: Pair | None = None,
) -> dict[str, float]:
    r"""Agreement of two sets of edges, A and B.

    Parameters
    ----------
    first, second
        Shape (R, N), the edges of each.
    candidates
        Shape (R, N), the universe. All pairs by default, also those of a gene with itself.
    signs
        Shape (R, N) each, the sign of every edge; 0 where it is not known.
    weights
        Shape (R, N) each, the strength of every edge.

    Returns
    -------
    ``candidates``, ``edges_first``, ``edges_second`` and ``shared``, counts; ``jaccard``
    :math:`|A \cap B| / |A \cup B|`; ``jaccard_by_chance``, see `jaccard_by_chance`; ``overlap``
    :math:`|A \cap B| / \min(|A|, |B|)`; ``sign_agreement``, the share of equal signs among the shared edges whose
    sign both know; ``weight_correlation``, Pearson's, over the shared edges. NaN where nothing can be said: the
    Jaccard index of two empty sets, the correlation of fewer than three edges or of constant weights.

    Raises
    ------
    OptionError
        If the shapes differ.
    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    same_shape("second", b, a.shape)
    mask = candidate_mask(a.shape, candidates)
    both = a & b & mask
    n_a, n_b, shared, total = (int(np.count_nonzero(x)) for x in (a & mask, b & mask, both, mask))
    return {
        "candidates": total,
        "edges_first": n_a,
        "edges_second": n_b,
        "shared": shared,
        "jaccard": _ratio(shared, n_a + n_b - shared),
        "jaccard_by_chance": jaccard_by_chance(n_a, n_b, total),
        "overlap": _ratio(shared, min(n_a, n_b)),
        "sign_agreement": math.nan if signs is None else _same_sign(*_at(both, "signs", signs)),
        "weight_correlation": math.nan if weights is None else _pearson(*_at(both, "weights", weights)),
    }


def jaccard_by_chance(n_first: int, n_second: int, n_candidates: int) -> float:
    r"""Expected Jaccard index of two sets of these sizes, drawn among the candidates without knowing of each other.

    .. math:: E\left[\frac{K}{a + b - K}\right], \quad K \sim \mathrm{Hypergeometric}(n, a, b)

    Where a and b are the numbers of edges, n that of candidates, K the number of shared edges.

    Returns
    -------
    Between 0 and 1; NaN for two empty sets.

    Raises
    ------
    OptionError
        If a size is negative, or there are more edges than candidates.
    """
    if not 0 <= min(n_first, n_second) <= max(n_first, n_second) <= n_candidates:
        raise OptionError(f"{n_first} and {n_second} edges among {n_candidates} candidates: expected 0 to as many")
    if n_first + n_second == 0:
        return math.nan
    from scipy.stats import hypergeom

    k = np.arange(max(0, n_first + n_second - n_candidates), min(n_first, n_second) + 1)
    share = k / (n_first + n_second - k)
    return float(share @ hypergeom.pmf(k, n_candidates, n_first, n_second))


def rank_agreement(
    first: Float[ndarray, "regulators targets"],
    second: Float[ndarray, "regulators targets"],
    candidates: Bool[ndarray, "regulators targets"] | None = None,
) -> float:
    """Spearman's rank correlation of two networks' scores; tied scores take their mean rank.

    Parameters
    ----------
    first, second
        Shape (R, N), larger is surer.
    candidates
        Shape (R, N), the pairs that count; all by default.

    Returns
    -------
    Between -1 and 1; NaN for fewer than three pairs, or where all scores of a network are equal.

    Raises
    ------
    OptionError
        If the shapes differ.
    DataError
        If a pair that counts has no score.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    same_shape("second", b, a.shape)
    mask = candidate_mask(a.shape, candidates)
    x, y = a[mask], b[mask]
    missing = int((np.isnan(x) | np.isnan(y)).sum())
    if missing:
        raise DataError(f"{missing} of {x.size} pairs have no score in one of the networks; leave them out")
    from scipy.stats import rankdata

    return _pearson(rankdata(x), rankdata(y))


def _at(where: Bool[ndarray, "regulators targets"], name: str, pair: Pair) -> tuple[Array, Array]:
    a, b = (np.asarray(one, dtype=np.float64) for one in pair)
    same_shape(f"first {name}", a, where.shape)
    same_shape(f"second {name}", b, where.shape)
    return a[where], b[where]


def _same_sign(a: Array, b: Array) -> float:
    known = (a != 0) & (b != 0) & ~np.isnan(a) & ~np.isnan(b)
    return _ratio(int((np.sign(a) == np.sign(b))[known].sum()), int(known.sum()))


def _pearson(a: Array, b: Array) -> float:
    if a.size < 3 or np.ptp(a) == 0 or np.ptp(b) == 0 or not np.isfinite(a @ b):
        return math.nan
    return float(np.corrcoef(a, b)[0, 1])


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan

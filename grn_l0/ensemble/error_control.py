r"""How many false edges a selection frequency lets through.

A false edge here is a candidate that one half of the data selects with no more than the average probability
:math:`\theta = q / p` (q edges of p candidates): no more often than a method that knows nothing. If V such edges are
selected in a share :math:`\pi` or more of 2B half-samples, B pairs of complementary halves, then

.. math:: E V \le \frac{\theta}{2 \pi - 1} \, q = \frac{q^2}{(2 \pi - 1) \, p}

and less if the frequencies of false edges have a single mode, or are r-concave.

References
----------
Meinshausen & Bühlmann (2010), J. R. Statist. Soc. B 72, 417-473: theorem 1 (exchangeable false edges, and a method no
worse than guessing, in place of the definition above).
Shah & Samworth (2013), J. R. Statist. Soc. B 75, 55-80: theorem 1, theorem 2 (unimodal), equation 8 and appendix A.4
(r-concave).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Literal, get_args

import numpy as np
from scipy import optimize

from grn_l0._errors import OptionError
from grn_l0._typing import Float, ndarray

Bound = Literal["worst-case", "unimodal", "r-concave"]

#: Orders of concavity that Shah & Samworth (2013) assume: of the share of pairs that agree, and of single halves.
_R_PAIRS, _R_HALVES = -0.5, -0.25
#: Logarithms of shapes between which the least favourable distribution is sought: steepest (of few edges among very
#: many candidates; its powers stay far from underflow), and as good as uniform.
_STEEP, _FLAT = math.log(1e-30), math.log(1e6)


def expected_false(q: float, p: int, threshold: float, pairs: int, bound: Bound = "unimodal") -> float:
    r"""Upper bound of the expected number of false edges among those with at least this selection frequency.

    Parameters
    ----------
    q
        Average number of edges that one half selects.
    p
        Number of candidate edges.
    threshold
        :math:`\pi`, a multiple of 1 / (2 `pairs`) above 1/2.
    pairs
        B, the number of complementary pairs.
    bound
        "worst-case" assumes nothing. "unimodal": the frequencies of false edges, and how often both halves of a pair
        agree on one, have a single mode. "r-concave": their distributions are r-concave with r = -1/4 and -1/2, which
        is stronger, and the paper's recommendation.

    Returns
    -------
    The bound; at most q / threshold (Markov), as each false edge there is selected that often.

    Raises
    ------
    OptionError
        For values out of range.
    """
    _check(q, p, pairs, bound)
    if not 0.5 < threshold <= 1:
        raise OptionError(f"threshold must lie above 0.5 and be at most 1, not {threshold!r}")
    if q == 0:
        return 0.0
    theta = q / p
    whole = q / threshold
    found = [whole, q * theta / (2 * threshold - 1)]
    if bound != "worst-case":
        # What is r-concave has a single mode, so that theorem 2 holds of it, too.
        found.append(q * theta * _unimodal(threshold, pairs, theta))
    if bound == "r-concave":
        found.append(p * _r_concave(theta, threshold, pairs))
    return float(min(found))


def choose_threshold(q: float, p: int, false_edges: float, pairs: int, bound: Bound = "unimodal") -> float:
    """The least selection frequency above 1/2 at which at most so many false edges are expected.

    Parameters
    ----------
    q, p, pairs, bound
        As in `expected_false`.
    false_edges
        Expected number of false edges to allow, positive.

    Returns
    -------
    A multiple of 1 / (2 `pairs`).

    Raises
    ------
    OptionError
        If no threshold does it, with what can be reached and what to do; or for values out of range.
    """
    check_false_edges(false_edges)
    _check(q, p, pairs, bound)
    grid = np.arange(pairs + 1, 2 * pairs + 1) / (2 * pairs)
    # The bounds fall as the threshold rises.
    low, high = 0, len(grid)
    while low < high:
        middle = (low + high) // 2
        if expected_false(q, p, float(grid[middle]), pairs, bound) <= false_edges:
            high = middle
        else:
            low = middle + 1
    if low == len(grid):
        least = expected_false(q, p, 1.0, pairs, bound)
        raise OptionError(
            f"false_edges={false_edges:g} cannot be kept: even edges that all {2 * pairs} resamples select may hold "
            f"{_up(least):g} false ones, because a resample selects {q:.4g} edges of {p:,} candidates. Ask for "
            f"false_edges={_up(least):g} or more, take more resamples, or name fewer candidate regulators, or a "
            "stricter method"
        )
    return float(grid[low])


def check_false_edges(false_edges: float) -> None:
    """Refuse a number of false edges that is none.

    Raises
    ------
    OptionError
        If it is not a positive, finite number.
    """
    if isinstance(false_edges, bool) or not (isinstance(false_edges, int | float) and 0 < false_edges < math.inf):
        raise OptionError(
            f"false_edges must be a positive number of edges, such as 5 (for a share see decide=), not {false_edges!r}"
        )


def _check(q: float, p: int, pairs: int, bound: Bound) -> None:
    if bound not in get_args(Bound):
        raise OptionError(f"bound must be {', '.join(get_args(Bound))}, not {bound!r}")
    if p < 1 or not 0 <= q <= p:
        raise OptionError(f"q must lie between 0 and the number of candidate edges {p}, not {q!r}")
    if pairs < 1:
        raise OptionError(f"error control needs 1 complementary pair or more, not {pairs!r}")


def _up(value: float) -> float:
    """With two digits, rounded up, so that asking for it works."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit) * unit


def _unimodal(threshold: float, pairs: int, theta: float) -> float:
    """The factor of q theta in the bound (Shah & Samworth 2013, theorem 2); infinite where the theorem says nothing."""
    step = 1 / (2 * pairs)
    if theta > 1 / math.sqrt(3) or threshold <= 0.5 + min(theta**2, step + 0.75 * theta**2):
        return math.inf
    if threshold > 0.75:
        return 4 * (1 - threshold + step) / (1 + 2 * step)
    margin = 2 * threshold - 1 - step
    return 1 / (2 * margin) if margin > 0 else math.inf


def _r_concave(theta: float, threshold: float, pairs: int) -> float:
    """Share of the false candidates that may reach the threshold (Shah & Samworth 2013, equation 8)."""
    count = round(threshold * 2 * pairs)
    agreed = largest_tail(theta**2, count - pairs, pairs, _R_PAIRS)
    return min(agreed, largest_tail(theta, count, 2 * pairs, _R_HALVES))


@cache
def largest_tail(mean: float, count: int, size: int, r: float) -> float:
    r"""The largest P(X >= `count`) of an r-concave X on 0, 1, ..., `size` of which E X <= `mean` x `size`.

    The least favourable distributions are :math:`f(j) \propto (a + j)^{1/r}` on 0 ... k with an atom on k + 1 that
    makes up the mean. Given k, a runs from where the atom is 0 to where it continues the same line; both ends, and so
    the maximum over all k, are found numerically.

    Parameters
    ----------
    mean
        In [0, 1], as a share of `size`.
    count
        Position of the tail, integer.
    size
        Largest value of X.
    r
        Negative; f is r-concave if f^r is convex between its ends.

    Returns
    -------
    A probability; 1 where `count` is too near the mean for a bound.
    """
    middle = mean * size
    first = math.ceil(2 * middle) + 1
    if count < first or first > size:
        return 1.0
    place = np.arange(size + 1.0)

    def centre(log_a: float, k: int) -> float:
        f = _powers(log_a, k, r)
        return math.log(float(f @ place[: k + 1]) / (float(f.sum()) * middle))

    def tail(log_a: float, k: int) -> float:
        f, below = _powers(log_a, k, r), k + 1 - place[: k + 1]
        # Both parts are of the tail's own size: as one less all that is below it, 1e-17 and 0 would be the same.
        atom = max(middle * float(f.sum()) - float(f @ place[: k + 1]), 0.0)
        return ((k + 1 - middle) * float(f[count:].sum()) + atom) / float(below @ f)

    shape = _FLAT
    best = 0.0
    for k in range(first, size):
        # With further places to go the distribution has to be steeper for the same mean.
        above = shape if k > first else _edge(centre, k, _FLAT)
        below = _edge(centre, k + 1, above)
        shape = below
        if k + 1 < count:
            continue
        ends = (below, above)
        best = max(best, *(tail(end, k) for end in ends))
        if ends[0] < ends[1]:
            inside = optimize.minimize_scalar(
                lambda x, k=k: -tail(x, k), bounds=ends, method="bounded", options={"xatol": 1e-10}
            )
            best = max(best, -float(inside.fun))
    return min(best, 1.0)


def _powers(log_a: float, k: int, r: float) -> Float[ndarray, " places"]:
    """(a + j)^(1/r) of j = 0 ... k, divided by a^(1/r), so that nothing under- or overflows."""
    return np.asarray((1 + np.arange(k + 1.0) * math.exp(-log_a)) ** (1 / r))


def _edge(centre: Callable[[float, int], float], k: int, above: float) -> float:
    """The shape log a, at most `above`, of the distribution on 0 ... k without an atom that has the mean."""
    if centre(above, k) <= 0:
        return above
    if centre(_STEEP, k) >= 0:
        return _STEEP
    return float(optimize.brentq(centre, _STEEP, above, args=(k,), xtol=1e-14, rtol=1e-14))

"""Gibbs sampling of the gates: spike and slab, given the Gram matrices of the regulators' responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

#: Evidence, in nats, up to which Bayes factors are multiplied as they are; beyond, an edge is open all the same.
_MOST = 300.0

F = TypeVar("F", bound=Callable[..., Any])


def _compiled(function: F) -> F:
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


@_compiled
def _scramble(x: Any) -> Any:
    """Every bit of the result depends on every bit of x: the output function of splitmix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@_compiled
def _next(state: np.ndarray) -> float:
    """Uniform in (0, 1), neither end included: one step of splitmix64 (Steele, Lea, Flood 2014)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    # 52 bits: with 53, the half would round the largest up to 1, which is no position in an array.
    return (float(_scramble(state[0]) >> np.uint64(12)) + 0.5) * 2.220446049250313e-16


@_compiled
def _normal(state: np.ndarray) -> float:
    out: float = np.sqrt(-2.0 * np.log(_next(state))) * np.cos(2.0 * np.pi * _next(state))
    return out


@_compiled
def _gamma(shape: float, state: np.ndarray) -> float:
    """Gamma(shape, 1), shape >= 1 (Marsaglia and Tsang 2000)."""
    d = shape - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    while True:
        x = _normal(state)
        v = (1.0 + c * x) ** 3
        if v > 0.0 and np.log(_next(state)) < 0.5 * x * x + d - d * v + d * np.log(v):
            out: float = d * v
            return out


# Slices would cost more than the arithmetic on them, hence whole arrays and a position j.


@_compiled
def _odds(square: float, j: int, pull: np.ndarray, share: np.ndarray, terms: np.ndarray) -> float:
    """Posterior odds of edge j over exp(`_beyond`); `terms` gets what each slab adds.

    With g the edge's curvature and r its correlation with what the other edges leave, both over the noise variance,
    `square` is r^2, `pull` t^2 / (2 (1 + t^2 g)) of each slab t and `share` its prior odds over sqrt(1 + t^2 g).
    """
    beyond = _beyond(square, j, pull)
    total = 0.0
    for k in range(pull.shape[1]):
        terms[k] = share[j, k] * np.exp(square * pull[j, k] - beyond)
        total += terms[k]
    return total


@_compiled
def _beyond(square: float, j: int, pull: np.ndarray) -> float:
    """By how many nats the evidence exceeds what a float can hold well; mostly 0."""
    widest = 0.0
    for k in range(pull.shape[1]):
        widest = max(widest, pull[j, k])
    return max(square * widest - _MOST, 0.0)


@_compiled
def _draw(
    r: float, j: int, pull: np.ndarray, terms: np.ndarray, total: float, state: np.ndarray, usage: np.ndarray
) -> float:
    """A weight from the slab mixture's conditional."""
    u = _next(state) * total
    k = 0
    cumulated = terms[0]
    while u > cumulated and k < pull.shape[1] - 1:
        k += 1
        cumulated += terms[k]
    usage[k] += 1.0
    variance = 2.0 * pull[j, k]
    out: float = variance * r + np.sqrt(variance) * _normal(state)
    return out


@_compiled
def _mean(r: float, j: int, pull: np.ndarray, terms: np.ndarray, total: float) -> float:
    mean = 0.0
    for k in range(pull.shape[1]):
        mean += terms[k] / total * 2.0 * pull[j, k] * r
    return mean


@_compiled
def _move(residual: np.ndarray, gram: np.ndarray, low: np.ndarray, size: int, j: int, by: float) -> None:
    """Residual correlations after the weight of j has changed."""
    for k in range(len(residual)):
        residual[k] -= gram[j, k] * by
    for a in range(size):
        part = low[a, j] * by
        for k in range(len(residual)):
            residual[k] += low[a, k] * part


@_compiled
def sweep_targets(
    first: int,
    last: int,
    grams: np.ndarray,  # (classes, R, R)
    kind: np.ndarray,  # (N,) class of each target, -1: no regulators
    factors: np.ndarray,  # (B, K, R): the target's own Gram is its class's less factor' factor
    bent: np.ndarray,  # (N,) position in factors, -1: none
    used: np.ndarray,  # (B,) rows of each factor that are not padding
    residual: np.ndarray,  # (N, R) correlation of every regulator with the current residual
    weight: np.ndarray,  # (N, R) current weights, 0 = closed
    log_odds: np.ndarray,  # (N, R) prior log odds, -inf = not a candidate
    group: np.ndarray,  # (N, R) slab family of each edge
    slabs: np.ndarray,  # (families, K)
    slab_weights: np.ndarray,  # (families, K)
    variance: np.ndarray,  # (N,)
    squares: np.ndarray,  # (N,) whitened sum of squares of the target
    score: np.ndarray,  # (N, R) correlation with the target itself
    freedom: np.ndarray,  # (N,)
    prior_variance: np.ndarray,  # (N,)
    prior_freedom: np.ndarray,  # (N,)
    seed: int,
    sweep: int,
    sweeps: int,
    record: bool,
    probability: np.ndarray,  # (N, R) sums, written when `record`
    effect: np.ndarray,  # (N, R) sums of P * E[w | open]
    usage: np.ndarray,  # (N, families, K)
) -> None:
    """Run `sweeps` sweeps over the regulators of the targets first..last-1, in place.

    Random numbers are keyed by (seed, target, sweep): neither the order of the targets nor the number of threads
    matters.
    """
    n_regulators = weight.shape[1]
    n_slabs = slabs.shape[1]
    terms = np.empty(n_slabs)
    pull = np.empty((n_regulators, n_slabs))
    share = np.empty((n_regulators, n_slabs))
    state = np.empty(1, dtype=np.uint64)
    own = np.empty(n_regulators)
    none = np.empty((0, n_regulators))
    for i in range(first, last):
        if kind[i] < 0:
            continue
        gram = grams[kind[i]]
        low = factors[max(bent[i], 0)] if len(factors) else none
        size = used[bent[i]] if bent[i] >= 0 else 0
        for j in range(n_regulators):
            own[j] = gram[j, j]
            for a in range(size):
                own[j] -= low[a, j] * low[a, j]
            own[j] = max(own[j], 1e-12)
        odds = np.exp(log_odds[i])
        for step in range(sweep, sweep + sweeps):
            # Scrambled: else a target's numbers would be those of the one before it, shifted by one draw.
            key = _scramble(np.uint64(seed) + np.uint64(1))
            state[0] = _scramble(_scramble(key + np.uint64(i)) + np.uint64(step))
            v = variance[i]
            for j in range(n_regulators):
                family = group[i, j]
                for k in range(n_slabs):
                    t2 = slabs[family, k] * slabs[family, k]
                    spread = 1.0 + t2 * own[j] / v
                    pull[j, k] = 0.5 * t2 / spread
                    share[j, k] = odds[j] * slab_weights[family, k] / np.sqrt(spread)
            for j in range(n_regulators):
                if odds[j] == 0.0:
                    continue
                old = weight[i, j]
                r = (residual[i, j] + own[j] * old) / v
                total = _odds(r * r, j, pull, share, terms)
                p = total / (1.0 + total)
                if record:
                    probability[i, j] += p
                    if p > 1e-4:
                        effect[i, j] += p * _mean(r, j, pull, terms, total)
                new = 0.0
                if _next(state) < p:
                    new = _draw(r, j, pull, terms, total, state, usage[i, group[i, j]])
                if new != old:
                    _move(residual[i], gram, low, size, j, new - old)
                    weight[i, j] = new
            # One swap per open edge: correlated regulators cannot replace each other one at a time. The edge to close
            # is drawn anew each time (a scan over j would favour late regulators); a swap keeps their number.
            n_open = 0
            for j in range(n_regulators):
                if weight[i, j] != 0.0:
                    n_open += 1
            for _ in range(n_open):
                nth = int(_next(state) * n_open)
                j = -1
                while nth >= 0:
                    j += 1
                    if weight[i, j] != 0.0:
                        nth -= 1
                old = weight[i, j]
                m = int(_next(state) * n_regulators)
                if m == j or weight[i, m] != 0.0 or odds[m] == 0.0:
                    continue
                square = ((residual[i, j] + own[j] * old) / v) ** 2
                here, beyond = _odds(square, j, pull, share, terms), _beyond(square, j, pull)
                shared = gram[m, j]
                for a in range(size):
                    shared -= low[a, m] * low[a, j]
                r = (residual[i, m] + shared * old) / v
                total = _odds(r * r, m, pull, share, terms)
                if np.log(_next(state) * here / total) < _beyond(r * r, m, pull) - beyond:
                    new = _draw(r, m, pull, terms, total, state, usage[i, group[i, m]])
                    _move(residual[i], gram, low, size, j, -old)
                    _move(residual[i], gram, low, size, m, new)
                    weight[i, j] = 0.0
                    weight[i, m] = new
            rest = squares[i]
            for j in range(n_regulators):
                w = weight[i, j]
                if w != 0.0:
                    rest -= w * (score[i, j] + residual[i, j])
            shape = 0.5 * (freedom[i] + prior_freedom[i])
            scale = 0.5 * (max(rest, 1e-12) + prior_freedom[i] * prior_variance[i])
            variance[i] = scale / _gamma(shape, state)

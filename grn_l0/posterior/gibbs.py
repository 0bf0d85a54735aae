"""Gibbs sampling of the gates: spike and slab, given the Gram matrix of the regulators' responses.

Nearly all gates are closed and stay so. Those between two changes are looked at together, as arrays, and only where one
of them opens, or one is open, the chain goes gate by gate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grn_l0._compiled import compiled
from grn_l0.posterior.bayes_factors import (
    add_odds,
    draw_weight,
    excess_of,
    mean_weight,
    odds_of,
    prepare_slab,
    record_odds,
    sum_of,
)
from grn_l0.posterior.randoms import gamma, keyed, uniform

#: Closed gates that are looked at together.
_TOGETHER = 256

#: Written as a literal, it would have everything that counts from it compiled twice.
_ZERO: Any = np.int64(0)

#: Least odds with which an edge's coefficient is recorded.
_LIKELY = np.float32(1e-4)


@compiled
def _move(residual: np.ndarray, gram: np.ndarray, low: np.ndarray, size: int, j: int, by: float) -> None:
    """Residual correlations after the weight of j has changed."""
    row = gram[j]
    for k in range(len(residual)):
        residual[k] -= row[k] * by
    for a in range(size):
        part = low[a, j] * by
        for k in range(len(residual)):
            residual[k] += low[a, k] * part


@compiled(inner=True)
def _hold(weight: np.ndarray, where: np.ndarray, at: np.ndarray, n: int, j: int, value: float) -> int:
    """Set the weight of edge j, 0 for closed; `at[:n]` lists the open edges, `where` their places in it, -1 for none.

    The new number of open edges.
    """
    weight[j] = value
    if value != 0.0 and where[j] < 0:
        at[n] = j
        where[j] = n
        return n + 1
    if value == 0.0 and where[j] >= 0:
        last = at[n - 1]
        at[where[j]] = last
        where[last] = where[j]
        where[j] = -1
        return n - 1
    return n


@compiled(inner=True)
def _first_open(opened: np.ndarray, n: int, first: int, last: int) -> int:
    """Position of the first of n open edges from `first` on, `last` for none before it."""
    for a in range(n):
        if first <= opened[a] < last:
            last = opened[a]
    return last


@compiled
def sweep_targets(
    first: int,
    last: int,
    targets: np.ndarray,  # (n,) position of each target among the genes, which keys its random numbers
    gram: np.ndarray,  # (R, R), shared by these targets
    factors: np.ndarray,  # (B, K, R): the target's own Gram is the shared one less factor' factor
    bent: np.ndarray,  # (n,) position in factors, -1: none
    used: np.ndarray,  # (B,) rows of each factor that are not padding
    score: np.ndarray,  # (n, R) correlation of every regulator with the target
    odds: np.ndarray,  # (n, R) prior odds, 0 = not a candidate
    group: np.ndarray,  # (n, R) slab family of each edge; (0, R) where there is one family only
    slabs: np.ndarray,  # (families, K)
    shares: np.ndarray,  # (families, K)
    variance: np.ndarray,  # (n,)
    squares: np.ndarray,  # (n,) whitened sum of squares of the target
    freedom: np.ndarray,  # (n,)
    prior_variance: np.ndarray,  # (n,)
    prior_freedom: np.ndarray,  # (n,)
    at: np.ndarray,  # (n, M) open edges, and
    value: np.ndarray,  # (n, M) their weights, of which
    count: np.ndarray,  # (n,) are not padding; more than M edges never open
    seed: int,
    sweep: int,
    sweeps: int,
    record: bool,
    probability: np.ndarray,  # (n, R) sums of P(open)
    effect: np.ndarray,  # (n, R) sums of P * E[w | open]
    second: np.ndarray,  # (n, R) sums of w^2
    mean_variance: np.ndarray,  # (n,) sums of the variance
    usage: np.ndarray,  # (n, families, K)
) -> None:
    r"""Run `sweeps` sweeps over the regulators of the targets first..last-1, in place.

    Random numbers are keyed by (seed, target, sweep): neither the order of the targets nor the number of threads
    matters.

    Gates are visited in their order. Of closed ones next to each other none opens with probability
    :math:`\prod_j 1 / (1 + o_j)`, o_j their odds, and the first to open is found by one uniform number for all.
    """
    n_regulators, n_slabs, most = score.shape[1], slabs.shape[1], at.shape[1]
    terms, state = np.empty(n_slabs), np.empty(1, dtype=np.uint64)
    pull, share = np.empty((n_slabs, n_regulators), np.float32), np.empty((n_slabs, n_regulators), np.float32)
    own, own32 = np.empty(n_regulators), np.empty(n_regulators, np.float32)
    prior, closed = np.empty(n_regulators, np.float32), np.empty(n_regulators, np.float32)
    out = np.empty(n_regulators, np.float32)
    weight, residual = np.empty(n_regulators), np.empty(n_regulators)
    where, opened = np.empty(n_regulators, np.int64), np.empty(n_regulators, np.int64)
    none, alone = np.empty((0, n_regulators), factors.dtype), np.zeros(n_regulators, np.uint8)
    for i in range(first, last):
        low = factors[max(bent[i], 0)] if len(factors) else none
        size = used[bent[i]] if bent[i] >= 0 else 0
        family = group[i] if len(group) else alone
        n = _ZERO
        for j in range(n_regulators):
            own[j] = gram[j, j]
            for a in range(size):
                own[j] -= low[a, j] * low[a, j]
            own[j] = max(own[j], 1e-12)
            own32[j], prior[j], residual[j] = own[j], odds[i, j], score[i, j]
            closed[j], weight[j], where[j] = 1.0 if prior[j] > 0 else 0.0, 0.0, -1
        for a in range(count[i]):
            j = at[i, a]
            n = _hold(weight, where, opened, n, j, value[i, a])
            closed[j] = 0.0
            _move(residual, gram, low, size, j, value[i, a])
        for step in range(sweeps):
            state[0] = keyed(seed, targets[i], sweep + step)
            v = variance[i]
            over = np.float32(1.0 / v)
            for k in range(n_slabs):
                if len(group):
                    for j in range(n_regulators):
                        t2 = slabs[family[j], k] * slabs[family[j], k]
                        spread = 1.0 + t2 * own[j] / v
                        pull[k, j] = 0.5 * t2 / spread
                        share[k, j] = prior[j] * shares[family[j], k] / np.sqrt(spread)
                else:
                    t2, part = np.float32(slabs[0, k] * slabs[0, k]), np.float32(shares[0, k])
                    prepare_slab(own32, prior, t2, part, over, pull[k], share[k])
            j = _ZERO
            while j < n_regulators:
                if where[j] >= 0:
                    old = weight[j]
                    r = (residual[j] + own[j] * old) / v
                    total = odds_of(r * r, j, pull, share, terms)
                    p = total / (1.0 + total)
                    if record:
                        probability[i, j] += p
                        effect[i, j] += p * mean_weight(r, j, pull, terms, total)
                    new = 0.0
                    if uniform(state) < p:
                        new = draw_weight(r, j, pull, terms, total, state, usage[i, family[j]])
                    _move(residual, gram, low, size, j, new - old)
                    n = _hold(weight, where, opened, n, j, new)
                    closed[j] = 0.0 if new != 0.0 else 1.0
                    j += 1
                    continue
                end = _first_open(opened, n, j, min(j + _TOGETHER, n_regulators))
                some = out[j:end]
                some[:] = np.float32(0.0)
                n_strong = np.float32(0.0)
                for k in range(n_slabs):
                    n_strong += add_odds(residual[j:end], pull[k, j:end], share[k, j:end], closed[j:end], over, some)
                u = uniform(state)
                strong = n_strong > 0
                total = sum_of(some)
                m = -1
                # No gate opens if u prod(1 + o) < 1, and so if u exp(sum o) < 1.
                if strong or total >= -np.log(u):
                    for c in range(j, end):
                        if strong and closed[c] > 0:
                            r = residual[c] / v
                            out[c] = min(odds_of(r * r, c, pull, share, terms), 1e30)
                        u *= 1.0 + out[c]
                        if u >= 1.0 and n < most:
                            m = c
                            end = c + 1
                            break
                if record:
                    record_odds(out[j:end], probability[i, j:end])
                    if strong or total > _LIKELY:
                        for c in range(j, end):
                            if out[c] > _LIKELY:
                                r = residual[c] / v
                                odd = odds_of(r * r, c, pull, share, terms)
                                effect[i, c] += odd / (1.0 + odd) * mean_weight(r, c, pull, terms, odd)
                if m >= 0:
                    r = residual[m] / v
                    total_m = odds_of(r * r, m, pull, share, terms)
                    new = draw_weight(r, m, pull, terms, total_m, state, usage[i, family[m]])
                    _move(residual, gram, low, size, m, new)
                    n = _hold(weight, where, opened, n, m, new)
                    closed[m] = 0.0
                j = end
            # One swap per open edge: correlated regulators cannot replace each other one at a time. The edge to close
            # is drawn anew each time (a scan over j would favour late regulators); a swap keeps their number.
            for _ in range(n):
                j = opened[int(uniform(state) * n)]
                old = weight[j]
                m = int(uniform(state) * n_regulators)
                if where[m] >= 0 or prior[m] == 0.0:
                    continue
                square = ((residual[j] + own[j] * old) / v) ** 2
                here, beyond = odds_of(square, j, pull, share, terms), excess_of(square, j, pull)
                shared = gram[j, m]
                for a in range(size):
                    shared -= low[a, m] * low[a, j]
                r = (residual[m] + shared * old) / v
                total = odds_of(r * r, m, pull, share, terms)
                if np.log(uniform(state) * here / total) < excess_of(r * r, m, pull) - beyond:
                    new = draw_weight(r, m, pull, terms, total, state, usage[i, family[m]])
                    _move(residual, gram, low, size, j, -old)
                    _move(residual, gram, low, size, m, new)
                    n = _hold(weight, where, opened, n, j, 0.0)
                    n = _hold(weight, where, opened, n, m, new)
                    closed[j], closed[m] = 1.0, 0.0
            rest = squares[i]
            for a in range(n):
                j = opened[a]
                rest -= weight[j] * (score[i, j] + residual[j])
            shape = 0.5 * (freedom[i] + prior_freedom[i])
            scale = 0.5 * (max(rest, 1e-12) + prior_freedom[i] * prior_variance[i])
            variance[i] = scale / gamma(shape, state)
            if not record:
                continue
            mean_variance[i] += variance[i]
            for a in range(n):
                second[i, opened[a]] += weight[opened[a]] ** 2
        count[i] = n
        for a in range(n):
            at[i, a], value[i, a] = opened[a], weight[opened[a]]

"""Exponential Heun and its exact discrete adjoint, as compiled kernels.

Series are independent: a block of them is taken through all of its steps at once, so that its states stay in the cache.
Blocks may be worked on side by side.
"""

from __future__ import annotations

import math

import numpy as np

from grn_l0._compiled import ANY_ORDER, compiled
from grn_l0.solve.production import System, features, features_back, production, production_back


@compiled(fastmath=ANY_ORDER, inner=True)
def _coefficients(rate: float, h: float) -> tuple[float, float, float]:
    """`a` = d h, the gain 1 - exp(-a), and the ramp 1 - gain / a without cancellation (or 0 / 0) for small a."""
    a = rate * h
    gain = -math.expm1(-a)
    if a < 0.02:
        return a, gain, a * (1 / 2 - a * (1 / 6 - a * (1 / 24 - a * (1 / 120 - a / 720))))
    return a, gain, 1 - gain / a


@compiled(fastmath=ANY_ORDER, inner=True)
def _decay(
    system: System,
    h: np.ndarray,
    moves: np.ndarray,
    first: int,
    size: int,
    a: np.ndarray,
    gain: np.ndarray,
    ramp: np.ndarray,
) -> None:
    """What a step of length h, (S,), does to each gene in each series of the block, (N, B)."""
    same = (h[first : first + size] == h[first]).all()
    for i in system.moving:
        now, now_gain, now_ramp = _coefficients(system.rate[i], h[first])
        for s in range(size):
            a[i, s], gain[i, s], ramp[i, s] = now, now_gain, now_ramp
        if not same:
            for s in range(1, size):
                if h[first + s] != h[first + s - 1]:
                    now, now_gain, now_ramp = _coefficients(system.rate[i], h[first + s])
                a[i, s], gain[i, s], ramp[i, s] = now, now_gain, now_ramp
        if len(moves):
            row = moves[i, first : first + size]
            for s in range(size):
                a[i, s] *= row[s]
                gain[i, s] *= row[s]
                ramp[i, s] *= row[s]


@compiled(fastmath=ANY_ORDER, inner=True)
def _step(
    system: System,
    x: np.ndarray,  # (N, B)
    first: int,
    size: int,
    gain: np.ndarray,
    ramp: np.ndarray,
    added: np.ndarray,  # (N, S) for this interval, or (0, 0)
    feature0: np.ndarray,  # these and all that follow: written
    f0: np.ndarray,
    predicted: np.ndarray,
    feature1: np.ndarray,
    f1: np.ndarray,
    after: np.ndarray,
) -> None:
    """One step; production is kept without what is added from outside, which cancels in f1 - f0."""
    features(system, x, size, feature0)
    production(system, feature0, size, f0)
    _predict(system, x, first, size, gain, added, f0, predicted)
    features(system, predicted, size, feature1)
    production(system, feature1, size, f1)
    for i in system.moving:
        for s in range(size):
            after[i, s] = predicted[i, s] + ramp[i, s] * (f1[i, s] - f0[i, s])


@compiled(fastmath=ANY_ORDER, inner=True)
def _predict(
    system: System,
    x: np.ndarray,
    first: int,
    size: int,
    gain: np.ndarray,
    added: np.ndarray,
    f0: np.ndarray,
    predicted: np.ndarray,
) -> None:
    for i in system.moving:
        if len(added):
            row = added[i, first : first + size]
            for s in range(size):
                predicted[i, s] = x[i, s] + gain[i, s] * (f0[i, s] + row[s] - x[i, s])
        else:
            for s in range(size):
                predicted[i, s] = x[i, s] + gain[i, s] * (f0[i, s] - x[i, s])


@compiled(fastmath=ANY_ORDER, inner=True)
def _load(states: np.ndarray, first: int, size: int, block: np.ndarray) -> None:
    for i in range(len(block)):
        row = states[i, first : first + size]  # else every index is tested for being negative
        for s in range(size):
            block[i, s] = row[s]


@compiled(fastmath=ANY_ORDER, inner=True)
def _store(block: np.ndarray, first: int, size: int, states: np.ndarray) -> None:
    for i in range(len(block)):
        row = states[i, first : first + size]
        for s in range(size):
            row[s] = block[i, s]


@compiled(fastmath=ANY_ORDER)
def solve(
    system: System,
    x0: np.ndarray,  # (N, S)
    lengths: np.ndarray,  # (T - 1, S) of a step in each interval
    counts: np.ndarray,  # (T - 1,) steps of each interval
    moves: np.ndarray,  # (N, S) 0 where a gene is held; (0, 0) if none is
    drive: np.ndarray,  # (T - 1, N, S) added to production, or (0, 0, 0)
    first: int,  # series of the block that is solved, and
    size: int,  # how many
    space: np.ndarray,  # (7, N, size) room for anything
    fspace: np.ndarray,  # (2, K, size) as well
    out: np.ndarray,  # (T, N, S): written at these series
) -> bool:
    """States at all times, and whether the last of them are finite: what is not stays so."""
    n, feature0, feature1 = len(x0), fspace[0], fspace[1]
    x, predicted, f0, f1, a, gain, ramp = space[0], space[1], space[2], space[3], space[4], space[5], space[6]
    nothing = np.empty((0, 0), x0.dtype)
    zero = x0.dtype.type(0.0)
    total = zero
    _load(x0, first, size, x)
    _load(x0, first, size, predicted)  # genes that do not move keep these
    _store(x, first, size, out[0])
    for k in range(len(counts)):
        added = drive[k] if len(drive) else nothing
        _decay(system, lengths[k], moves, first, size, a, gain, ramp)
        for _ in range(counts[k]):
            _step(system, x, first, size, gain, ramp, added, feature0, f0, predicted, feature1, f1, x)
        _store(x, first, size, out[k + 1])
    for i in range(n):
        for s in range(size):
            total += zero * x[i, s]  # NaN for what is not finite
    return not np.isnan(total)


@compiled(fastmath=ANY_ORDER)
def adjoint(
    system: System,
    x0: np.ndarray,  # as for `solve`, and the next six
    lengths: np.ndarray,
    counts: np.ndarray,
    moves: np.ndarray,
    drive: np.ndarray,
    first: int,
    size: int,
    space: np.ndarray,  # (3 M + 7, N, size) room for anything, M the number of steps
    fspace: np.ndarray,  # (2 M + 1, K, size) as well
    dout: np.ndarray,  # (T, N, S) gradient of the loss in the states at all times
    dx0: np.ndarray,  # (N, S): written at these series
    ddrive: np.ndarray,  # (T - 1, N, S) added to at these series; (0, 0, 0) without a drive
    dlog_rate: np.ndarray,  # (N,) this and all that follow: zeros that are added to
    dweight: np.ndarray,  # (E,)
    dbias: np.ndarray,  # (N,)
    damplitude: np.ndarray,  # (N,) or (0,)
) -> None:
    """Gradients of what `solve` does: its steps are repeated, and then gone through backwards."""
    n, total = len(x0), counts.sum()
    one = x0.dtype.type(1.0)
    zero = x0.dtype.type(0.0)
    xs, f0s, f1s = space[6 : total + 7], space[total + 7 : 2 * total + 7], space[2 * total + 7 :]
    predicted, df, back, a, gain, ramp = space[0], space[1], space[2], space[3], space[4], space[5]
    dfeature, feature0s, feature1s = fspace[0], fspace[1 : total + 1], fspace[total + 1 :]
    nothing = np.empty((0, 0), x0.dtype)
    for m in range(total + 1):  # genes that do not move keep these
        _load(x0, first, size, xs[m])
    _load(x0, first, size, predicted)
    m = 0
    for k in range(len(counts)):
        added = drive[k] if len(drive) else nothing
        _decay(system, lengths[k], moves, first, size, a, gain, ramp)
        for _ in range(counts[k]):
            _step(
                system, xs[m], first, size, gain, ramp, added,
                feature0s[m], f0s[m], predicted, feature1s[m], f1s[m], xs[m + 1],
            )  # fmt: skip
            m += 1
    _load(dout[len(counts)], first, size, back)
    for k in range(len(counts) - 1, -1, -1):
        added = drive[k] if len(drive) else nothing
        if k < len(counts) - 1:
            _decay(system, lengths[k], moves, first, size, a, gain, ramp)
        for _ in range(counts[k]):
            m -= 1
            x, f0, f1 = xs[m], f0s[m], f1s[m]
            _predict(system, x, first, size, gain, added, f0, predicted)
            # x' = predicted + ramp (f1 - f0), and d ramp / d log d = gain - ramp
            for i in system.moving:
                slope = zero
                for s in range(size):
                    df[i, s] = ramp[i, s] * back[i, s]
                    slope += back[i, s] * (f1[i, s] - f0[i, s]) * (gain[i, s] - ramp[i, s])
                dlog_rate[i] += slope
            production_back(system, feature1s[m], size, f1, df, dfeature, dweight, dbias, damplitude)
            for i in system.moving:
                for s in range(size):
                    df[i, s] = -ramp[i, s] * back[i, s]
            features_back(system, predicted, size, dfeature, back)
            # predicted = x + gain (f0 + added - x), and d gain / d log d = a exp(-a)
            for i in system.moving:
                slope = zero
                for s in range(size):
                    df[i, s] += gain[i, s] * back[i, s]
                    slope += back[i, s] * (f0[i, s] - x[i, s]) * a[i, s] * (one - gain[i, s])
                if len(added):
                    row, drow = added[i, first : first + size], ddrive[k, i, first : first + size]
                    for s in range(size):
                        slope += back[i, s] * row[s] * a[i, s] * (one - gain[i, s])
                        drow[s] += gain[i, s] * back[i, s]
                dlog_rate[i] += slope
                for s in range(size):
                    back[i, s] *= one - gain[i, s]
            production_back(system, feature0s[m], size, f0, df, dfeature, dweight, dbias, damplitude)
            features_back(system, x, size, dfeature, back)
        for i in range(n):
            row = dout[k, i, first : first + size]
            for s in range(size):
                back[i, s] += row[s]
    _store(back, first, size, dx0)

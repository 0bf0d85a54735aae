"""Production over a list of open edges and its gradient, as compiled kernels.

Arrays have genes first and series last, so that inner loops run over series side by side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from grn_l0._compiled import ANY_ORDER, compiled
from grn_l0.solve.elementary import exp, log


class System(NamedTuple):
    """The right side of the equation; N genes, K regulators with open edges, E open edges sorted by their target."""

    rate: np.ndarray  # (N,) d
    moving: np.ndarray  # genes with d > 0
    regulators: np.ndarray  # (K,) genes
    shift: np.ndarray  # (K,) features are (x - shift) scale
    scale: np.ndarray  # (K,)
    bounds: np.ndarray  # (2,) and the log odds of that, kept within these; (0,) for the numbers themselves
    pointer: np.ndarray  # (N + 1,) where the edges of each target begin
    source: np.ndarray  # (E,) position among the K regulators
    weight: np.ndarray  # (E,)
    bias: np.ndarray  # (N,)
    floor: np.ndarray  # (N,) least production; (0,) for none
    amplitude: np.ndarray  # (N,) production is this times a sigmoid; (0,) for production that is linear


@compiled(fastmath=ANY_ORDER, inner=True)
def features(system: System, x: np.ndarray, size: int, feature: np.ndarray) -> None:
    """What regulators contribute by, (K, B), from the states x, (N, B), of the first `size` series of a block."""
    one = x.dtype.type(1.0)
    for j in range(len(system.regulators)):
        g = system.regulators[j]
        at, by = system.shift[j], system.scale[j]
        if len(system.bounds):
            low, high = system.bounds[0], system.bounds[1]
            for s in range(size):
                q = (x[g, s] - at) * by
                q = low if q < low else q
                q = high if q > high else q
                feature[j, s] = log(q / (one - q))
        else:
            for s in range(size):
                feature[j, s] = (x[g, s] - at) * by


@compiled(fastmath=ANY_ORDER, inner=True)
def features_back(system: System, x: np.ndarray, size: int, dfeature: np.ndarray, dx: np.ndarray) -> None:
    """Adds to the gradient in the states what comes from that in the features."""
    one = x.dtype.type(1.0)
    zero = x.dtype.type(0.0)
    for j in range(len(system.regulators)):
        g = system.regulators[j]
        at, by = system.shift[j], system.scale[j]
        if len(system.bounds):
            low, high = system.bounds[0], system.bounds[1]
            for s in range(size):
                q = (x[g, s] - at) * by
                inside = by if (q >= low) & (q <= high) else zero
                q = low if q < low else q
                q = high if q > high else q
                dx[g, s] += inside / (q * (one - q)) * dfeature[j, s]
        else:
            for s in range(size):
                dx[g, s] += by * dfeature[j, s]


@compiled(fastmath=ANY_ORDER, inner=True)
def production(system: System, feature: np.ndarray, size: int, f: np.ndarray) -> None:
    """Production (N, B) of the genes that move, from the features."""
    one = f.dtype.type(1.0)
    for i in system.moving:
        level = system.bias[i]
        for s in range(size):
            f[i, s] = level
        e, last = system.pointer[i], system.pointer[i + 1]
        while e + 3 < last:  # four edges at a time: fewer loads and stores of the sum
            j0, j1, j2, j3 = system.source[e], system.source[e + 1], system.source[e + 2], system.source[e + 3]
            w0, w1, w2, w3 = system.weight[e], system.weight[e + 1], system.weight[e + 2], system.weight[e + 3]
            for s in range(size):
                f[i, s] += w0 * feature[j0, s] + w1 * feature[j1, s] + w2 * feature[j2, s] + w3 * feature[j3, s]
            e += 4
        while e < last:
            j0, w0 = system.source[e], system.weight[e]
            for s in range(size):
                f[i, s] += w0 * feature[j0, s]
            e += 1
        if len(system.amplitude):
            top = system.amplitude[i]
            for s in range(size):
                f[i, s] = top / (one + exp(-f[i, s]))
        elif len(system.floor):
            least = system.floor[i]
            for s in range(size):
                f[i, s] = least if f[i, s] < least else f[i, s]


@compiled(fastmath=ANY_ORDER, inner=True)
def production_back(
    system: System,
    feature: np.ndarray,
    size: int,
    f: np.ndarray,
    df: np.ndarray,
    dfeature: np.ndarray,
    dweight: np.ndarray,
    dbias: np.ndarray,
    damplitude: np.ndarray,
) -> None:
    """From the gradient `df` in production, which is overwritten: that in the features, and more of the parameters'."""
    one = f.dtype.type(1.0)
    zero = f.dtype.type(0.0)
    for j in range(len(dfeature)):
        for s in range(size):
            dfeature[j, s] = zero
    for i in system.moving:
        total = zero
        if len(system.amplitude):
            share = one / system.amplitude[i]
            for s in range(size):
                part = f[i, s] * share
                total += df[i, s] * part
                df[i, s] *= f[i, s] * (one - part)
            damplitude[i] += total
        elif len(system.floor):
            least = system.floor[i]
            for s in range(size):
                df[i, s] = df[i, s] if f[i, s] > least else zero
        total = zero
        for s in range(size):
            total += df[i, s]
        dbias[i] += total
        for e in range(system.pointer[i], system.pointer[i + 1]):
            j, w = system.source[e], system.weight[e]
            total = zero
            for s in range(size):
                dfeature[j, s] += w * df[i, s]
                total += feature[j, s] * df[i, s]
            dweight[e] += total

"""Random numbers inside compiled code: one stream per key, whatever runs beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from grn_l0._compiled import compiled


@compiled(inner=True)
def scramble(x: Any) -> Any:
    """Every bit of the result depends on every bit of x: the output function of splitmix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled(inner=True)
def keyed(seed: int, target: int, step: int) -> Any:
    """Where the stream of one target and step begins; streams of neighbours must not be shifts of each other."""
    key = scramble(np.uint64(seed) + np.uint64(1))
    return scramble(scramble(key + np.uint64(target)) + np.uint64(step))


@compiled(inner=True)
def uniform(state: np.ndarray) -> float:
    """Uniform in (0, 1), neither end included: one step of splitmix64 (Steele, Lea, Flood 2014)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    # 52 bits: with 53, the half would round the largest up to 1, which is no position in an array.
    return (float(scramble(state[0]) >> np.uint64(12)) + 0.5) * 2.220446049250313e-16


@compiled(inner=True)
def normal(state: np.ndarray) -> float:
    """Standard normal (Box and Muller 1958)."""
    out: float = np.sqrt(-2.0 * np.log(uniform(state))) * np.cos(2.0 * np.pi * uniform(state))
    return out


@compiled(inner=True)
def gamma(shape: float, state: np.ndarray) -> float:
    """Gamma(shape, 1), shape >= 1 (Marsaglia and Tsang 2000)."""
    d = shape - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    while True:
        x = normal(state)
        v = (1.0 + c * x) ** 3
        if v > 0.0 and np.log(uniform(state)) < 0.5 * x * x + d - d * v + d * np.log(v):
            out: float = d * v
            return out

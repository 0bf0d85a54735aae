"""Odds of single edges given all others: of many closed ones as arrays, and of one."""

from __future__ import annotations

from typing import Any

import numpy as np

from grn_l0._compiled import NO_NAN, compiled
from grn_l0.posterior.randoms import normal, uniform

#: Evidence, in nats, up to which Bayes factors are multiplied as they are; beyond, an edge is open all the same.
_MOST = 300.0

#: Evidence in nats beyond which closed edges are to be taken one by one.
STRONG = np.float32(8.0)


@compiled(fastmath=NO_NAN, inner=True)
def prepare_slab(
    own: np.ndarray, odds: np.ndarray, square: Any, part: Any, over: Any, pull: np.ndarray, share: np.ndarray
) -> None:
    """What a slab of variance t^2 (`square`) and share `part` needs to know of every edge.

    With g the edge's curvature over the noise variance (`own` times `over`): t^2 / (2 (1 + t^2 g)) into `pull`, the
    prior odds over sqrt(1 + t^2 g) into `share`.
    """
    one = np.float32(1.0)
    for j in range(len(own)):
        spread = one + square * own[j] * over
        pull[j] = np.float32(0.5) * square / spread
        share[j] = odds[j] * part / np.sqrt(spread)


@compiled(fastmath=NO_NAN, inner=True)
def add_odds(
    residual: np.ndarray, pull: np.ndarray, share: np.ndarray, closed: np.ndarray, over: Any, out: np.ndarray
) -> Any:
    """Add the posterior odds of closed edges that that come of one slab; how many have more evidence than `STRONG`.

    Single precision, and :math:`e^x = (e^{x/16})^{16}` by its series up to the sixth power: to 3e-5 of itself up to
    8 nats, above which a caller has to look at each edge.
    """
    one, strong = np.float32(1.0), np.float32(0.0)
    for j in range(len(out)):
        r = np.float32(residual[j] * over)
        x = r * r * pull[j] * closed[j]
        # A sum is taken by vector units, a largest value is not.
        strong += one if x > STRONG else np.float32(0.0)
        x = (x if x < STRONG else STRONG) * np.float32(1.0 / 16.0)
        e = np.float32(1.0 / 24.0) + x * (np.float32(1.0 / 120.0) + x * np.float32(1.0 / 720.0))
        e = one + x * (one + x * (np.float32(0.5) + x * (np.float32(1.0 / 6.0) + x * e)))
        e *= e
        e *= e
        e *= e
        e *= e
        out[j] += closed[j] * share[j] * e
    return strong


@compiled(fastmath=NO_NAN, inner=True)
def sum_of(odds: np.ndarray) -> Any:
    """Their sum."""
    out = np.float32(0.0)
    for j in range(len(odds)):
        out += odds[j]
    return out


@compiled(fastmath=NO_NAN, inner=True)
def record_odds(odds: np.ndarray, probability: np.ndarray) -> None:
    """Add probabilities, o / (1 + o)."""
    one = np.float32(1.0)
    for j in range(len(odds)):
        probability[j] += odds[j] / (one + odds[j])


# Slices would cost more than the arithmetic on one edge, hence whole arrays and a position j.


@compiled(inner=True)
def odds_of(square: float, j: int, pull: np.ndarray, share: np.ndarray, terms: np.ndarray) -> float:
    """Posterior odds of edge j over exp(`excess_of`); `terms` gets what each slab adds.

    `square` is r^2, r the edge's correlation with what the other edges leave over the noise variance; `pull` and
    `share` as `prepare_slab` made them.
    """
    beyond = excess_of(square, j, pull)
    total = 0.0
    for k in range(len(pull)):
        terms[k] = share[k, j] * np.exp(square * pull[k, j] - beyond)
        total += terms[k]
    return total


@compiled(inner=True)
def excess_of(square: float, j: int, pull: np.ndarray) -> float:
    """By how many nats the evidence exceeds what a float can hold well; mostly 0."""
    widest = 0.0
    for k in range(len(pull)):
        widest = max(widest, float(pull[k, j]))
    return max(square * widest - _MOST, 0.0)


@compiled(inner=True)
def draw_weight(
    r: float, j: int, pull: np.ndarray, terms: np.ndarray, total: float, state: np.ndarray, usage: np.ndarray
) -> float:
    """A weight from the slab mixture's conditional."""
    u = uniform(state) * total
    k = 0
    cumulated = terms[0]
    while u > cumulated and k < len(pull) - 1:
        k += 1
        cumulated += terms[k]
    usage[k] += 1.0
    variance = 2.0 * pull[k, j]
    out: float = variance * r + np.sqrt(variance) * normal(state)
    return out


@compiled(inner=True)
def mean_weight(r: float, j: int, pull: np.ndarray, terms: np.ndarray, total: float) -> float:
    """Mean of the weight given that the gate is open."""
    mean = 0.0
    for k in range(len(pull)):
        mean += terms[k] / total * 2.0 * pull[k, j] * r
    return mean

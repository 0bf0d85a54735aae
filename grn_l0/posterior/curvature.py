"""Curvature of the production: squares and products of a target's likely regulators, by their evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from grn_l0._typing import Float, Int, ndarray

#: Prior variance of the coefficients over the noise variance: what the evidence chooses among, besides 0.
_LEVELS = np.array([0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 1e4])

#: At most this many regulators of a target are multiplied with each other, and so many products come of it.
_PARENTS = 6
MOST = _PARENTS * (_PARENTS + 1) // 2

#: Directions of the coefficients' space count of which the data tell this share of the prior variance or more.
_TOLD = 1e-3

#: Regulators less likely than this take no part; nats that any curvature must bring.
LIKELY, _COST = 0.3, 2.0


@dataclass(frozen=True, eq=False)
class Curvature:
    """What curvature explains of one target.

    `factor` (k, rows): the target's whitened rows have precision ``1 - factor' factor`` once the coefficients are
    integrated out. `production` per design (series, grid): its expected contribution.
    """

    factor: Float[ndarray, "pairs rows"]
    production: list[Float[ndarray, "series grid"]]


def curvature_of(
    states: list[Float[ndarray, "series grid regulators"]],
    likely: Int[ndarray, " some"],
    weight: Float[ndarray, " some"],
    responses: Callable[[list[Float[ndarray, "series grid pairs"]]], Float[ndarray, "rows pairs"]],
    residual: Float[ndarray, " rows"],
    freedom: float,
) -> Curvature | None:
    r"""Second-order terms of one target's production, None where the data do not speak for any.

    .. math:: F(x) = \sum_j w_j x_j + \sum_{a \le b} \gamma_{ab} x_a x_b, \quad
        \gamma_{aa} \sim N(0, \tau^2 w_a^4), \quad \gamma_{ab} \sim N(0, 4 \tau^2 w_a^2 w_b^2) \quad (a < b)

    A product of two regulators stands for both entries of the symmetric matrix, hence the 4. A smooth function of a
    linear index has second-order coefficients in proportion to :math:`w_a w_b`, and so have AND and OR.
    :math:`\tau^2` is chosen by the marginal likelihood of `residual`, the noise variance profiled.

    Parameters
    ----------
    states
        Centred states of the R regulators, per design.
    likely, weight
        Positions of this target's likely regulators (more so than `LIKELY`), and their weights.
    responses
        Takes productions on the grid to whitened rows.
    residual
        The target's whitened rows minus what the linear terms explain.
    freedom
        How many independent values these rows hold: fewer than rows where fixed effects were projected out or values
        are missing.
    """
    if len(likely) == 0:
        return None
    strongest = np.argsort(-np.abs(weight), kind="stable")[:_PARENTS]
    first, second = np.array(list(combinations_with_replacement(strongest, 2))).T
    size = np.abs(weight[first] * weight[second]) * np.where(first == second, 1.0, 2.0)
    a, b = likely[first], likely[second]
    products = [x[:, :, a] * x[:, :, b] * size for x in states]
    z = responses(products)
    value, vector = np.linalg.eigh(z.T @ z)
    value = np.maximum(value, 0.0)
    along = vector.T @ (z.T @ residual)
    whole = float(residual @ residual)
    left = whole - (_LEVELS[:, None] / (1.0 + np.outer(_LEVELS, value)) * along**2).sum(axis=1)
    evidence = -0.5 * np.log1p(np.outer(_LEVELS, value)).sum(axis=1)
    evidence -= 0.5 * freedom * np.log(np.maximum(left / max(whole, 1e-300), 1e-300))
    best = int(np.argmax(evidence))
    if evidence[best] < _COST:
        return None
    shrink = _LEVELS[best] / (1.0 + _LEVELS[best] * value)
    coefficient = vector @ (shrink * along)
    # Directions of which nearly nothing is known change nearly nothing.
    told = shrink * value > _TOLD
    return Curvature((np.sqrt(shrink[told])[:, None] * vector[:, told].T) @ z.T, [p @ coefficient for p in products])

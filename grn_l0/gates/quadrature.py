"""Where the moments of gates are summed: z is between 0 and 1, and E[z^k] an integral of P(z > y) over it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from torch import Tensor

_legendre = np.polynomial.legendre.leggauss(48)
#: Nodes in (0, 1) and weights that add up to 1; 48 give 1e-9 for the published stretch and log alpha in [-12, 12], and
#: 1e-4 or better for a stretch of a thousandth or errors of a hundredth.
NODES, WEIGHTS = (_legendre[0] + 1) / 2, _legendre[1] / 2


def moment(open_beyond: Callable[[float], Tensor], power: int, stretch: tuple[float, float, float]) -> Tensor:
    """E[z^k]: the integral over y in 0..1 of k y^(k-1) P(z > y).

    Parameters
    ----------
    open_beyond
        P(z > y) of every gate, given beta log((y - gamma) / (zeta - y)).
    power
        k.
    stretch
        beta, gamma and zeta.
    """
    beta, gamma, zeta = stretch
    terms = (
        float(weight * power * node ** (power - 1)) * open_beyond(beta * math.log((node - gamma) / (zeta - node)))
        for node, weight in zip(NODES, WEIGHTS, strict=True)
    )
    total = next(terms)
    for term in terms:
        total = total + term
    return total

"""Production families of simulated systems other than logic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from grn_l0._typing import Float, ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearProduction:
    r""":math:`f_i(x) = b_i + \sum_j w_{ji} (x_j - c)`.

    Attributes
    ----------
    weights
        w, regulators x targets, shape (N, N).
    offset
        b, shape (N,).
    center
        c, the state at which production is b.
    """

    weights: Float[ndarray, "genes genes"]
    offset: Float[ndarray, " genes"]
    center: float = 0.5

    def __call__(self, x: Float[ndarray, "states genes"]) -> Float[ndarray, "states genes"]:
        """Production at each state."""
        return np.asarray(self.offset + (x - self.center) @ self.weights)


@dataclass(frozen=True, kw_only=True, eq=False)
class LogisticProduction:
    r""":math:`f_i(x) = a_i \, \sigma(g_i(x))`, g linear.

    Attributes
    ----------
    argument
        g.
    maximum
        a, shape (N,).
    """

    argument: LinearProduction
    maximum: Float[ndarray, " genes"]

    def __call__(self, x: Float[ndarray, "states genes"]) -> Float[ndarray, "states genes"]:
        """Production at each state."""
        return np.asarray(self.maximum * expit(self.argument(x)))

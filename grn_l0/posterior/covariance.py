"""A dictionary of covariances: how a gene's trajectories may differ from what the model says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.response import Design, convolution

LEVELS = np.array([0.0, 0.1, 0.3, 1.0, 3.0, 10.0])


@dataclass(frozen=True, eq=False)
class Kinds:
    r"""Candidate noise models, one per entry; genes choose among them.

    The residual of a trajectory of gene i has covariance
    :math:`v_i\,(D + x\,ee' + c\,(1-e)(1-e)' + q\,K_d)`, e = exp(-d t): measurement noise D, initial states that
    differ, production that is off by a constant, production noise seen through the response of rate d. Each
    component is scaled to unit mean diagonal. `rate_index` is -1 for a gene that never changes (d = 0).
    """

    rates: Float[ndarray, " rates"]
    rate_index: Int[ndarray, " kinds"]
    initial: Float[ndarray, " kinds"]
    offset: Float[ndarray, " kinds"]
    drift: Float[ndarray, " kinds"]

    def __len__(self) -> int:
        return len(self.rate_index)

    def rate(self, kind: int) -> float:
        """d of this kind, 0 for a constant gene."""
        index = self.rate_index[kind]
        return float(self.rates[index]) if index >= 0 else 0.0


def dictionary(rates: Float[ndarray, " rates"], n_series: int) -> Kinds:
    """All combinations that this number of series can tell apart.

    One series says nothing on how initial states or offsets differ between series. The initial level is stepped by 2
    where there are enough series to estimate it: a coarse grid ruins the denoising of constant genes.
    """
    if n_series == 1:
        initial, offset = np.array([0.0]), np.array([0.0])
    else:
        initial = np.geomspace(0.03, 300.0, 14 if n_series >= 30 else 8)
        offset = LEVELS
    axes = np.meshgrid(np.arange(len(rates)), initial, offset, LEVELS, indexing="ij")
    index, x, c, q = (a.ravel() for a in axes)
    constant = np.concatenate([[0.0], initial]) if n_series > 1 else np.array([0.0])
    pad = np.zeros(len(constant))
    return Kinds(
        rates,
        np.concatenate([index, np.full(len(constant), -1)]).astype(int),
        np.concatenate([x, constant]),
        np.concatenate([c, pad]),
        np.concatenate([q, pad]),
    )


@dataclass(frozen=True, eq=False)
class Basis:
    """What one rate means on one design: response and covariance components on the grid, scaled at the times."""

    design: Design
    response: Float[ndarray, "grid grid"]
    means: Float[ndarray, "grid effects"]  # e and 1 - e; a single column of ones for a constant gene
    initial: Float[ndarray, "grid grid"]
    offset: Float[ndarray, "grid grid"]
    drift: Float[ndarray, "grid grid"]

    def state_covariance(
        self, x: float | Float[ndarray, " some"], c: float | Float[ndarray, " some"], q: float | Float[ndarray, " some"]
    ) -> Float[ndarray, "*some grid grid"]:
        """Covariance of the true state around the model, in units of v; of each of several levels."""
        return self._at(slice(None), x, c, q)

    def covariance(
        self, x: float | Float[ndarray, " some"], c: float | Float[ndarray, " some"], q: float | Float[ndarray, " some"]
    ) -> Float[ndarray, "*some times times"]:
        """Covariance of the measurements around the model, in units of v; of each of several levels."""
        at = self.design.at
        out: Float[ndarray, "*some times times"] = np.diag(self.design.variance) + self._at(np.ix_(at, at), x, c, q)
        return out

    def _at(self, where: Any, *levels: float | Float[ndarray, " some"]) -> Float[ndarray, "*some rows columns"]:
        parts = (c[where] for c in (self.initial, self.offset, self.drift))
        x, c, q = (np.asarray(level)[..., None, None] * part for level, part in zip(levels, parts, strict=True))
        out: Float[ndarray, "*some rows columns"] = x + c + q
        return out


def basis(design: Design, rate: float, correlation_time: float) -> Basis:
    """Components for `rate`; production noise is white (`correlation_time` 0) or an Ornstein-Uhlenbeck process."""
    grid = design.grid
    zero = np.zeros((len(grid), len(grid)))
    if rate == 0.0:
        return Basis(design, zero, np.ones((len(grid), 1)), np.ones_like(zero) * design.variance.mean(), zero, zero)
    if design.steady:
        # At rest the response is the production itself, and nothing is left of where it began.
        one = np.ones((1, 1))
        unit = one * design.variance.mean()
        return Basis(design, one, np.array([[0.0, 1.0]]), zero, unit, unit)
    decay = np.exp(-rate * grid)
    gap = np.abs(grid[:, None] - grid[None, :])
    response = convolution(grid, rate)
    if correlation_time > 0:
        drift = response @ np.exp(-gap / correlation_time) @ response.T
    else:
        drift = np.exp(-rate * gap) - np.outer(decay, decay)
    return Basis(
        design,
        response,
        np.stack([decay, 1.0 - decay], axis=1),
        _scaled(np.outer(decay, decay), design),
        _scaled(np.outer(1.0 - decay, 1.0 - decay), design),
        _scaled(drift, design),
    )


def _scaled(component: Float[ndarray, "grid grid"], design: Design) -> Float[ndarray, "grid grid"]:
    """Unit mean diagonal at the measured times, relative to the measurement noise."""
    out: Float[ndarray, "grid grid"] = component * (design.variance.mean() / np.diag(component)[design.at].mean())
    return out

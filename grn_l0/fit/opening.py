"""How gates are opened without a posterior: mean field over all of them, or pursuit of one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit

from grn_l0._typing import Array, Bool, Float
from grn_l0.fit.pricing import asked_price
from grn_l0.fit.pursuit import Regressions, gradient_pursuit
from grn_l0.fit.sparse import Opening, SparseConfig
from grn_l0.gates import DiffPrune, HardConcrete
from grn_l0.sparsity import EmpiricalBayes, Penalty, beta_binomial_fit

_SWEEPS = 40
_PSEUDO = 10.0  # pseudo-observations of the residual variance, at a hundredth of the total variance


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """Inclusion and slope (R, N), curvature (R, N), penalty (R, N) or (R, 1), residual variance (N,); standardised."""

    inclusion: Array
    slope: Array
    curvature: Array
    penalty: Array
    variance: Array


def open_gates(
    x: Float[Array, "rows regulators"],
    y: Float[Array, "rows genes"],
    allowed: Bool[Array, "regulators genes"],
    sparse: SparseConfig,
    *,
    slab: float,
    by: Opening,
) -> Found:
    """Gates of the regression of `y` on `x`, at the price that `sparse` asks for, or at learned ones.

    A density is kept later, over all targets together (`Pricing`): gates are opened at learned prices then.
    """
    return _mean_field(x, y, allowed, sparse, slab) if by == "mean-field" else _pursue(x, y, allowed, sparse, slab)


def _mean_field(
    x: Float[Array, "rows regulators"],
    y: Float[Array, "rows genes"],
    allowed: Bool[Array, "regulators genes"],
    sparse: SparseConfig,
    slab: float,
) -> Found:
    r"""Spike and slab by mean field.

    .. math:: P_{ji} = \sigma(\tfrac12 \log(V/\tau^2) + \tfrac12 r^2 V - \lambda_{ji}), \quad V = (g + \tau^{-2})^{-1}

    Where r is the correlation with what the other edges leave over and g the curvature. lambda is learned per regulator
    by `beta_binomial_fit`, or a price that was asked for.
    """
    gram, cross, power = x.T @ x, x.T @ y, (y**2).sum(0)
    rows = len(x)
    own = np.diag(gram)[:, None]
    variance = power / max(rows, 1) + 1e-12
    prior = variance.copy()
    slope, inclusion, gain = np.zeros_like(cross), np.zeros_like(cross), np.zeros_like(cross)
    mean, spread = np.zeros_like(cross), np.zeros_like(cross)
    price = _price(allowed, sparse, rows, slab, own)
    penalty = price(inclusion, gain, variance)
    for sweep in range(_SWEEPS):
        for j in range(len(gram)):
            r = (cross[j] - gram[j] @ mean + gram[j, j] * mean[j]) / variance
            v = 1 / (gram[j, j] / variance + slab**-2)
            gain[j] = 0.5 * np.log(v / slab**2) + 0.5 * r**2 * v
            inclusion[j] = expit(gain[j] - penalty[j]) * allowed[j]
            slope[j] = r * v
            mean[j] = inclusion[j] * slope[j]
            spread[j] = inclusion[j] * (v + slope[j] ** 2) - mean[j] ** 2
        left = power - 2 * (mean * cross).sum(0) + (mean * (gram @ mean)).sum(0) + (spread * own).sum(0)
        variance = (np.maximum(left, 0) + 0.01 * _PSEUDO * prior) / (rows + _PSEUDO) + 1e-12
        if sweep % 5 == 4:
            penalty = price(inclusion, gain, variance)
    return Found(inclusion=inclusion, slope=slope, curvature=own / variance, penalty=penalty, variance=variance)


def _price(
    allowed: Bool[Array, "regulators genes"], sparse: SparseConfig, rows: int, slab: float, own: Array
) -> Callable[[Array, Array, Array], Array]:
    """The penalty, (R, 1) or (R, N), given inclusion, gains and residual variances."""
    n_allowed = allowed.sum(1).astype(np.float64)
    shape = [0.1, 20.0]

    def learned(inclusion: Array, gain: Array, variance: Array) -> Array:
        if not gain.any():  # before the first sweep
            return np.full((len(allowed), 1), np.log(shape[1] / shape[0]))
        n_open = inclusion.sum(1)
        shape[:] = beta_binomial_fit(n_open, n_allowed, start=(shape[0], shape[1]))
        return np.asarray((np.log(np.maximum(n_allowed - n_open, 0) + shape[1]) - np.log(n_open + shape[0]))[:, None])

    def asked(inclusion: Array, gain: Array, variance: Array) -> Array:
        # what a weight costs by itself comes off the price
        occam = 0.5 * np.log1p(slab**2 * own / variance)
        return np.asarray(asked_price(sparse, np.full(allowed.shape[1], rows), allowed.sum(0)) - occam)

    return asked if sparse.priced else learned


def _pursue(
    x: Float[Array, "rows regulators"],
    y: Float[Array, "rows genes"],
    allowed: Bool[Array, "regulators genes"],
    sparse: SparseConfig,
    slab: float,
) -> Found:
    tensor = torch.from_numpy
    gram, power = x.T @ x, (y**2).sum(0)
    data = Regressions(gram=tensor(gram), cross=tensor(x.T @ y), power=tensor(power), rows=len(x))
    candidates, own = tensor(allowed), np.diag(gram)[:, None]
    if sparse.priced:
        price = asked_price(sparse, np.full(y.shape[1], len(x)), allowed.sum(0))
        sparsity: EmpiricalBayes | Penalty = Penalty(tensor(np.broadcast_to(price, allowed.shape).copy()))
    else:
        sparsity = EmpiricalBayes(candidates)
    make = DiffPrune.from_probability if sparse.gate == "diffprune" else HardConcrete.from_probability
    found = gradient_pursuit(data, candidates, sparsity, slab=slab, make=make, occam=not sparse.priced)
    noise = found.variance.numpy()
    return Found(
        inclusion=expit(found.evidence.numpy()),
        slope=found.weight.numpy(),
        curvature=own / noise,
        penalty=_learned_or_asked(sparsity, sparse, own / noise, slab),
        variance=noise,
    )


def _learned_or_asked(
    sparsity: EmpiricalBayes | Penalty, sparse: SparseConfig, curvature: Array, slab: float
) -> Float[Array, "regulators genes"]:
    """The penalty beside what a weight costs by itself."""
    price: Array = np.broadcast_to(sparsity.lambdas.numpy(), curvature.shape)
    return price - 0.5 * np.log1p(slab**2 * curvature) if sparse.priced else price

"""Where gates start without a posterior: opened by mean-field updates on the linear problem, no sampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit

from grn_l0._typing import Array, Bool, Float, Int
from grn_l0.fit.pricing import asked_price
from grn_l0.fit.pursuit import Regressions, gradient_pursuit
from grn_l0.fit.smooth import Pieces, constant_genes, filled, smooth
from grn_l0.fit.sparse import SparseConfig
from grn_l0.gates import DiffPrune, HardConcrete
from grn_l0.posterior.start import Covariance, Inputs, Start
from grn_l0.sparsity import AbstractSparsity, EmpiricalBayes, L0Constraint, Penalty, beta_binomial_fit
from grn_l0.timeseries import TimeSeries

_SLAB = 0.5  # prior standard deviation of a standardised weight
_SWEEPS = 40
_CEILING = 0.85
_SMALL = 2500  # with fewer candidate edges all gates are trained, whatever their evidence
_PSEUDO = 10.0  # pseudo-observations of the residual variance, at the total variance


@dataclass(frozen=True, kw_only=True, eq=False)
class _MeanField:
    """Inclusion and slope (R, N), curvature (R, N), penalty (R, 1), residual variance (N,); standardised."""

    inclusion: Array
    slope: Array
    curvature: Array
    penalty: Array
    variance: Array


def scratch_start(
    series: TimeSeries, regulators: Int[Array, " regulators"], sparse: SparseConfig | None = None
) -> Start:
    r"""Gates, weights and rates from least squares, so that gates can be trained without a posterior.

    For each of seven rates d, shared by all genes: every trajectory (of long ones, every interval) is written as
    x0 exp(-dt) + integral of d exp(-d(t-u)) f(u) du, with f linear in the smoothed regulators; the initial state
    and the offset are projected out; spike and slab by mean field, with a penalty per regulator learned by
    `beta_binomial_fit`. Each gene takes the rate with the smallest residual variance.

    .. math:: P_{ji} = \sigma(\tfrac12 \log(V/\tau^2) + \tfrac12 r^2 V - \lambda_j)

    Where r is the correlation with what the other edges leave over, V = 1 / (g + 1 / tau^2), g the curvature.

    Parameters
    ----------
    series
        S trajectories of N genes.
    regulators
        Positions of the R candidate regulators.

    Returns
    -------
    A start in expression units; effects of stimuli start from 0. Small systems keep every gate open enough to be
    trained.
    """
    sparse = SparseConfig() if sparse is None else sparse
    n = series.n_genes
    values = filled(series)
    allowed = regulators[:, None] != np.arange(n)[None, :]
    gap = np.diff(series.times, axis=1)
    rates = np.geomspace(0.1, 3.0, 7) / float(np.median(gap[np.isfinite(gap)]))
    states, noise, initial = smooth(series, values, rates)
    constant = constant_genes(series, values, noise)
    weights = np.asarray(series.weights)
    single = noise * np.sqrt(weights[weights > 0].mean())  # of a measurement of weight 1
    mean = np.nanmean(states, axis=(0, 1))
    sd = np.sqrt(np.nanmean((states - mean) ** 2, axis=(0, 1)))
    sd = np.where(sd > 0, sd, 1.0)
    standard = (states - mean) / sd

    found: list[_MeanField] = []
    offsets: list[Array] = []
    for rate in rates:
        pieces = Pieces.cut(series, (values - mean) / sd, standard, rate)
        fitted = _search(pieces.features[:, regulators], pieces.targets, allowed & ~constant[None, :], sparse)
        found.append(fitted)
        offsets.append(pieces.offset(fitted.inclusion * fitted.slope, regulators))
    best = np.argmin([f.variance for f in found], axis=0)
    inclusion = _pick(best, [f.inclusion for f in found])
    penalty = _pick(best, [np.broadcast_to(f.penalty, f.slope.shape) for f in found])
    # mean field is sure of itself even where the smoothed states mislead it; gates must be able to close again
    inclusion = np.minimum(inclusion, _CEILING)
    if allowed.sum() <= _SMALL:
        inclusion = np.where(allowed & ~constant[None, :], np.maximum(inclusion, 0.05), 0.0)
    scale = sd[None, :] / sd[regulators][:, None]
    offset = _pick(best, [o[None] for o in offsets])[0]
    return Start(
        inclusion=inclusion,
        weight=_pick(best, [f.slope for f in found]) * scale,
        center=mean[regulators],
        offset=mean + sd * offset,
        rate=np.where(constant, 0.0, rates[best]),
        initial=initial,
        states=states,
        noise=single,
        penalty=np.where(allowed, penalty, np.inf),
        curvature=_pick(best, [f.curvature for f in found]) / scale**2,
        slab=_SLAB * scale,
        covariances=_independent(series, single),
        inputs=None if series.stimuli is None else _stimuli(series, _SLAB * sd),
    )


def _stimuli(series: TimeSeries, width: Float[Array, " genes"]) -> Inputs:
    shape = (series.n_stimuli, series.n_genes)
    return Inputs(
        names=series.stimulus_names,
        effect=np.zeros(shape),
        width=np.broadcast_to(width, shape),
        level=np.asarray(series.stimuli)[:, :-1],
    )


def _pick(best: Int[Array, " genes"], arrays: list[Array]) -> Array:
    """Gene i from the array of its own rate; shape (rows, N)."""
    chosen: Array = np.stack(arrays)[best, :, np.arange(len(best))].T
    return chosen


def _search(x: Array, y: Array, allowed: Array, sparse: SparseConfig) -> _MeanField:
    import os

    if os.environ.get("MF") and sparse == SparseConfig():
        return _mean_field(x, y, allowed)
    return _pursue(x, y, allowed, sparse)


def _mean_field(
    x: Float[Array, "rows regulators"], y: Float[Array, "rows genes"], allowed: Bool[Array, "regulators genes"]
) -> _MeanField:
    gram, cross, power = x.T @ x, x.T @ y, (y**2).sum(0)
    rows = len(x)
    own = np.diag(gram)[:, None]
    variance = power / max(rows, 1) + 1e-12
    prior = variance.copy()
    slope, inclusion = np.zeros_like(cross), np.zeros_like(cross)
    mean, spread = np.zeros_like(cross), np.zeros_like(cross)
    a, b = 0.1, 20.0
    n_allowed = allowed.sum(1).astype(np.float64)
    penalty = np.full((len(gram), 1), np.log(b / a))
    for sweep in range(_SWEEPS):
        for j in range(len(gram)):
            r = (cross[j] - gram[j] @ mean + gram[j, j] * mean[j]) / variance
            v = 1 / (gram[j, j] / variance + _SLAB**-2)
            gain = 0.5 * np.log(v / _SLAB**2) + 0.5 * r**2 * v
            inclusion[j] = expit(gain - penalty[j]) * allowed[j]
            slope[j] = r * v
            mean[j] = inclusion[j] * slope[j]
            spread[j] = inclusion[j] * (v + slope[j] ** 2) - mean[j] ** 2
        left = power - 2 * (mean * cross).sum(0) + (mean * (gram @ mean)).sum(0) + (spread * own).sum(0)
        variance = (np.maximum(left, 0) + 0.01 * _PSEUDO * prior) / (rows + _PSEUDO) + 1e-12
        if sweep % 5 == 4:
            n_open = inclusion.sum(1)
            a, b = beta_binomial_fit(n_open, n_allowed, start=(a, b))
            penalty = (np.log(np.maximum(n_allowed - n_open, 0) + b) - np.log(n_open + a))[:, None]
    return _MeanField(inclusion=inclusion, slope=slope, curvature=own / variance, penalty=penalty, variance=variance)


def _pursue(
    x: Float[Array, "rows regulators"],
    y: Float[Array, "rows genes"],
    allowed: Bool[Array, "regulators genes"],
    sparse: SparseConfig,
) -> _MeanField:
    data = Regressions(
        gram=torch.from_numpy(x.T @ x),
        cross=torch.from_numpy(x.T @ y),
        power=torch.from_numpy((y**2).sum(0)),
        rows=len(x),
    )
    candidates, variance = torch.from_numpy(allowed), (y**2).sum(0) / max(len(x), 1) + 1e-12
    own = np.diag(x.T @ x)[:, None]
    sparsity: AbstractSparsity
    if sparse.sparsity == "constraint" and sparse.density is not None:
        sparsity = L0Constraint(sparse.density, allowed=candidates, rate=sparse.dual_rate / sparse.density)
    elif sparse.priced:
        # what the pursuit asks for a weight by itself comes off the price
        occam = 0.5 * np.log1p(_SLAB**2 * own / variance)
        price = asked_price(sparse, np.full(y.shape[1], len(x)), len(allowed))
        sparsity = Penalty(torch.from_numpy(price - occam))
    else:
        sparsity = EmpiricalBayes(candidates)
    make = DiffPrune.from_probability if sparse.gate == "diffprune" else HardConcrete.from_probability
    found = gradient_pursuit(data, candidates, sparsity, slab=_SLAB, make=make)
    noise = found.variance.numpy()
    return _MeanField(
        inclusion=found.probability.numpy(),
        slope=found.weight.numpy(),
        curvature=own / noise,
        penalty=np.broadcast_to(sparsity.lambdas.numpy(), allowed.shape),
        variance=noise,
    )


def _independent(series: TimeSeries, noise: Float[Array, " genes"]) -> tuple[Covariance, ...]:
    # series with the same times and weights share a covariance; here it is white
    groups: dict[bytes, list[int]] = {}
    weights = np.asarray(series.weights)
    for s, row in enumerate(series.times):
        groups.setdefault(row.tobytes() + weights[s].tobytes(), []).append(s)
    precision = 1 / np.maximum(noise, 1e-12)
    out = []
    for group in groups.values():
        size = np.sqrt(weights[group[0], : int(series.lengths[group[0]])])
        out.append(Covariance(series=np.array(group), whitener=precision[:, None, None] * np.diag(size)))
    return tuple(out)

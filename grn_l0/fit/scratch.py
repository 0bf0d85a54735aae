"""Where gates start without a posterior: opened on the linear problem, without sampling."""

from __future__ import annotations

from typing import get_args

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Float, Int
from grn_l0.fit.opening import Found, open_gates
from grn_l0.fit.smooth import Pieces, constant_genes, filled, smooth
from grn_l0.fit.sparse import Opening, SparseConfig
from grn_l0.posterior.start import Covariance, Inputs, Start
from grn_l0.timeseries import TimeSeries

_SLAB = 0.5  # prior standard deviation of a standardised weight
_CEILING = 0.85
_SMALL = 2500  # with fewer candidate edges all gates are trained, whatever their evidence


def scratch_start(
    series: TimeSeries,
    regulators: Int[Array, " regulators"],
    sparse: SparseConfig | None = None,
    *,
    by: Opening = "mean-field",
) -> Start:
    r"""Gates, weights and rates from least squares, so that gates can be trained without a posterior.

    For each of seven rates d, shared by all genes: every trajectory (of long ones, every interval) is written as
    x0 exp(-dt) + integral of d exp(-d(t-u)) f(u) du, with f linear in the smoothed regulators; the initial state
    and the offset are projected out; spike and slab by mean field, with a penalty per regulator learned by
    `beta_binomial_fit`. Each gene takes the rate with the smallest residual variance.

    Parameters
    ----------
    series
        S trajectories of N genes.
    regulators
        Positions of the R candidate regulators.
    sparse
        What an open gate costs; by default a penalty per regulator that is learned.
    by
        How gates are opened.

    Returns
    -------
    A start in expression units; effects of stimuli start from 0. Small systems keep every gate open enough to be
    trained.
    """
    sparse = SparseConfig() if sparse is None else sparse
    if by not in get_args(Opening):
        raise OptionError(f"gates are opened by {' or '.join(map(repr, get_args(Opening)))}, not {by!r}")
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

    found: list[Found] = []
    offsets: list[Array] = []
    for rate in rates:
        pieces = Pieces.cut(series, (values - mean) / sd, standard, rate)
        fitted = open_gates(
            pieces.features[:, regulators], pieces.targets, allowed & ~constant[None, :], sparse, slab=_SLAB, by=by
        )
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

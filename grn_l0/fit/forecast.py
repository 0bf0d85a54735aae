"""Predictions of a fitted model beside the two floors, persistence and gene mean."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch

from grn_l0._errors import DivergenceError, GrnWarning, NameMatchError, OptionError, nearest
from grn_l0._typing import Array, Float
from grn_l0.dynamics import AbstractDynamics
from grn_l0.fit.context import Flow, Known, with_context
from grn_l0.fit.drive import Outside, Stimuli
from grn_l0.fit.hold import HeldState, Hold
from grn_l0.fit.state import Knowledge, State, state_of
from grn_l0.solve import AbstractSolver
from grn_l0.timeseries import TimeSeries

Measurement = Literal["auto", "exact", "present", "noisy"]
Gates = Literal["hard", "expected"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """Predicted expression and its mean squared error, in expression units.

    Attributes
    ----------
    genes
        Names of the N genes, in the order of the arrays.
    one_step
        Shape (S, T, N): x(t_k) predicted from the measurement at t_{k-1}; the measurement itself at the first
        time, NaN in the padding.
    full
        Shape (S, T, N): the whole trajectory from the first measurement.
    mse_one_step, mse_full
        Mean over the measured values after the first time of each trajectory, without genes that were held; infinite
        if the model diverges.
    mse_persistence, mse_gene_mean
        The same entries predicted by the last measurement, and by the gene's mean in the training data.
    """

    genes: tuple[str, ...]
    one_step: Float[Array, "series times genes"]
    full: Float[Array, "series times genes"]
    mse_one_step: float
    mse_full: float
    mse_persistence: float
    mse_gene_mean: float

    def __repr__(self) -> str:
        series, times, genes = self.full.shape
        figures = ", ".join(
            f"{name}={getattr(self, name):.4g}"
            for name in ("mse_one_step", "mse_full", "mse_persistence", "mse_gene_mean")
        )
        return f"Forecast({series} trajectories x {times} times x {genes} genes, {figures})"


def positions(series: TimeSeries, genes: tuple[str, ...]) -> list[int]:
    """Where the model's genes are in `series`; genes that the model does not know are left out.

    Raises
    ------
    NameMatchError
        If a gene of the model is not in the series.
    """
    position = {g: i for i, g in enumerate(series.genes)}
    missing = [g for g in genes if g not in position]
    if missing:
        raise NameMatchError(
            f"{len(missing)} of the model's {len(genes)} genes are not in the data, such as {missing[0]!r}"
            f"{nearest(missing[0], series.genes)}; give expression of the genes that the model was trained on"
        )
    return [position[g] for g in genes]


def make_forecast(
    series: TimeSeries,
    *,
    genes: tuple[str, ...],
    model: AbstractDynamics,
    solver: AbstractSolver,
    knowledge: Knowledge,
    measurement: Measurement = "exact",
    context: TimeSeries | None = None,
    stimuli: Stimuli | None = None,
    outside: Outside | None = None,
    hold: Mapping[str, float] | None = None,
    device: torch.device | None = None,
) -> Forecast:
    """Predict every measured time from the one before, and each trajectory from its beginning.

    A missing value is replaced by its own prediction (at the first time by the gene's mean).

    Parameters
    ----------
    series
        What is forecast.
    genes, model, solver
        The model.
    knowledge
        What training says about states beyond the dynamics.
    measurement
        See `FitResult.forecast`.
    context
        Other measurements of the same trajectories. See `FitResult.forecast`.
    stimuli
        Effects of the stimuli whose levels stand in the series.
    outside
        What acts on the series, if that is known otherwise.
    hold
        See `FitResult.forecast`.
    device
        Where the model is solved; None for where it is.

    Raises
    ------
    OptionError
        For an unknown kind of measurement, a context that does not belong to the series, or one together with genes
        that are held.
    NameMatchError
        If genes of the model are missing, or a gene to be held is not one of them.
    """
    if measurement not in get_args(Measurement):
        raise OptionError(f"measurement must be one of {', '.join(get_args(Measurement))}, not {measurement!r}")
    if measurement == "auto":
        measurement = "exact" if knowledge.projection is None else "present"
    held = Hold.of(hold, genes)
    if held is not None and context is not None:
        raise OptionError("a context was measured with no gene held; leave out hold, or context")
    order = positions(series, genes)
    values, weights = series.values[:, :, order], np.where(np.isfinite(series.times), np.asarray(series.weights), 1.0)
    padding, seen = ~np.isfinite(series.times), np.isfinite(values)
    entries = seen & ~padding[:, :, None]
    entries[:, 0] = False
    if held is not None:  # their values are given, not forecast
        entries &= ~held.genes
    persistence = _persistence(values, knowledge.mean)
    acting = outside_of(series, order, stimuli) if outside is None else outside
    acting = acting if held is None else held.outside(acting, series.n_series)
    model = model.compact().to(device or model.log_rate.device)  # a copy, so the model itself stays where it is
    rate = model.rate.detach().double().cpu().numpy()
    if context is not None:
        known = _context(context, series, genes, stimuli)
        one_step, full = with_context(series, values, weights, known, knowledge, rate, flow_of(model, solver), acting)
    else:
        state: State = state_of(measurement, knowledge, acting.rate(rate), series.times, weights)
        state = state if held is None else HeldState(state, held)
        one_step, start = _steps(series, values, weights, state, flow_of(model, solver), acting)
        full = _solve(model, solver, start, series.times, acting)
    one_step[:, 0] = full[:, 0] = values[:, 0]
    if held is not None:
        one_step, full = held.put(one_step), held.put(full)
    for array in (one_step, full):
        array[padding] = np.nan
    if np.isinf(one_step).any() or np.isinf(full).any():
        warnings.warn(
            "the forecast leaves the finite numbers and is infinite from there on; the logistic family "
            "(FitConfig(families='logistic')) is bounded, and shorter steps may help",
            GrnWarning,
            stacklevel=3,
        )
    return Forecast(
        genes=genes,
        one_step=one_step,
        full=full,
        mse_one_step=_mse(one_step, values, entries),
        mse_full=_mse(full, values, entries),
        mse_persistence=_mse(persistence, values, entries),
        mse_gene_mean=_mse(np.broadcast_to(knowledge.mean, values.shape), values, entries),
    )


def _steps(
    series: TimeSeries, values: Array, weights: Array, state: State, flow: Flow, outside: Outside
) -> tuple[Float[Array, "series times genes"], Float[Array, "series genes"]]:
    """One-step forecasts, and the state at the first time."""
    start = at = state.first(values[:, 0], weights[:, 0])
    predicted = [values[:, 0]]
    for k in range(values.shape[1] - 1):
        step = np.nan_to_num(series.times[:, k + 1] - series.times[:, k])
        predicted.append(state.ahead(flow(at, step, *outside.after(k)), step))
        at = state.update(values[:, k + 1], weights[:, k + 1])
    return np.stack(predicted, axis=1), start


def _persistence(values: Float[Array, "series times genes"], mean: Float[Array, " genes"]) -> Array:
    """The last value measured before each time; the gene's mean where there is none."""
    last, out = np.broadcast_to(mean, values[:, 0].shape), [values[:, 0]]
    for k in range(values.shape[1] - 1):
        last = np.where(np.isfinite(values[:, k]), values[:, k], last)
        out.append(last)
    return np.stack(out, axis=1)


def outside_of(series: TimeSeries, order: list[int], stimuli: Stimuli | None) -> Outside:
    """What acts on these series: stimuli at their levels, and genes that are knocked out."""
    return Outside(
        drive=None if stimuli is None else stimuli.drive(series),
        held=None if series.knockouts is None else series.knockouts[:, order],
    )


def _context(context: TimeSeries, series: TimeSeries, genes: tuple[str, ...], stimuli: Stimuli | None) -> list[Known]:
    """The measurements of each trajectory that are known beforehand.

    Raises
    ------
    OptionError
        If a trajectory has none, or one at a time that is to be forecast.
    """
    place = {name: k for k, name in enumerate(context.trajectories)}
    if context.n_series == series.n_series == 1:
        place = {series.trajectories[0]: 0}
    order, out = positions(context, genes), list[Known]()
    values, outside = context.values[:, :, order], outside_of(context, order, stimuli)
    for s, name in enumerate(series.trajectories):
        if name not in place:
            raise OptionError(f"the context has no trajectory {name!r}; it has {', '.join(context.trajectories[:5])}")
        k = place[name]
        n = context.lengths[k]
        twice = np.intersect1d(context.times[k, :n], series.times[s])
        if len(twice):
            raise OptionError(f"the context of trajectory {name!r} holds time {twice[0]:g}, which is to be forecast")
        out.append((context.times[k, :n], values[k, :n], np.asarray(context.weights)[k, :n], outside.of(k, n)[0]))
    return out


def flow_of(model: AbstractDynamics, solver: AbstractSolver) -> Flow:
    """The states that the dynamics alone lead to."""

    def flow(state: Array, step: Array, drive: Array | None = None, held: Array | None = None) -> Array:
        acting = Outside(drive=None if drive is None else drive[:, None], held=held)
        return _solve(model, solver, state, np.stack([np.zeros_like(step), step], axis=1), acting)[:, -1]

    return flow


def _solve(
    model: AbstractDynamics,
    solver: AbstractSolver,
    state: Float[Array, "series genes"],
    times: Float[Array, "series times"],
    outside: Outside,
) -> Float[Array, "series times genes"]:
    dtype, device = model.log_rate.dtype, model.log_rate.device
    added = None if outside.drive is None else outside.drive[:, : times.shape[1] - 1]
    drive = None if added is None else torch.as_tensor(added, dtype=dtype, device=device)
    held = None if outside.held is None else torch.as_tensor(np.array(outside.held), device=device)
    x0, when = (torch.as_tensor(a, dtype=dtype, device=device) for a in (state, times - times[:, :1]))
    try:
        with torch.no_grad():
            states: Array = solver.solve(model, x0, when, drive=drive, held=held).double().cpu().numpy()
            return states
    except DivergenceError:
        return np.full((*times.shape, state.shape[1]), np.inf)


def _mse(a: Array, values: Array, entries: Array) -> float:
    if not entries.any():
        return float("nan")
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.mean((a[entries] - values[entries]) ** 2))

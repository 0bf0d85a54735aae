"""Predictions of a fitted model beside the two floors, persistence and gene mean."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from grn_l0._errors import DivergenceError, GrnWarning, NameMatchError, OptionError, nearest
from grn_l0._typing import Array, Float
from grn_l0.dynamics import AbstractDynamics
from grn_l0.solve import AbstractSolver
from grn_l0.timeseries import TimeSeries

Measurement = Literal["exact", "noisy"]


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
        Mean over the measured values after the first time of each trajectory; infinite if the model diverges.
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


def align(series: TimeSeries, genes: tuple[str, ...]) -> Float[Array, "series times genes"]:
    """Values of `series` in the order of `genes`; genes that the model does not know are left out.

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
    return series.values[:, :, [position[g] for g in genes]]


def make_forecast(
    series: TimeSeries,
    *,
    genes: tuple[str, ...],
    model: AbstractDynamics,
    solver: AbstractSolver,
    mean: Float[Array, " genes"],
    noise: Float[Array, " genes"],
    spread: Float[Array, " genes"],
    drift: Float[Array, " genes"],
    measurement: Measurement = "exact",
) -> Forecast:
    r"""Predict every measured time from the one before, and each trajectory from its beginning.

    A missing value is replaced by its own prediction (at the first time by the gene's mean). With
    ``measurement="noisy"`` the state that a step starts from is filtered from the measurements so far: gene by gene,
    :math:`P \leftarrow e^{-2 d \Delta} P + q \Delta` and gain :math:`P / (P + s^2)` (Kalman 1960), from the gene's mean
    and variance in the training data.

    Parameters
    ----------
    mean, spread
        Shape (N,): mean and standard deviation of each gene in the training data.
    noise, drift
        Shape (N,): s, standard deviation of a measurement of weight 1, and q, the variance that a state gathers per
        unit of time beyond the model.
    """
    if measurement not in ("exact", "noisy"):
        raise OptionError(f"measurement must be 'exact' or 'noisy', not {measurement!r}")
    values = align(series, genes)
    padding = ~np.isfinite(series.times)
    seen = np.isfinite(values)
    noisy = measurement == "noisy"
    size = (
        noise**2 / np.where(padding, 1.0, np.asarray(series.weights))[:, :, None]
        if noisy
        else np.zeros((*padding.shape, 1))
    )
    rate = model.rate.detach().double().numpy()
    variance = np.broadcast_to(spread**2, values[:, 0].shape)
    state, variance = _update(np.broadcast_to(mean, values[:, 0].shape), variance, values[:, 0], size[:, 0])
    start = state
    last = np.where(seen[:, 0], np.nan_to_num(values[:, 0]), mean)
    predicted, persistence = [values[:, 0]], [values[:, 0]]
    for k in range(values.shape[1] - 1):
        ahead = _solve(model, solver, state, series.times[:, k : k + 2])[:, -1]
        predicted.append(ahead)
        persistence.append(last)
        step = np.nan_to_num(series.times[:, k + 1] - series.times[:, k])[:, None]
        variance = np.exp(-2.0 * rate * step) * variance + drift * step
        state, variance = _update(ahead, variance, values[:, k + 1], size[:, k + 1])
        here = seen[:, k + 1]
        last = np.where(here, np.nan_to_num(values[:, k + 1]), last)
    one_step, before = np.stack(predicted, axis=1), np.stack(persistence, axis=1)
    full = _solve(model, solver, start, series.times)
    full[:, 0] = values[:, 0]
    for array in (one_step, full):
        array[padding] = np.nan
    if np.isinf(one_step).any() or np.isinf(full).any():
        warnings.warn(
            "the forecast leaves the finite numbers and is infinite from there on; the logistic family "
            "(FitConfig(families='logistic')) is bounded, and shorter steps may help",
            GrnWarning,
            stacklevel=3,
        )
    entries = seen & ~padding[:, :, None]
    entries[:, 0] = False
    return Forecast(
        genes=genes,
        one_step=one_step,
        full=full,
        mse_one_step=_mse(one_step, values, entries),
        mse_full=_mse(full, values, entries),
        mse_persistence=_mse(before, values, entries),
        mse_gene_mean=_mse(np.broadcast_to(mean, values.shape), values, entries),
    )


def _update(
    state: Float[Array, "series genes"],
    variance: Float[Array, "series genes"],
    measured: Float[Array, "series genes"],
    noise: Float[Array, "series genes"],
) -> tuple[Float[Array, "series genes"], Float[Array, "series genes"]]:
    """State and variance after a measurement; as they were where there is none, the measurement if it is exact."""
    seen = np.isfinite(measured)
    gain = np.where(seen, variance / np.maximum(variance + noise, 1e-300), 0.0)
    # An exact measurement replaces the state outright, also one that has diverged.
    exact = seen & (noise == 0)
    filtered = np.where(exact, 0.0, state) + np.where(exact, 0.0, gain) * (
        np.nan_to_num(measured) - np.where(exact, 0.0, state)
    )
    return np.where(exact, measured, filtered), np.where(exact, 0.0, 1.0 - gain) * variance


def _solve(
    model: AbstractDynamics,
    solver: AbstractSolver,
    state: Float[Array, "series genes"],
    times: Float[Array, "series times"],
) -> Float[Array, "series times genes"]:
    dtype = model.log_rate.dtype
    x0, when = torch.as_tensor(state, dtype=dtype), torch.as_tensor(times - times[:, :1], dtype=dtype)
    try:
        with torch.no_grad():
            states: Array = solver.solve(model, x0, when).double().numpy()
            return states
    except DivergenceError:
        return np.full((*times.shape, state.shape[1]), np.inf)


def _mse(a: Array, values: Array, entries: Array) -> float:
    if not entries.any():
        return float("nan")
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.mean((a[entries] - values[entries]) ** 2))

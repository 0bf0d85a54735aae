"""What a finished fit knows about states beyond the dynamics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grn_l0._typing import Array, Float
from grn_l0.dynamics import AbstractDynamics
from grn_l0.fit.deviation import Deviation, fit_deviation
from grn_l0.fit.drive import Outside
from grn_l0.fit.forecast import flow_of, make_forecast
from grn_l0.fit.state import Knowledge
from grn_l0.posterior.start import Start
from grn_l0.solve import AbstractSolver
from grn_l0.timeseries import TimeSeries


def knowledge_of(
    series: TimeSeries,
    start: Start,
    model: AbstractDynamics,
    solver: AbstractSolver,
    outside: Outside,
    longest: int,
) -> Knowledge:
    """Means, noise and drift; for series of more than `longest` times also how genes deviate from the model."""
    mean, spread = moments(series)
    noise = np.asarray(start.noise, dtype=np.float64)
    initial = _first(series, start) if series.n_series > 1 else mean
    bare = Knowledge(mean=mean, spread=spread, noise=noise, drift=np.zeros_like(spread), initial=initial)
    training = make_forecast(series, genes=series.genes, model=model, solver=solver, knowledge=bare, outside=outside)
    rate = model.rate.detach().double().cpu().numpy()
    known = replace(bare, drift=drift_of(series, training.one_step, noise, rate), projection=start.projection)
    if int(series.lengths.max()) <= longest:
        return known
    known = replace(known, deviation=deviation_of(series, start, model, solver, initial, outside))
    errors = []
    for filters in (False, True):
        trial = replace(known, filters=filters)
        forecast = make_forecast(
            series,
            genes=series.genes,
            model=model,
            solver=solver,
            knowledge=trial,
            measurement="noisy",
            outside=outside,
        )
        wrong = (forecast.one_step - series.values)[:, 1:] / np.maximum(spread, 1e-300)
        errors.append(float(np.nanmean(wrong[:, :, spread > 0] ** 2)))
    return replace(known, filters=errors[1] < errors[0])


def _first(series: TimeSeries, start: Start) -> Float[Array, " genes"]:
    """Mean state at the first time, of the series in which a gene is not held (of all, if it is held in all)."""
    first, own = np.asarray(start.states)[:, 0], series.own_equation
    if series.knockouts is None:
        return np.asarray(first.mean(axis=0))
    own = np.where(own.any(axis=0), own, True)
    mean: Float[Array, " genes"] = (first * own).sum(axis=0) / own.sum(axis=0)
    return mean


def deviation_of(
    series: TimeSeries,
    start: Start,
    model: AbstractDynamics,
    solver: AbstractSolver,
    initial: Float[Array, " genes"],
    outside: Outside,
) -> Deviation:
    """The process of what was measured minus what the smoothed states of the regulators make of each gene."""
    rates = model.rate.detach().double().cpu().numpy()
    flow = flow_of(model, solver)
    times, weights, residuals = [], [], []
    for s, n in enumerate(series.lengths):
        t, x = series.times[s, :n], start.states[s, :n]
        step = np.diff(t)
        drive, held = outside.of(s, n - 1)
        rate = rates if held is None else rates * ~held
        ahead, decay = flow(x[:-1], step, drive, held), np.exp(-rate * step[:, None])
        part = np.empty_like(x)
        part[0] = initial
        for k in range(n - 1):
            part[k + 1] = ahead[k] - decay[k] * (x[k] - part[k])
        times.append(t)
        weights.append(np.asarray(series.weights)[s, :n])
        # A gene that is held does not deviate from its equation: it has none.
        residuals.append(np.where(series.own_equation[s], series.values[s, :n] - part, np.nan))
    return fit_deviation(times, weights, residuals)


def moments(series: TimeSeries) -> tuple[Float[Array, " genes"], Float[Array, " genes"]]:
    """Mean and standard deviation of each gene over everything measured; 0 where nothing was."""
    flat = series.values.reshape(-1, series.n_genes)
    count = np.maximum(np.isfinite(flat).sum(0), 1)
    mean = np.nansum(flat, 0) / count
    return mean, np.sqrt(np.nansum((flat - mean) ** 2, 0) / count)


def drift_of(
    series: TimeSeries,
    one_step: Float[Array, "series times genes"],
    noise: Float[Array, " genes"],
    rate: Float[Array, " genes"],
) -> Float[Array, " genes"]:
    """Variance that states gather per unit of time beyond the model, shape (N,), by moments.

    One-step errors from measured states hold it, the noise of the later measurement and the decayed noise of the
    earlier one; what is left after those is divided by the time.
    """
    step = np.diff(series.times, axis=1)[:, :, None]
    square = (one_step - series.values)[:, 1:] ** 2
    weights = np.asarray(series.weights)[:, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = noise**2 * (1.0 / weights[:, 1:] + np.exp(-2.0 * rate * step) / weights[:, :-1])
        left = np.where(series.own_equation[:, None, :], square - expected, np.nan)
    seen = np.isfinite(left)
    time = np.where(seen, step, 0.0).sum((0, 1))
    drift: Float[Array, " genes"] = np.maximum(np.where(seen, left, 0.0).sum((0, 1)), 0.0) / np.maximum(time, 1e-300)
    return drift

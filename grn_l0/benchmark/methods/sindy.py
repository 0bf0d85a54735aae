"""pysindy: sparse linear regression of derivatives, by sequentially thresholded least squares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from grn_l0 import metrics
from grn_l0._optional import import_optional
from grn_l0._typing import Float, ndarray
from grn_l0.benchmark.methods.method import Answer, Method, Task
from grn_l0.fit.forecast import Measurement
from grn_l0.timeseries import TimeSeries

#: Least weights that survive, over centred expression in units of its standard deviation, to choose from; the ridge
#: between two thresholdings.
THRESHOLDS, RIDGE = (0.05, 0.1, 0.2), 0.05
#: One part in so many is held out to choose: series, or the last times where there are fewer series than that.
PARTS = 5


def run(task: Task) -> Answer:
    """Linear library, finite differences, STLSQ; forecasts by the exact solution of the linear system.

    Raises
    ------
    MissingDependencyError
        If pysindy is not installed (``pip install grn-l0[bench]``).
    """
    pysindy = import_optional("pysindy", extra="bench", purpose="the rival pysindy")
    series = task.series
    mean, sd = _moments(series)
    kept, judged = _halves(series)
    tried = {}
    for threshold in THRESHOLDS:
        jacobian, offset = _fit(pysindy, kept, mean, sd, threshold)
        scaled = _propagate(jacobian, offset, (judged.values - mean) / sd, judged.times)
        tried[threshold] = metrics.mse(scaled, (judged.values - mean) / sd)
    threshold = min(tried, key=lambda t: tried[t])
    jacobian, offset = _fit(pysindy, series, mean, sd, threshold)
    slope = jacobian.T[task.regulators] * sd[None, :] / sd[task.regulators][:, None]
    weights = np.where(task.candidates, slope, 0.0)

    def forecast(later: TimeSeries, measurement: Measurement) -> Float[ndarray, "series times genes"]:
        scaled = _propagate(jacobian, offset, (later.values - mean) / sd, later.times)
        return np.asarray(scaled * sd + mean)

    return Answer(
        scores=np.where(task.candidates, np.abs(jacobian.T[task.regulators]), 0.0),
        weights=weights,
        forecast=forecast,
        note=f"threshold {threshold:g}",
    )


def _fit(
    pysindy: Any, series: TimeSeries, mean: Float[ndarray, " genes"], sd: Float[ndarray, " genes"], threshold: float
) -> tuple[Float[ndarray, "genes genes"], Float[ndarray, " genes"]]:
    """Jacobian (rows are equations) and offset over centred expression in units of `sd`."""
    lengths = series.lengths
    model = pysindy.SINDy(
        optimizer=pysindy.STLSQ(threshold=threshold, alpha=RIDGE, max_iter=20),
        feature_library=pysindy.PolynomialLibrary(degree=1),
        differentiation_method=pysindy.FiniteDifference(),
    )
    paths = [np.nan_to_num((series.values[k, :n] - mean) / sd) for k, n in enumerate(lengths)]
    model.fit(paths, t=[series.times[k, :n] for k, n in enumerate(lengths)])
    # Columns are 1, x_1, ..., x_N.
    found = np.asarray(model.coefficients(), dtype=np.float64)
    return found[:, 1:], found[:, 0]


def _halves(series: TimeSeries) -> tuple[TimeSeries, TimeSeries]:
    """What is fitted and what is held out to choose a threshold."""
    n, t = series.n_series, series.times.shape[1]
    if n >= PARTS:
        last = n - n // PARTS
        return series.select([*range(last)]), series.select([*range(last, n)])
    cut = max(3, t - max(2, t // PARTS))
    early = replace(series, values=series.values[:, :cut], times=series.times[:, :cut], weights=None)
    whole = [k for k in range(n) if np.isfinite(series.times[k, cut - 1 :]).sum() >= 2]
    if not whole:
        return series, series
    late = replace(series, values=series.values[:, cut - 1 :], times=series.times[:, cut - 1 :], weights=None)
    return early, late.select(whole)


def _moments(series: TimeSeries) -> tuple[Float[ndarray, " genes"], Float[ndarray, " genes"]]:
    flat = series.values[np.isfinite(series.times)]
    mean = np.nan_to_num(np.nanmean(flat, axis=0))
    # One scale for all genes: a scale of its own would lift genes that are all noise to the level of the others.
    sd = float(np.sqrt(np.nanmean((flat - mean) ** 2)))
    return mean, np.full(mean.shape, sd if sd > 0 else 1.0)


def _propagate(
    jacobian: Float[ndarray, "genes genes"],
    offset: Float[ndarray, " genes"],
    states: Float[ndarray, "series times genes"],
    times: Float[ndarray, "series times"],
) -> Float[ndarray, "series times genes"]:
    """x(t + h) = exp(Ah) x + (integral of exp(As) ds over h) b, one matrix exponential per length of step."""
    from scipy.linalg import expm

    n = len(offset)
    block = np.zeros((n + 1, n + 1))
    block[:n, :n], block[:n, n] = jacobian, offset
    predicted = np.full_like(states, np.nan)
    step = np.diff(times, axis=1)
    for h in np.unique(step[np.isfinite(step)]):
        with np.errstate(all="ignore"):
            flow = expm(h * block)
        series, at = np.nonzero(step == h)
        now = np.nan_to_num(states[series, at])
        after = now @ flow[:n, :n].T + flow[:n, n]
        # An unstable system leaves the numbers: its error is infinite, not missing.
        predicted[series, at + 1] = np.where(np.isfinite(after), after, np.inf)
    return predicted


METHODS = (
    Method(
        name="pysindy", run=run, role="slow", random=False,
        about=f"SINDy (Brunton et al. 2016; pysindy): linear library, finite differences, STLSQ over "
              f"centred expression with ridge {RIDGE}; the threshold, of {', '.join(map(str, THRESHOLDS))}, has "
              "the least one-step error on a held-out fifth.",
    ),
)  # fmt: skip

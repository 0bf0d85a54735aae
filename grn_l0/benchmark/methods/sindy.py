"""pysindy: sparse linear regression of derivatives, by sequentially thresholded least squares."""

from __future__ import annotations

import numpy as np

from grn_l0._optional import import_optional
from grn_l0._typing import Float, ndarray
from grn_l0.benchmark.methods.method import Answer, Method, Task
from grn_l0.fit.forecast import Measurement
from grn_l0.timeseries import TimeSeries

#: Least weight that survives, over standardised expression, and the ridge between two thresholdings.
THRESHOLD, RIDGE = 0.05, 0.05


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
    paths, times = [], []
    for k, length in enumerate(series.lengths):
        paths.append(np.nan_to_num((series.values[k, :length] - mean) / sd))
        times.append(series.times[k, :length])
    model = pysindy.SINDy(
        optimizer=pysindy.STLSQ(threshold=THRESHOLD, alpha=RIDGE, max_iter=20),
        feature_library=pysindy.PolynomialLibrary(degree=1),
        differentiation_method=pysindy.FiniteDifference(),
    )
    model.fit(paths, t=times)
    # Rows are equations, columns 1, x_1, ..., x_N.
    found = np.asarray(model.coefficients(), dtype=np.float64)
    offset, jacobian = found[:, 0], found[:, 1:]
    slope = jacobian.T[task.regulators] * sd[None, :] / sd[task.regulators][:, None]
    weights = np.where(task.candidates, slope, 0.0)

    def forecast(later: TimeSeries, measurement: Measurement) -> Float[ndarray, "series times genes"]:
        scaled = _propagate(jacobian, offset, (later.values - mean) / sd, later.times)
        return np.asarray(scaled * sd + mean)

    return Answer(
        scores=np.where(task.candidates, np.abs(jacobian.T[task.regulators]), 0.0), weights=weights, forecast=forecast
    )


def _moments(series: TimeSeries) -> tuple[Float[ndarray, " genes"], Float[ndarray, " genes"]]:
    flat = series.values[np.isfinite(series.times)]
    sd = np.nanstd(flat, axis=0)
    return np.nan_to_num(np.nanmean(flat, axis=0)), np.where(sd > 0, sd, 1.0)


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
        predicted[series, at + 1] = now @ flow[:n, :n].T + flow[:n, n]
    # An unstable system leaves the numbers: its error is infinite, not missing.
    return np.where(np.isfinite(predicted) | ~np.isfinite(times)[:, :, None], predicted, np.inf)


METHODS = (
    Method(
        name="pysindy", run=run, role="slow", random=False,
        about=f"SINDy (Brunton et al. 2016; pysindy): linear library, finite differences, STLSQ with threshold "
              f"{THRESHOLD} on standardised expression, ridge {RIDGE}.",
    ),
)  # fmt: skip

"""Small systems with known edges, integrated by scipy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp
from sklearn.metrics import average_precision_score

from grn_l0._typing import Bool, Float, ndarray
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries

Production = Callable[[Float[ndarray, " genes"]], Float[ndarray, " genes"]]

N = 10
EDGES = (
    (0, 3, 0.8), (1, 3, -0.5), (1, 4, 0.9), (2, 5, -0.7), (3, 6, 0.8),
    (4, 7, 0.6), (5, 7, 0.6), (6, 8, -0.8), (0, 9, 0.7),
)  # fmt: skip
WEIGHT = np.zeros((N, N))
for _source, _target, _strength in EDGES:
    WEIGHT[_source, _target] = _strength
TRUTH = WEIGHT != 0
TIMES = np.array([0.0, 0.5, 1.0, 2.0, 4.0])
RATE = 0.8


def linear(x: Float[ndarray, " genes"]) -> Float[ndarray, " genes"]:
    """Genes without regulators are produced as they are: they stay constant."""
    f = 0.5 + (x - 0.5) @ WEIGHT
    return np.where(TRUTH.any(axis=0), f, x)


def logistic(x: Float[ndarray, " genes"]) -> Float[ndarray, " genes"]:
    f = 1.0 / (1.0 + np.exp(-5.0 * (x - 0.5) @ WEIGHT))
    return np.where(TRUTH.any(axis=0), f, x)


def pack(values: list[Float[ndarray, "times genes"]], times: list[Float[ndarray, " times"]]) -> TimeSeries:
    """Series of any lengths as one padded container."""
    longest, n = max(len(t) for t in times), values[0].shape[1]
    x, t = np.full((len(values), longest, n), np.nan), np.full((len(values), longest), np.nan)
    for k, (some, at) in enumerate(zip(values, times, strict=True)):
        x[k, : len(at)], t[k, : len(at)] = some, at
    return TimeSeries(
        genes=tuple(f"g{i}" for i in range(n)), trajectories=tuple(f"s{k}" for k in range(len(x))), values=x, times=t
    )


def trajectories(
    n_series: int,
    seed: int,
    *,
    production: Production = linear,
    noise: float = 0.03,
    times: list[Float[ndarray, " times"]] | None = None,
) -> TimeSeries:
    """Trajectories of x' = RATE (production(x) - x) from random initial states, measured with additive noise."""
    rng = np.random.default_rng(seed)
    values, at = [], times or [TIMES] * n_series
    for t in at:
        x0 = rng.uniform(0.1, 0.9, N)
        span = (float(t[0]), float(t[-1]))
        path = solve_ivp(lambda _, x: RATE * (production(x) - x), span, x0, t_eval=t, rtol=1e-7, atol=1e-9).y.T
        values.append(path + noise * rng.normal(size=path.shape))
    return pack(values, at)


def driven(n_times: int, seed: int, noise: float = 0.05) -> TimeSeries:
    """One long series: every gene is pushed by production noise (Euler-Maruyama), step 1 between measurements."""
    rng = np.random.default_rng(seed)
    x, path, step = np.full(N, 0.5), [], 0.02
    for _ in range(n_times):
        path.append(x)
        for _ in range(50):
            f = 0.5 + (x - 0.5) @ WEIGHT
            x = x + step * RATE * (f - x) + RATE * np.sqrt(step) * 0.5 * rng.normal(size=N)
    clean = np.array(path)
    return pack([clean + noise * rng.normal(size=clean.shape)], [np.arange(n_times, dtype=float)])


def auprc(start: Start, truth: Bool[ndarray, "regulators genes"] = TRUTH) -> float:
    pairs = ~np.eye(len(truth), dtype=bool)
    return float(average_precision_score(truth[pairs], start.inclusion[pairs]))

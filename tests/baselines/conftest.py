from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from grn_l0.timeseries import TimeSeries

Make = Callable[..., TimeSeries]


def linear_system(n_series: int = 30, n_times: int = 5, noise: float = 0.01, seed: int = 0) -> TimeSeries:
    """Eight genes: g0 -> g4, g1 -| g5, g4 -> g6; g7 is constant; irregular times, trajectories of two lengths."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((8, 8))
    weights[0, 4], weights[1, 5], weights[4, 6] = 1.0, -1.0, 1.0
    x = rng.normal(size=(n_series, 8))
    times = np.cumsum(rng.uniform(0.3, 1.0, (n_series, n_times)), axis=1)
    values = np.empty((n_series, n_times, 8))
    driven = weights.any(axis=0)
    for k in range(n_times):
        values[:, k] = x
        for _ in range(20):
            step = (times[:, k + 1] - times[:, k]) / 20 if k + 1 < n_times else np.zeros(n_series)
            x = x + step[:, None] * np.where(driven, x @ weights - x, 0.0)
    values += noise * rng.normal(size=values.shape)
    values[:, :, 7] = 0.1  # whose mean is not 0.1 in floating point
    values[0, -2:], times[0, -2:] = np.nan, np.nan
    return TimeSeries(
        genes=tuple(f"g{k}" for k in range(8)),
        trajectories=tuple(f"s{k}" for k in range(n_series)),
        values=values,
        times=times,
    )


@pytest.fixture
def make() -> Make:
    return linear_system


@pytest.fixture
def system() -> TimeSeries:
    return linear_system()

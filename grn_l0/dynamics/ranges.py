"""Scales of expression that families of production start from."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Array, Float
from grn_l0.timeseries import TimeSeries


def ranges(series: TimeSeries) -> tuple[Float[Array, " genes"], Float[Array, " genes"]]:
    """Lower and upper end of each gene: 0..1 for data within, else 0 to 1.25 times the largest value."""
    flat = _flat(series)
    # quantiles, because noise takes single values of data in 0..1 outside
    low, high = np.nanquantile(flat, 0.05), np.nanquantile(flat, 0.95)
    if low > -0.1 and high < 1.05 and np.nanmax(flat) > 0.5:
        return np.zeros(series.n_genes), np.ones(series.n_genes)
    top = np.nanmax(flat, axis=0)
    spread = float(np.nanmax(np.abs(flat))) or 1.0
    return np.zeros(series.n_genes), np.maximum(1.25 * top, 1e-3 * spread)


def spread_of(series: TimeSeries) -> tuple[Float[Array, " genes"], Float[Array, " genes"]]:
    """Standard deviation and largest absolute value of each gene, both at least 1e-3 of the largest of all."""
    flat = _flat(series)
    least = 1e-3 * (float(np.nanmax(np.abs(flat))) or 1.0)
    return np.maximum(np.nanstd(flat, axis=0), least), np.maximum(np.nanmax(np.abs(flat), axis=0), least)


def _flat(series: TimeSeries) -> Float[Array, "observations genes"]:
    flat = series.values.reshape(-1, series.n_genes)
    return np.where(np.isfinite(flat).any(0), flat, 0.0)

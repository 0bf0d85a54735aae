"""Data without any regulation in them, made from data: a method must find no edges here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, ndarray
from grn_l0.timeseries import TimeSeries


def permuted(series: TimeSeries, seed: int = 0) -> TimeSeries:
    """Each gene's trajectories, dealt to the series at random and independently of every other gene's.

    Only series with the same times exchange trajectories.

    Raises
    ------
    OptionError
        If no two series share their times; use :func:`time_shifted` then.
    """
    groups: dict[bytes, list[int]] = {}
    for k, row in enumerate(series.times):
        groups.setdefault(row.tobytes(), []).append(k)
    if max(len(group) for group in groups.values()) < 2:
        raise OptionError("no two series share their times, so nothing can be permuted; use time_shifted")
    rng = np.random.default_rng(seed)
    values = series.values.copy()
    for group in groups.values():
        order = rng.permuted(np.tile(np.array(group), (series.n_genes, 1)), axis=1).T
        values[group] = np.take_along_axis(series.values, _over_times(order, series), axis=0)
    return replace(series, values=values)


def _over_times(order: Float[ndarray, "some genes"], series: TimeSeries) -> Float[ndarray, "some times genes"]:
    shape = (order.shape[0], series.times.shape[1], order.shape[1])
    return np.broadcast_to(order[:, None, :], shape)


def pure_noise(series: TimeSeries, seed: int = 0) -> TimeSeries:
    """Independent normal values with each gene's mean and standard deviation, missing where `series` is missing."""
    flat = series.values.reshape(-1, series.n_genes)
    known = series.mask.reshape(flat.shape)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, flat, 0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, flat - mean, 0) ** 2).sum(axis=0) / count)
    values = mean + spread * np.random.default_rng(seed).standard_normal(series.values.shape)
    return replace(series, values=np.where(series.mask, values, np.nan))


def time_shifted(series: TimeSeries, seed: int = 0) -> TimeSeries:
    """Each gene shifted circularly along each series by its own random number of times: a null for one series.

    The shift is at least a quarter of the series in either direction, where it is long enough for that.
    """
    rng = np.random.default_rng(seed)
    values = series.values.copy()
    for k, length in enumerate(series.lengths):
        low = max(1, int(length) // 4)
        shift = rng.integers(low, max(low + 1, int(length) - low + 1), series.n_genes)
        row = (np.arange(length)[:, None] + shift) % length
        values[k, :length] = np.take_along_axis(series.values[k, :length], row, axis=0)
    return replace(series, values=values)

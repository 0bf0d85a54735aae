"""Data without any regulation in them, made from data: a method must find no edges here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, ndarray
from grn_l0.timeseries.steady import SteadyStates
from grn_l0.timeseries.timeseries import TimeSeries


def permuted(series: TimeSeries, seed: int = 0) -> TimeSeries:
    """Each gene's trajectories, dealt to the series at random and independently of every other gene's.

    Only series with the same times exchange trajectories; steady-state samples exchange values among themselves.
    Knock-outs go with the gene's trajectory, stimuli stay.

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
    values, held = series.values.copy(), ~series.own_equation
    for group in groups.values():
        order = rng.permuted(np.tile(np.array(group), (series.n_genes, 1)), axis=1).T
        values[group] = np.take_along_axis(series.values, _over_times(order, series), axis=0)
        # A trajectory takes along that its gene was held in it.
        held[group] = np.take_along_axis(~series.own_equation, order, axis=0)
    return replace(series, values=values, knockouts=held, steady=_permuted_samples(series.steady, rng))


def _permuted_samples(steady: SteadyStates | None, rng: np.random.Generator) -> SteadyStates | None:
    if steady is None:
        return None
    order = rng.permuted(np.tile(np.arange(len(steady)), (steady.values.shape[1], 1)), axis=1).T
    held = np.take_along_axis(~steady.own_equation, order, axis=0)
    return replace(steady, values=np.take_along_axis(steady.values, order, axis=0), knockouts=held)


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
    rng = np.random.default_rng(seed)
    values = mean + spread * rng.standard_normal(series.values.shape)
    steady = series.steady
    if steady is not None:
        drawn = mean + spread * rng.standard_normal(steady.values.shape)
        steady = replace(steady, values=np.where(steady.mask, drawn, np.nan))
    return replace(series, values=np.where(series.mask, values, np.nan), steady=steady)


def time_shifted(series: TimeSeries, seed: int = 0) -> TimeSeries:
    """Each gene shifted circularly along each series by its own random number of times: a null for one series.

    The shift is at least a quarter of the series in either direction, where it is long enough for that. It leaves the
    mean of a series, in which genes agree: of several series each gene's means are dealt at random too. Steady-state
    samples exchange values as in :func:`permuted`.
    """
    rng = np.random.default_rng(seed)
    series = _means_dealt(series, rng)
    values = series.values.copy()
    for k, length in enumerate(series.lengths):
        low = max(1, int(length) // 4)
        shift = rng.integers(low, max(low + 1, int(length) - low + 1), series.n_genes)
        row = (np.arange(length)[:, None] + shift) % length
        values[k, :length] = np.take_along_axis(series.values[k, :length], row, axis=0)
    return replace(series, values=values, steady=_permuted_samples(series.steady, rng))


def phase_randomised(series: TimeSeries, seed: int = 0, *, keep_values: bool = False) -> TimeSeries:
    r"""Each gene with the spectrum it has along each series, and random phases of its own: a null for long series.

    .. math:: X_i(\omega) \to |X_i(\omega)| \, e^{i \phi_i(\omega)}, \quad \phi_i(\omega) \sim U(0, 2 \pi)

    Variance and (circular) autocorrelation of each gene stay; who moves with whom is lost. So does the mean of a single
    series; of several, in whose means genes agree, each gene's are dealt at random. Steps are taken as equal, and
    missing values stand on the line between their neighbours meanwhile.

    Parameters
    ----------
    series
        Any; a series of two or three times keeps little but its mean.
    seed
        Decides everything.
    keep_values
        Whether each gene keeps its very values, in another order, and its spectrum roughly (amplitude-adjusted
        surrogates); then its means stay too, and several series are no null. Otherwise the values become normal.

    References
    ----------
    Theiler, Eubank, Longtin, Galdrikian & Farmer (1992), Physica D 58, 77-94.
    """
    rng = np.random.default_rng(seed)
    if not keep_values:
        series = _means_dealt(series, rng)
    values = series.values.copy()
    for k, length in enumerate(series.lengths.tolist()):
        full = _interpolated(series.values[k, :length])
        made = full
        if keep_values:
            # A normal series of the same ranks is randomised, then given back the values in its new ranks.
            order = np.argsort(np.argsort(full, axis=0), axis=0)
            normal = np.sort(rng.standard_normal(full.shape), axis=0)
            made = np.take_along_axis(normal, order, axis=0)
        made = _random_phases(made, rng)
        if keep_values:
            order = np.argsort(np.argsort(made, axis=0), axis=0)
            made = np.take_along_axis(np.sort(full, axis=0), order, axis=0)
        values[k, :length] = np.where(series.mask[k, :length], made, np.nan)
    return replace(series, values=values, steady=_permuted_samples(series.steady, rng))


def _means_dealt(series: TimeSeries, rng: np.random.Generator) -> TimeSeries:
    """Each gene's means of the series it was measured and not held in, dealt to these at random; one series stays."""
    if series.n_series == 1:
        return series
    count = series.mask.sum(axis=1)
    mean = np.where(series.mask, series.values, 0.0).sum(axis=1) / np.maximum(count, 1)
    dealt = mean.copy()
    for i in range(series.n_genes):
        some = np.flatnonzero((count[:, i] > 0) & series.own_equation[:, i])
        dealt[some, i] = mean[rng.permutation(some), i]
    return replace(series, values=series.values + (dealt - mean)[:, None, :])


def _random_phases(x: Float[ndarray, "times genes"], rng: np.random.Generator) -> Float[ndarray, "times genes"]:
    wave = np.fft.rfft(x, axis=0)
    turn = np.exp(2j * np.pi * rng.random(wave.shape))
    turn[0] = 1.0
    if len(x) % 2 == 0:
        # The highest frequency has only a sign.
        turn[-1] = np.where(rng.random(wave.shape[1]) < 0.5, -1.0, 1.0)
    return np.asarray(np.fft.irfft(wave * turn, n=len(x), axis=0))


def _interpolated(x: Float[ndarray, "times genes"]) -> Float[ndarray, "times genes"]:
    at = np.arange(len(x))
    out = np.zeros_like(x)
    for i, column in enumerate(x.T):
        known = np.isfinite(column)
        if known.any():
            out[:, i] = np.interp(at, at[known], column[known])
    return out

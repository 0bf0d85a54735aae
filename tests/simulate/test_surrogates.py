"""Phase-randomised series: what they keep and what they lose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from grn_l0.simulate import long_series, phase_randomised, random_system, time_shifted
from grn_l0.timeseries import TimeSeries

SERIES = long_series(random_system(15, 0), 2, np.arange(61.0).tolist(), seed=0)


@pytest.mark.parametrize("length", [61, 60])
def test_spectra_stay_and_phases_go(length: int) -> None:
    series = TimeSeries(
        genes=SERIES.genes,
        trajectories=SERIES.trajectories,
        values=SERIES.values[:, :length],
        times=SERIES.times[:, :length],
    )
    null = phase_randomised(series, 1)
    np.testing.assert_allclose(np.sort(null.values.mean(axis=1), axis=0), np.sort(series.values.mean(axis=1), axis=0))
    for before, after in zip(series.values, null.values, strict=True):
        one, other = np.fft.rfft(before, axis=0), np.fft.rfft(after, axis=0)
        np.testing.assert_allclose(np.abs(one[1:]), np.abs(other[1:]), atol=1e-10)
        turned = np.angle(other[1:-1] / one[1:-1])
        assert np.abs(np.exp(1j * turned).mean()) < 0.1  # uniform over the circle


def test_genes_that_moved_together_no_longer_do() -> None:
    twins = replace(SERIES, values=np.repeat(SERIES.values[:, :, -3:-2], 15, axis=2))
    null = phase_randomised(twins, 0)
    across = np.corrcoef(null.values[0].T)[np.triu_indices(15, 1)]
    assert np.abs(across).mean() < 0.5
    assert not np.array_equal(null.values, phase_randomised(twins, 1).values)


@pytest.mark.parametrize("null", [time_shifted, phase_randomised])
def test_genes_no_longer_agree_in_the_means_of_several_series(null: Callable[..., TimeSeries]) -> None:
    """15 twins over 40 series: each keeps the means it had, in an order of its own; held ones stay where they are."""
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(size=(40, 8, 1)) + 3 * rng.normal(size=(40, 1, 1)), 15, axis=2)
    names = tuple(f"s{k}" for k in range(40))
    held = np.zeros((40, 15), dtype=bool)
    held[:5, 0] = True
    times = np.tile(np.arange(8.0), (40, 1))
    series = TimeSeries(genes=SERIES.genes, trajectories=names, values=values, times=times, knockouts=held)
    before, after = values.mean(axis=1), null(series, 0).values.mean(axis=1)
    np.testing.assert_allclose(np.sort(after, axis=0), np.sort(before, axis=0))
    np.testing.assert_allclose(after[:5, 0], before[:5, 0])
    assert np.abs(np.corrcoef(after.T)[np.triu_indices(15, 1)]).mean() < 0.25
    # One series has nothing to deal: its means stay.
    one = TimeSeries(genes=SERIES.genes, trajectories=("s0",), values=values[:1], times=np.arange(8.0)[None])
    np.testing.assert_allclose(null(one, 0).values.mean(axis=1), before[:1])


def test_adjusted_surrogates_keep_the_very_values_and_most_of_the_memory() -> None:
    null = phase_randomised(SERIES, 2, keep_values=True)
    np.testing.assert_allclose(np.sort(null.values, axis=1), np.sort(SERIES.values, axis=1))

    def memory(values: np.ndarray) -> np.ndarray:
        x = values - values.mean(axis=1, keepdims=True)
        return np.asarray((x[:, 1:] * x[:, :-1]).sum(axis=1) / (x**2).sum(axis=1))

    moving = memory(SERIES.values) > 0.3
    assert moving.sum() > 5
    assert np.abs(memory(null.values) - memory(SERIES.values))[moving].mean() < 0.15
    assert (memory(null.values)[moving] > 0).all()


@pytest.mark.parametrize("keep_values", [False, True])
def test_missing_values_and_padding_stay(keep_values: bool) -> None:
    values, times = SERIES.values.copy(), SERIES.times.copy()
    values[0, 5, 3] = np.nan
    values[:, :, 4] = np.nan
    values[1, 40:], times[1, 40:] = np.nan, np.nan
    series = replace(SERIES, values=values, times=times, weights=None)
    null = phase_randomised(series, 0, keep_values=keep_values)
    np.testing.assert_array_equal(null.mask, series.mask)

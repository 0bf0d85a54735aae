"""Experiments and nulls: shapes, noise, reproducibility and what a null keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grn_l0._errors import OptionError
from grn_l0.simulate import (
    long_series,
    permuted,
    pseudotime_cells,
    pure_noise,
    random_system,
    short_trajectories,
    time_shifted,
)
from grn_l0.timeseries import SteadyStates

SYSTEM = random_system(15, 0)


def test_short_trajectories_differ_between_noise_levels_by_noise_only() -> None:
    clean, noisy = (short_trajectories(SYSTEM, 40, noise=noise, seed=2) for noise in (0.0, 0.1))
    assert clean.values.shape == (40, 5, 15)
    assert (noisy.values - clean.values).std() == pytest.approx(0.1, rel=0.05)
    np.testing.assert_array_equal(clean.times[3], [0, 2, 3, 7, 9])
    np.testing.assert_array_equal(clean.values[:, 0, SYSTEM.inputs], clean.values[:, -1, SYSTEM.inputs])


def test_long_series_keep_moving() -> None:
    series = long_series(SYSTEM, 2, times=np.arange(0, 60, 2.0).tolist(), noise=0, seed=1)
    assert series.values.shape == (2, 30, 15)
    late = series.values[:, 15:]
    assert (late[:, :, SYSTEM.inputs].std(axis=1) > 0.02).all()
    assert (late.std(axis=1) > 1e-3).all()
    again = long_series(SYSTEM, 2, times=np.arange(0, 60, 2.0).tolist(), noise=0, seed=1)
    np.testing.assert_array_equal(series.values, again.values)
    assert long_series(SYSTEM, times=None, noise=0.0).values.shape == (1, 100, 15)


def test_cells_are_counts_along_pseudotime() -> None:
    cells = pseudotime_cells(SYSTEM, 900, 3, seed=0)
    assert cells.counts.shape == (900, 15)
    assert np.issubdtype(cells.counts.dtype, np.integer)
    assert (np.bincount(cells.donor) == 300).all()
    assert ((cells.pseudotime >= 0) & (cells.pseudotime <= 1)).all()
    rich = pseudotime_cells(SYSTEM, 900, 3, seed=0, depth=50, overdispersion=0)
    assert rich.counts.mean() == pytest.approx(10 * cells.counts.mean(), rel=0.1)


def test_permuted_keeps_each_genes_trajectories_and_breaks_who_goes_with_whom() -> None:
    series = short_trajectories(SYSTEM, 30, noise=0.05, seed=0)
    null = permuted(series, 1)
    order = []
    for i in range(15):
        distance = np.abs(series.values[:, None, :, i] - null.values[None, :, :, i]).sum(axis=-1)
        order.append(distance.argmin(axis=0))
        np.testing.assert_array_equal(np.sort(order[-1]), np.arange(30))
        np.testing.assert_array_equal(series.values[order[-1], :, i], null.values[:, :, i])
    assert len({tuple(row) for row in order}) == 15


def test_permuted_only_among_equal_times() -> None:
    series = short_trajectories(SYSTEM, 6, noise=0.05, seed=0)
    times = series.times.copy()
    times[3:] *= 2
    null = permuted(replace(series, times=times), 0)
    np.testing.assert_allclose(null.values[:3].sum(axis=0), series.values[:3].sum(axis=0))
    with pytest.raises(OptionError, match="time_shifted"):
        permuted(series.select([0]), 0)


def test_noise_keeps_moments_and_missing_values() -> None:
    series = short_trajectories(SYSTEM, 200, noise=0.05, seed=0)
    values = series.values.copy()
    values[0, 1, 2] = np.nan
    null = pure_noise(replace(series, values=values), 3)
    np.testing.assert_array_equal(null.mask, np.isfinite(values))
    np.testing.assert_allclose(np.nanmean(null.values, (0, 1)), np.nanmean(values, (0, 1)), atol=0.03)
    np.testing.assert_allclose(np.nanstd(null.values, (0, 1)), np.nanstd(values, (0, 1)), rtol=0.15)


def test_shifted_keeps_each_genes_values_in_circular_order() -> None:
    series = long_series(SYSTEM, 1, times=[float(k) for k in range(40)], seed=0)
    null = time_shifted(series, 0)
    shifts = []
    for i in range(15):
        shift = int(np.flatnonzero(series.values[0, :, i] == null.values[0, 0, i])[0])
        np.testing.assert_array_equal(np.roll(series.values[0, :, i], -shift), null.values[0, :, i])
        shifts.append(shift)
    assert min(shifts) >= 10
    assert max(shifts) <= 30
    assert len({*shifts}) > 5


@pytest.mark.parametrize(
    "make",
    [
        lambda: short_trajectories(SYSTEM, 0),
        lambda: short_trajectories(SYSTEM, 2, noise=-1),
        lambda: long_series(SYSTEM, times=[0.0]),
        lambda: long_series(SYSTEM, memory=0),
        lambda: pseudotime_cells(SYSTEM, 3, 2),
        lambda: pseudotime_cells(SYSTEM, depth=0),
    ],
)
def test_options_outside_their_range(make: object) -> None:
    with pytest.raises(OptionError):
        make()  # type: ignore[operator]


def test_nulls_of_knockouts_and_steady_states() -> None:
    """A gene's trajectory takes its knock-out along; steady states exchange values; stimuli stay."""
    plain = short_trajectories(random_system(8, 0), 6, seed=0)
    rng = np.random.default_rng(0)
    held = rng.random((6, 8)) < 0.2
    values = np.where(held[:, None, :], -1.0, plain.values)  # marks held trajectories
    samples = np.arange(40.0).reshape(5, 8)
    steady = SteadyStates(names=tuple("abcde"), values=samples, knockouts=samples % 7 == 0, stimuli=np.zeros((5, 1)))
    levels = rng.random((6, 5, 1))
    series = replace(plain, values=values, knockouts=held, steady=steady, stimuli=levels, stimulus_names=("x",))
    null = permuted(series, seed=1)
    np.testing.assert_array_equal(null.knockouts, (null.values == -1).all(axis=1))
    assert not np.array_equal(null.knockouts, held)
    np.testing.assert_array_equal(np.sort(null.steady.values, axis=0), samples)
    np.testing.assert_array_equal(null.steady.knockouts, null.steady.values % 7 == 0)
    np.testing.assert_array_equal(null.stimuli, levels)
    for other in (time_shifted(series, seed=1), pure_noise(series, seed=1)):
        assert not np.array_equal(other.steady.values, samples)

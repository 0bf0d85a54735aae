"""Responses across a jump and lags, against quadrature and closed forms; levels of stimuli on either side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest
from scipy.integrate import quad

from grn_l0.posterior.inputs import known, switched_off
from grn_l0.posterior.response import Design, convolution, designs, lag, with_jumps
from grn_l0.posterior.scaling import Scaled
from grn_l0.timeseries import TimeSeries

TIMES = np.array([0.0, 0.5, 1.2, 2.0, 3.5])


def design(times: np.ndarray = TIMES, n: int = 1) -> Design:
    series = systems.pack([np.zeros((len(times), 2)) for _ in range(n)], [times] * n)
    return designs(series)[0]


@pytest.mark.parametrize("rate", [0.05, 0.8, 6.0])
def test_the_convolution_across_a_jump_is_exact(rate: float) -> None:
    part = with_jumps(design(), np.array([0.5, 2.0]))
    rng = np.random.default_rng(0)
    f = rng.normal(size=len(part.grid))
    got = convolution(part.grid, rate) @ f
    for k, t in enumerate(part.grid):
        want = 0.0
        for a, b, x, y in zip(part.grid[:k], part.grid[1 : k + 1], f[:k], f[1 : k + 1], strict=True):
            if b > a:
                slope = (y - x) / (b - a)
                terms = (rate, a, x, slope, t)
                want += quad(lambda u, d, a, x, m, t: d * np.exp(-d * (t - u)) * (x + m * (u - a)), a, b, terms)[0]
        assert got[k] == pytest.approx(want, abs=1e-10)
    # The state itself does not jump.
    twice = np.flatnonzero(np.diff(part.grid) == 0)
    assert len(twice) == 2
    np.testing.assert_array_equal(got[twice], got[twice + 1])


def test_jumps_double_their_times_and_nothing_else() -> None:
    plain = design()
    part = with_jumps(plain, np.array([2.0, 0.5, 2.0]))
    np.testing.assert_array_equal(part.grid[part.at], TIMES)
    np.testing.assert_array_equal(part.grid, np.sort(np.append(plain.grid, [0.5, 2.0])))
    # The limit from the left comes first.
    for time in (0.5, 2.0):
        assert part.grid[part.at[np.searchsorted(TIMES, time)] + 1] == time
    assert len(with_jumps(part, np.array([0.5])).grid) == len(part.grid)
    for outside in (0.0, 3.5, -1.0, 9.0):
        assert with_jumps(plain, np.array([outside])).grid is plain.grid


@pytest.mark.parametrize("rate", [0.1, 1.3, 20.0])
def test_lags_of_constants_and_ramps(rate: float) -> None:
    grid = with_jumps(design(), np.array([1.2])).grid
    matrix = lag(grid, rate)
    np.testing.assert_allclose(matrix @ np.full(len(grid), 3.0), 3.0, rtol=1e-12)
    # p' = d (a + b t - p), p(0) = a.
    exact = 2.0 - 0.7 * (grid - (1.0 - np.exp(-rate * grid)) / rate)
    np.testing.assert_allclose(matrix @ (2.0 - 0.7 * grid), exact, rtol=1e-9)
    # Nothing comes from later.
    np.testing.assert_array_equal(np.triu(matrix, 1), 0.0)


def test_a_fast_lag_is_none() -> None:
    grid = design().grid
    np.testing.assert_allclose(lag(grid, 1e6), np.eye(len(grid)), atol=1e-4)


def test_the_lag_starts_again_from_where_it_was_after_a_jump() -> None:
    part = with_jumps(design(), np.array([1.2]))
    left = part.grid <= 1.2
    left[part.at[2] + 1] = False
    exact = np.where(left, 1.0, np.exp(-0.9 * (part.grid - 1.2)))
    np.testing.assert_allclose(lag(part.grid, 0.9) @ left.astype(float), exact, atol=1e-12)


def stimulated() -> TimeSeries:
    plain = systems.pack([np.zeros((5, 2)), np.zeros((5, 2)), np.zeros((3, 2))], [TIMES, TIMES, TIMES[:3]])
    levels = np.zeros((3, 5, 2))
    levels[0, :, 0] = [1.0, 1.0, 0.0, 0.0, 0.0]
    levels[1, :, 1] = [0.0, 0.0, 0.0, 2.5, 9.0]
    levels[2, :3, 0] = [0.0, 3.0, 3.0]
    return replace(plain, stimuli=levels, stimulus_names=("light", "dose"))


def test_known_levels_hold_from_an_observation_to_the_next() -> None:
    series = stimulated()
    assert series.stimuli is not None
    parts, levels = known(series, designs(series))
    for part, level in zip(parts, levels, strict=True):
        given = series.stimuli[part.series, : len(part.times)]
        for k, point in enumerate(part.grid):
            doubled = k > 0 and part.grid[k - 1] == point
            # From the right only at the second of two equal points, and at the very first one.
            side = "right" if doubled or k == 0 else "left"
            at = np.searchsorted(part.times, point, side=side) - 1
            np.testing.assert_array_equal(level[:, k], given[:, at] / [3.0, 9.0])
    both, one = sorted(parts, key=lambda p: -len(p.series))
    assert both.grid[1:][np.diff(both.grid) == 0].tolist() == [1.2, 2.0]
    assert one.grid[1:][np.diff(one.grid) == 0].tolist() == [0.5]
    # The end of a series is no jump: a level that holds from there on acts on nothing.
    assert not any((level[:, :, 1] == 1.0).any() for level in levels)


def test_without_stimuli_there_are_no_columns_and_no_jumps() -> None:
    series = replace(stimulated(), stimuli=None, stimulus_names=())
    before = designs(series)
    parts, levels = known(series, before)
    assert all(a is b for a, b in zip(parts, before, strict=True))
    assert [x.shape for x in levels] == [(len(p.series), len(p.grid), 0) for p in parts]


def test_a_stimulus_that_ends_is_an_input_of_each_series() -> None:
    series = stimulated()
    before, level = known(series, designs(series))
    parts, more = switched_off(before, level, 3, 0.5)
    for old, old_level, part, new in zip(before, level, parts, more, strict=True):
        assert new.shape == (len(part.series), len(part.grid), 5)
        for k, point in enumerate(part.grid):
            second = k > 0 and part.grid[k - 1] == point
            on = 1.0 if point < 0.5 or (point == 0.5 and not second) else 0.0
            np.testing.assert_array_equal(new[:, k, 2:], on * np.eye(3)[part.series])
            source = np.flatnonzero(old.grid == point)[-1 if second else 0]
            np.testing.assert_array_equal(new[:, k, :2], old_level[:, source])


def test_held_genes_keep_their_course_where_two_stimuli_jump() -> None:
    """Gene 0 is knocked out in all series: its course follows time, whichever points the grid repeats."""
    plain = stimulated()
    rising = np.where(np.isfinite(plain.times), plain.times, np.nan)[:, :, None]
    held = np.zeros((3, 2), dtype=bool)
    held[:, 0] = True
    values = np.where(np.isfinite(rising), np.concatenate([rising, rising**2], axis=2), np.nan)
    series = replace(plain, values=values, knockouts=held)
    parts, levels = known(series, designs(series))
    scaled = Scaled.of(series, parts)
    more, _ = switched_off(parts, levels, 3, 0.5)
    # The longer design repeats 1.2 and 2 for the known stimuli, and .5 for the one that was found before them.
    assert [int((np.diff(p.grid) == 0).sum()) for p in sorted(more, key=lambda p: len(p.times))] == [1, 3]
    for some in (parts, more):
        for part, course in zip(some, scaled.held_on(some), strict=True):
            for row in course.course:
                np.testing.assert_allclose(scaled.mean[0] + scaled.scale[0] * row, part.grid, atol=1e-12)

"""Trajectories of the gated ODE on the posterior's grids."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from fit_systems import TIMES, TRUTH, N, make_start, simulate
from scipy.integrate import solve_ivp

from grn_l0 import OptionError
from grn_l0.fit import FitConfig, ode_trajectories
from grn_l0.posterior.response import designs, with_jumps
from grn_l0.posterior.start import Inputs, Start
from grn_l0.timeseries import TimeSeries

ALL = np.arange(N)
UNTRAINED = FitConfig(steps=0, dtype="float64", step=0.02)


def certain(series: TimeSeries, clean: np.ndarray) -> Start:
    """The truth as a start: open gates where there is an edge, closed elsewhere."""
    start = make_start(series, clean, 0.01)
    return replace(
        start,
        inclusion=np.where(TRUTH != 0, 1 - 1e-9, 0.0),
        weight=TRUTH,
        offset=np.full(N, 0.5),
        rate=np.ones(N),
        initial=clean[:, 0],
        states=clean,
    )


def test_an_untrained_ode_follows_the_system_on_every_grid() -> None:
    """Two schedules whose series alternate, an input that jumps, a gene that is held: as scipy integrates them."""
    series, clean = simulate(6, 0.0, 0)
    late = np.array([0.0, 0.3, 1.1, 2.0, 3.0, 5.0])
    times = np.stack([TIMES if k % 2 == 0 else late for k in range(6)])
    held = np.zeros((6, N), dtype=bool)
    held[3, 3] = True
    level = np.zeros((6, len(TIMES), 1))
    level[:, 1:3] = 1.0
    effect = np.zeros((1, N))
    effect[0, 4] = 0.3
    series = replace(series, times=times, knockouts=held, values=np.where(held[:, None], clean[:, :1], clean))
    start = certain(series, clean)
    inputs = Inputs(names=("drug",), effect=effect, width=np.zeros((1, N)), level=level[:, :-1])
    start = replace(start, inputs=inputs, covariances=_per_design(start, series))
    parts = [with_jumps(d, d.times[[1, 3]]) for d in designs(series)]
    courses = ode_trajectories(series, ALL, start, parts, config=UNTRAINED)
    assert [c.shape for c in courses] == [(3, len(d.grid), N) for d in parts]
    for design, course in zip(parts, courses, strict=True):
        on, off = design.times[1], design.times[3]
        for s, x in zip(design.series, course, strict=True):
            expected = _integrate(clean[s, 0], design.grid, on, off, effect[0], held[s])
            np.testing.assert_allclose(x, expected, atol=2e-4)


def test_training_moves_the_courses_towards_the_data() -> None:
    series, clean = simulate(40, 0.02, 1)
    start = make_start(series, clean, 0.02)
    part = designs(series)
    before, after = (
        ode_trajectories(series, ALL, start, part, config=FitConfig(steps=steps))[0][:, part[0].at] for steps in (0, 40)
    )
    assert ((after - clean) ** 2).mean() < 0.7 * ((before - clean) ** 2).mean()
    again = ode_trajectories(series, ALL, start, part)[0][:, part[0].at]
    np.testing.assert_array_equal(after, again)


def test_series_that_are_trained_in_pieces_are_refused() -> None:
    series, clean = simulate(6, 0.02, 1)
    start = make_start(series, clean, 0.02)
    with pytest.raises(OptionError, match=r"has 6 times, and is trained in pieces; .* at most longest=5 times"):
        ode_trajectories(series, ALL, start, designs(series), config=FitConfig(longest=5))


def _per_design(start: Start, series: TimeSeries) -> tuple:
    return tuple(replace(start.covariances[0], series=d.series) for d in designs(series))


def _integrate(
    x0: np.ndarray, grid: np.ndarray, on: float, off: float, effect: np.ndarray, held: np.ndarray
) -> np.ndarray:
    def right(t: float, x: np.ndarray) -> np.ndarray:
        drive = effect if on <= t < off else 0.0
        return np.where(held, 0.0, 0.5 + (x - 0.5) @ TRUTH + drive - x)

    points = np.unique(grid)
    # Piece by piece, because the right side jumps.
    out, x = {0.0: x0}, x0
    for a, b in pairwise(points):
        middle = lambda _, x, t=(a + b) / 2: right(t, x)  # noqa: E731
        x = solve_ivp(middle, (a, b), x, rtol=1e-9, atol=1e-11).y[:, -1]
        out[b] = x
    return np.array([out[t] for t in grid])

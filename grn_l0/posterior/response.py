"""How a gene answers its production: the convolution with exp(-d t), exact for piecewise linear production."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.timeseries import SteadyStates, TimeSeries

#: Series of more times than this are long: enough to tell a memory of the drift or a lag, and fitted in pieces.
LONG = 12

#: From this many series of one schedule on, each time is centred over them.
MANY = 30


@dataclass(frozen=True, eq=False)
class Design:
    """Series that share their times and weights.

    `times` (n,) start at 0. `grid` (G,) refines them; ``grid[at] == times``. Where an input jumps the grid holds its
    time twice, for the limits from the left and from the right; `at` is the first. `variance` (n,) is the measurement
    variance of each time relative to a measurement of weight 1. `steady` designs hold samples that have settled,
    one per "series", at the single time 0.
    """

    series: Int[ndarray, " some"]
    times: Float[ndarray, " times"]
    variance: Float[ndarray, " times"]
    grid: Float[ndarray, " grid"]
    at: Int[ndarray, " times"]
    steady: bool = False


def designs(series: TimeSeries) -> list[Design]:
    """Group the series by their times (from their first) and weights."""
    groups: dict[bytes, list[int]] = {}
    for k in range(series.n_series):
        n = series.lengths[k]
        relative = series.times[k, :n] - series.times[k, 0]
        # Nine digits: the same schedule must not fall apart for the last bit of a subtraction.
        schedule = f"{relative[-1]:.9g}".encode() + np.round(relative / relative[-1], 9).tobytes()
        groups.setdefault(schedule + series.weights[k, :n].tobytes(), []).append(k)  # type: ignore[index]
    out = []
    for members in groups.values():
        n = series.lengths[members[0]]
        times = series.times[members[0], :n] - series.times[members[0], 0]
        weights = series.weights[members[0], :n]  # type: ignore[index]
        grid, at = refine(times)
        out.append(Design(np.array(members), times, 1.0 / weights, grid, at))
    if series.steady is not None:
        out += _settled(series.steady, series.n_series)
    return out


def _settled(steady: SteadyStates, first: int) -> list[Design]:
    """Samples at rest, one design per weight; they are counted on from the last series."""
    weights = np.asarray(steady.weights)
    one = np.zeros(1)
    return [
        Design(first + np.flatnonzero(weights == w), one, np.array([1.0 / w]), one, np.zeros(1, dtype=np.int64), True)
        for w in np.unique(weights)
    ]


def refine(times: Float[ndarray, " times"]) -> tuple[Float[ndarray, " grid"], Int[ndarray, " times"]]:
    """A grid that holds the times, has about 16 steps or more, and is finest at the start.

    Trajectories move fastest where they leave their initial state; long series are sampled finely enough as they are.
    """
    n = len(times)
    parts = np.full(n - 1, max(1, round(16 / (n - 1))))
    if n <= LONG:
        longest = np.diff(times).max()
        parts = np.maximum(1, np.round(parts * np.diff(times) / longest)).astype(int)
        parts[0] = max(2 * parts[0], 4)
    pieces = [np.linspace(times[k], times[k + 1], parts[k], endpoint=False) for k in range(n - 1)]
    return np.append(np.concatenate(pieces), times[-1]), np.concatenate([[0], np.cumsum(parts)])


def with_jumps(design: Design, jumps: Float[ndarray, " some"]) -> Design:
    """The same design with these times twice on its grid, if they lie inside."""
    grid, at = design.grid, design.at
    for time in np.unique(jumps):
        near = int(np.argmin(np.abs(grid - time)))
        inside = 0 < near < len(grid) - 1 and abs(grid[near] - time) <= 1e-9 * grid[-1]
        if inside and grid[near + 1] > grid[near]:
            grid = np.insert(grid, near, grid[near])
            at = at + (at > near)
    return replace(design, grid=grid, at=at)


def typical_step(all_designs: list[Design]) -> float:
    """Median time between two observations."""
    return float(np.median(np.concatenate([np.diff(d.times) for d in all_designs])))


def rate_grid(all_designs: list[Design], count: int = 9, *, fastest: float = 4.0) -> Float[ndarray, " rates"]:
    """Rates that these times can tell apart: a half-life of twice the longest series to `fastest` / typical step."""
    total = max(d.times[-1] for d in all_designs)
    return np.geomspace(0.3 / total, max(fastest / typical_step(all_designs), 1.2 / total), count)


def convolution(grid: Float[ndarray, " grid"], rate: float) -> Float[ndarray, "grid grid"]:
    r"""Matrix of :math:`f \mapsto \int_0^t d e^{-d(t-u)} f(u)\,du` at the grid points, f linear between them.

    Over one step h the integral is exact: with a = 1 - exp(-d h), the end weighs 1 - a/(d h) and the start
    a/(d h) - exp(-d h).
    """
    out = np.zeros((len(grid), len(grid)))
    for k, h in enumerate(np.diff(grid)):
        if h == 0.0:
            out[k + 1] = out[k]
            continue
        decay, ratio = np.exp(-rate * h), -np.expm1(-rate * h) / (rate * h)
        out[k + 1] = decay * out[k]
        out[k + 1, k] += ratio - decay
        out[k + 1, k + 1] += 1.0 - ratio
    return out


def lag(grid: Float[ndarray, " grid"], rate: float) -> Float[ndarray, "grid grid"]:
    r"""Matrix of a first-order lag, :math:`\dot p = d_p (x - p)`, p(0) = x(0): the protein between two genes."""
    out = convolution(grid, rate)
    out[:, 0] += np.exp(-rate * grid)
    return out

"""Experiments on a simulated system: what is sampled when, and with what noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.simulate.system import System
from grn_l0.timeseries import TimeSeries

SHORT_TIMES = (0.0, 2.0, 3.0, 7.0, 9.0)


def initial_states(system: System, n: int, seed: int | np.random.Generator = 0) -> Float[ndarray, "series genes"]:
    """Random states in [0, 1]: Beta(2, 2) around a level of each gene's own; inputs narrower and correlated.

    Inputs are clipped normal around means ~ Beta(10, 10), as in the SIM350 training draw.
    """
    rng = np.random.default_rng(seed)
    genes = len(system.genes)
    start = np.clip(rng.beta(2, 2, (n, genes)) + rng.uniform(-0.25, 0.25, genes), 0, 1)
    k = int(system.inputs.sum())
    if k:
        mean = rng.beta(10, 10, k)
        spread = rng.beta(15, 15, k) * np.minimum(mean, 1 - mean) / 1.5
        factor = rng.standard_normal((k, k + 5))
        factor /= np.linalg.norm(factor, axis=1, keepdims=True)
        drawn = rng.standard_normal((n, k + 5)) @ factor.T
        start[:, system.inputs] = np.clip(mean + spread * drawn, 0, 1)
    return start


def short_trajectories(
    system: System, n: int = 50, times: Sequence[float] = SHORT_TIMES, noise: float = 0.05, seed: int = 0
) -> TimeSeries:
    """Many relaxations from random initial states, inputs constant in each.

    Parameters
    ----------
    n
        Number of trajectories.
    times
        Increasing; the initial state is at the first.
    noise
        Standard deviation of the Gaussian noise on every value.
    seed
        The same seed gives the same trajectories at every noise level.
    """
    _check(n, noise)
    rng = np.random.default_rng(seed)
    at = np.asarray(times, dtype=np.float64)
    values = system.solve(initial_states(system, n, rng), at)
    return _series(system, values + noise * rng.standard_normal(values.shape), at)


def long_series(
    system: System,
    n: int = 1,
    times: Sequence[float] | None = None,
    noise: float = 0.05,
    seed: int = 0,
    *,
    drive: float = 0.2,
    memory: float = 5.0,
) -> TimeSeries:
    """One or a few long series that inputs keep moving.

    Without changing inputs a system settles after a few times 1 / d and shows nothing more. Here each input is a
    clipped Ornstein-Uhlenbeck process, constant between observations.

    Parameters
    ----------
    n
        Number of series.
    times
        Increasing; 0, 1, ..., 99 by default.
    noise
        As in :func:`short_trajectories`.
    seed
        Decides everything.
    drive
        Stationary standard deviation of the inputs.
    memory
        Correlation time of the inputs.
    """
    _check(n, noise)
    at = np.arange(100.0) if times is None else np.asarray(times, dtype=np.float64)
    if len(at) < 2 or not drive >= 0 or not memory > 0:
        raise OptionError("a long series needs at least two times, drive >= 0 and memory > 0")
    rng = np.random.default_rng(seed)
    now = initial_states(system, n, rng)
    level = now[:, system.inputs].copy()
    away = drive * rng.standard_normal(level.shape)
    values = np.empty((n, len(at), len(system.genes)))
    for k, time in enumerate(at):
        if k:
            now = system.solve(now, np.array([at[k - 1], time]), rtol=1e-7, atol=1e-9)[:, 1]
            keep = np.exp(-(time - at[k - 1]) / memory)
            away = keep * away + np.sqrt(1 - keep**2) * drive * rng.standard_normal(away.shape)
        now[:, system.inputs] = np.clip(level + away, 0, 1)
        values[:, k] = now
    return _series(system, values + noise * rng.standard_normal(values.shape), at)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """Single cells along pseudotime.

    Attributes
    ----------
    genes
        Names of the N genes.
    counts
        Molecules, shape (C, N).
    pseudotime
        Between 0 and 1, shape (C,), not sorted.
    donor
        Position of each cell's donor, shape (C,).
    """

    genes: tuple[str, ...]
    counts: Int[ndarray, "cells genes"]
    pseudotime: Float[ndarray, " cells"]
    donor: Int[ndarray, " cells"]


def pseudotime_cells(
    system: System,
    cells: int = 1000,
    donors: int = 3,
    seed: int = 0,
    *,
    duration: float = 6.0,
    depth: float = 5.0,
    overdispersion: float = 0.3,
    jitter: float = 0.02,
) -> Cells:
    """Cells caught at random moments of each donor's trajectory, counted with gamma-Poisson noise.

    Parameters
    ----------
    cells, donors
        Numbers; every donor has its own initial state.
    seed
        Decides everything.
    duration
        Time that pseudotime 0 to 1 stands for.
    depth
        Expected molecules of a gene at expression 1.
    overdispersion
        Squared coefficient of variation beyond Poisson's.
    jitter
        Standard deviation of the error of pseudotime.
    """
    _check(donors, jitter)
    if cells < 2 * donors or not (duration > 0 and depth > 0 and overdispersion >= 0):
        raise OptionError("there must be two cells per donor, duration and depth > 0, overdispersion >= 0")
    rng = np.random.default_rng(seed)
    grid = np.linspace(0, duration, 101)
    paths = system.solve(initial_states(system, donors, rng), grid, rtol=1e-7, atol=1e-9)
    donor = rng.permutation(np.arange(cells) % donors)
    moment = rng.random(cells)
    mean = depth * np.maximum(paths[donor, np.rint(moment * 100).astype(np.intp)], 0)
    if overdispersion:
        mean = mean * rng.gamma(1 / overdispersion, overdispersion, mean.shape)
    return Cells(
        genes=system.genes,
        counts=rng.poisson(mean),
        pseudotime=np.clip(moment + jitter * rng.standard_normal(cells), 0, 1),
        donor=donor,
    )


def _check(n: int, noise: float) -> None:
    if n < 1 or not noise >= 0:
        raise OptionError(f"there must be at least one series and no negative noise, not {n} and {noise}")


def _series(system: System, values: Float[ndarray, "series times genes"], at: Float[ndarray, " times"]) -> TimeSeries:
    return TimeSeries(
        genes=system.genes,
        trajectories=tuple(f"s{k}" for k in range(len(values))),
        values=values,
        times=np.tile(at, (len(values), 1)),
    )

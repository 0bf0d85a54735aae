"""Experiments on a simulated system: what is sampled when, and with what noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, ndarray
from grn_l0.simulate.system import Change, System
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
    check(n, noise)
    rng = np.random.default_rng(seed)
    at = np.asarray(times, dtype=np.float64)
    values = system.solve(initial_states(system, n, rng), at)
    return named_series(system, values + noise * rng.standard_normal(values.shape), at)


def long_series(
    system: System,
    n: int = 1,
    times: Sequence[float] | None = None,
    noise: float = 0.05,
    seed: int = 0,
    *,
    drive: float = 0.2,
    memory: float = 5.0,
    fluctuation: float = 0.0,
    multiplicative: float = 0.0,
    substeps: int = 1,
) -> TimeSeries:
    r"""One or a few long series that inputs, or fluctuations of production, keep moving.

    Without them a system settles after a few times 1 / d and shows nothing more. Each input is a clipped
    Ornstein-Uhlenbeck process, and so is what adds to the basal production of every other gene: each takes
    `substeps` steps h from one observation to the next, of correlation :math:`e^{-h / memory}`, and is constant in
    between.

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
        Correlation time of inputs and fluctuations.
    fluctuation
        Stationary standard deviation of what adds to production; see `Change`.
    multiplicative
        Standard deviation of the multiplicative noise, beside the additive one.
    substeps
        At 1 an input that is measured is the one that acts until the next measurement; with more it moves on in
        between, unseen.

    Raises
    ------
    OptionError
        If an option is outside its range.
    """
    check(n, min(noise, fluctuation, multiplicative))
    at = np.arange(100.0) if times is None else np.asarray(times, dtype=np.float64)
    if len(at) < 2 or not drive >= 0 or not memory > 0 or substeps < 1:
        raise OptionError("a long series needs at least two times, drive >= 0, memory > 0 and a substep or more")
    rng = np.random.default_rng(seed)
    genes = len(system.genes)
    moved = np.flatnonzero(system.inputs)
    now = initial_states(system, n, rng)
    level = now[:, moved].copy()
    away = drive * rng.standard_normal(level.shape)
    added = fluctuation * rng.standard_normal((n, genes)) if fluctuation else np.zeros((n, genes))
    values = np.empty((n, len(at), genes))
    now[:, moved] = np.clip(level + away, 0, 1)
    values[:, 0] = now[:, :genes]
    for k in range(1, len(at)):
        step = np.array([0.0, (at[k] - at[k - 1]) / substeps])
        keep = np.exp(-step[1] / memory)
        for _ in range(substeps):
            change = Change(shift=added) if fluctuation else None
            now = system.states(now, step, change=change, rtol=1e-7, atol=1e-9)[:, 1]
            away = keep * away + np.sqrt(1 - keep**2) * drive * rng.standard_normal(away.shape)
            if fluctuation:
                added = keep * added + np.sqrt(1 - keep**2) * fluctuation * rng.standard_normal(added.shape)
            now[:, moved] = np.clip(level + away, 0, 1)
        values[:, k] = now[:, :genes]
    values = values + noise * rng.standard_normal(values.shape)
    if multiplicative:
        values = values * (1 + multiplicative * rng.standard_normal(values.shape))
    return named_series(system, values, at)


def irregular(
    system: System,
    n: int = 30,
    times: tuple[int, int] = (4, 10),
    *,
    duration: float = 8.0,
    missing: float = 0.1,
    noise: float = 0.05,
    seed: int = 0,
) -> TimeSeries:
    """Relaxations from random initial states, each with a number of times and times of its own, and values missing.

    Parameters
    ----------
    n
        Number of series.
    times
        Least and greatest number of times of a series; the first time is 0, the others are uniform up to `duration`.
    duration
        Longest time.
    missing
        Probability that a value is missing; never all values of a gene.
    noise
        As in :func:`short_trajectories`.
    seed
        Decides everything.

    Raises
    ------
    OptionError
        If an option is outside its range.
    """
    check(n, noise)
    low, high = times
    if not 2 <= low <= high or not duration > 0 or not 0 <= missing < 1:
        raise OptionError("irregular series need two times or more, in order, a duration > 0 and missing in [0, 1)")
    rng = np.random.default_rng(seed)
    start = initial_states(system, n, rng)
    values, at = np.full((n, high, len(system.genes)), np.nan), np.full((n, high), np.nan)
    for k in range(n):
        length = int(rng.integers(low, high + 1))
        at[k, :length] = np.concatenate([[0.0], np.sort(rng.uniform(0.02 * duration, duration, length - 1))])
        values[k, :length] = system.solve(start[k : k + 1], at[k, :length], rtol=1e-7, atol=1e-9)[0]
    values = values + noise * rng.standard_normal(values.shape)
    gone = rng.random(values.shape) < missing
    gone[0, 0] = False
    return TimeSeries(
        genes=system.genes,
        trajectories=tuple(f"s{k}" for k in range(n)),
        values=np.where(gone, np.nan, values),
        times=at,
    )


def check(n: int, noise: float) -> None:
    """Refuse fewer than one series, and negative noise."""
    if n < 1 or not noise >= 0:
        raise OptionError(f"there must be at least one series and no negative noise, not {n} and {noise}")


def named_series(
    system: System, values: Float[ndarray, "series times genes"], at: Float[ndarray, " times"]
) -> TimeSeries:
    """Values, shape (S, T, N), as series s0, s1, ... with the same times."""
    return TimeSeries(
        genes=system.genes,
        trajectories=tuple(f"s{k}" for k in range(len(values))),
        values=values,
        times=np.tile(at, (len(values), 1)),
    )

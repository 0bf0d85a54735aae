"""Single cells along pseudotime, with donors and branches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.simulate.designs import check, initial_states
from grn_l0.simulate.stimulus import strong_change
from grn_l0.simulate.system import Change, System
from grn_l0.timeseries import TimeSeries

#: Moments at which each path is known.
GRID = 101


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
    branch
        0 before the fork, then 1, 2, ...; shape (C,).
    """

    genes: tuple[str, ...]
    counts: Int[ndarray, "cells genes"]
    pseudotime: Float[ndarray, " cells"]
    donor: Int[ndarray, " cells"]
    branch: Int[ndarray, " cells"]


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
    branches: int = 1,
    fork: float = 0.4,
    fate: float = 0.15,
) -> Cells:
    """Cells caught at random moments of each donor's trajectory, counted with gamma-Poisson noise.

    With two branches or more, all cells of a donor share the path up to the fork; from there on a signal changes the
    basal production of some genes (`strong_change`), other genes in each branch but the same in all donors.

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
    branches
        Number of fates; 1 for none.
    fork
        Pseudotime at which the branches part.
    fate
        Probability that a gene's production is changed by a branch's signal.

    Raises
    ------
    OptionError
        If an option is outside its range.
    """
    check(donors, jitter)
    if branches < 1 or not 0 < fork < 1 or not 0 <= fate <= 1:
        raise OptionError("there must be a branch or more, a fork between 0 and 1, and a fate in [0, 1]")
    if cells < 2 * donors or not (duration > 0 and depth > 0 and overdispersion >= 0):
        raise OptionError("there must be two cells per donor, duration and depth > 0, overdispersion >= 0")
    rng = np.random.default_rng(seed)
    paths = _paths(system, initial_states(system, donors, rng), duration, branches, fork, fate, rng)
    donor = rng.permutation(np.arange(cells) % donors)
    moment = rng.random(cells)
    position = np.rint(moment * (GRID - 1)).astype(np.intp)
    branch = np.zeros(cells, dtype=np.int64)
    if branches > 1:
        after = position > round(fork * (GRID - 1))
        branch = np.where(after, rng.integers(1, branches + 1, cells), 0)
    mean = depth * np.maximum(paths[np.maximum(branch, 1) - 1, donor, position], 0)
    if overdispersion:
        mean = mean * rng.gamma(1 / overdispersion, overdispersion, mean.shape)
    return Cells(
        genes=system.genes,
        counts=rng.poisson(mean),
        pseudotime=np.clip(moment + jitter * rng.standard_normal(cells), 0, 1),
        donor=donor,
        branch=branch,
    )


def _paths(
    system: System,
    start: Float[ndarray, "donors genes"],
    duration: float,
    branches: int,
    fork: float,
    fate: float,
    rng: np.random.Generator,
) -> Float[ndarray, "branches donors grid genes"]:
    grid = np.linspace(0, duration, GRID)
    if branches == 1:
        return system.solve(start, grid, rtol=1e-7, atol=1e-9)[None]
    at = round(fork * (GRID - 1))
    trunk = system.states(start, grid[: at + 1], rtol=1e-7, atol=1e-9)
    signal = strong_change(system, branches, fate, rng).shift
    ends = [
        system.states(trunk[:, -1], grid[at:], change=Change(shift=row[None]), rtol=1e-7, atol=1e-9)[:, 1:]
        for row in np.asarray(signal)
    ]
    whole = np.stack([np.concatenate([trunk, end], axis=1) for end in ends])
    return np.asarray(whole[..., : len(system.genes)])


def binned(cells: Cells, bins: int = 20, *, duration: float = 6.0) -> TimeSeries:
    """Mean counts of the cells of each donor and branch in equal bins of pseudotime, with the number of cells.

    Parameters
    ----------
    cells
        As from `pseudotime_cells`.
    bins
        Over the whole of pseudotime; empty ones are left out.
    duration
        Time that pseudotime 0 to 1 stands for.

    Returns
    -------
    One series for each donor and branch that has cells in two bins or more; `weights` are the numbers of cells, times
    the mean pseudotime of a bin's cells.
    """
    rows: list[tuple[str, list[Float[ndarray, " genes"]], list[float], list[int]]] = []
    place = np.minimum((cells.pseudotime * bins).astype(np.int64), bins - 1)
    for donor in np.unique(cells.donor):
        for branch in np.unique(cells.branch):
            means, at, count = [], [], []
            for k in range(bins):
                chosen = (cells.donor == donor) & (cells.branch == branch) & (place == k)
                if chosen.any():
                    means.append(cells.counts[chosen].mean(axis=0))
                    at.append(float(cells.pseudotime[chosen].mean()) * duration)
                    count.append(int(chosen.sum()))
            if len(at) > 1:
                rows.append((f"d{donor}b{branch}", means, at, count))
    if not rows:
        raise OptionError("no donor has cells in two bins; give more cells or fewer bins")
    longest = max(len(at) for _, _, at, _ in rows)
    values = np.full((len(rows), longest, len(cells.genes)), np.nan)
    times, weights = np.full((len(rows), longest), np.nan), np.ones((len(rows), longest))
    for k, (_, means, at, count) in enumerate(rows):
        values[k, : len(at)], times[k, : len(at)], weights[k, : len(at)] = np.array(means), at, count
    names = tuple(name for name, *_ in rows)
    return TimeSeries(genes=cells.genes, trajectories=names, values=values, times=times, weights=weights)

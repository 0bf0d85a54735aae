"""Several observations of one trajectory at one time: averaged, or told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grn_l0._errors import StimulusError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.pp._columns import natural_order


@dataclass(frozen=True, kw_only=True, eq=False)
class Observations:
    """Rows of measurements: times, position of the trajectory, weights and stimuli (rows, K).

    `of` says which row each sample belongs to; its expression is the mean of its samples.
    """

    of: Int[ndarray, " samples"]
    time: Float[ndarray, " rows"]
    group: Int[ndarray, " rows"]
    names: tuple[str, ...]
    weights: Float[ndarray, " rows"]
    stimuli: Float[ndarray, "rows stimuli"]
    kind: Int[ndarray, " rows"]


def averaged(rows: Observations, stimulus_names: tuple[str, ...]) -> Observations:
    """One observation per trajectory and time: the mean of its replicates, which weighs as many as they are.

    A gene that was not measured in all of them is the mean of those in which it was.

    Raises
    ------
    StimulusError
        If replicates of one time were not under the same stimuli.
    """
    order = np.lexsort((rows.time, rows.group))
    keys = np.stack([rows.group, rows.time])[:, order]
    new = np.concatenate([[True], (np.diff(keys) != 0).any(axis=0)])
    first = np.flatnonzero(new)
    at = np.cumsum(new) - 1
    apart = rows.stimuli[order] != rows.stimuli[order][first][at]
    if apart.any():
        row, k = np.argwhere(apart)[0]
        one = order[row]
        raise StimulusError(
            f"stimulus {stimulus_names[k]!r} differs among replicates at time {rows.time[one]:g} of trajectory "
            f"{rows.names[rows.group[one]]!r}; samples under another stimulus are another trajectory"
        )
    kept = order[first]
    of = np.empty(len(order), dtype=np.int64)
    of[order] = at
    return replace(
        rows,
        of=of,
        time=rows.time[kept],
        group=rows.group[kept],
        weights=np.add.reduceat(rows.weights[order], first),
        stimuli=rows.stimuli[kept],
        kind=rows.kind[kept],
    )


def separated(rows: Observations, labels: Sequence[str], stimulus_names: tuple[str, ...]) -> Observations:
    """The k-th replicate of every time is the k-th trajectory: "name", "name:2", "name:3" ...

    Replicates are counted in the order of their `labels` (s2 before s10), and among those of the same treatment: a
    control never follows a treated sample, though some sample may be lost. Which of one time belongs to which of the
    next makes no difference where every time was sampled from other individuals.

    Raises
    ------
    StimulusError
        If replicates of one time are under different stimuli, and their levels change over time: then nothing tells
        which samples follow one another.
    """
    rank = np.empty(len(labels), dtype=np.int64)
    rank[natural_order(labels)] = np.arange(len(labels))
    treated = _treatments(rows, stimulus_names)
    order = np.lexsort((rank, rows.time, treated, rows.group))
    keys = np.stack([rows.group, treated, rows.time])[:, order]
    new = np.concatenate([[True], (np.diff(keys) != 0).any(axis=0)])
    first = np.flatnonzero(new)
    nth = np.empty(len(order), dtype=np.int64)
    nth[order] = np.arange(len(order)) - first[np.cumsum(new) - 1]
    triples = list(zip(rows.group.tolist(), treated.tolist(), nth.tolist(), strict=True))
    place = {triple: k for k, triple in enumerate(sorted(set(triples)))}
    names, count = list[str](), dict[int, int]()
    for g, _, _ in place:
        count[g] = count.get(g, 0) + 1
        names.append(rows.names[g] if count[g] == 1 else f"{rows.names[g]}:{count[g]}")
    return replace(rows, group=np.array([place[t] for t in triples], dtype=np.int64), names=tuple(names))


def _treatments(rows: Observations, stimulus_names: tuple[str, ...]) -> Int[ndarray, " rows"]:
    """Number of each row's treatment within its trajectory: that of its levels, where they differ at some time."""
    _, level = np.unique(rows.stimuli, axis=0, return_inverse=True)
    level = level.reshape(-1)
    out = np.zeros(len(level), dtype=np.int64)
    for g in range(len(rows.names)):
        of = np.flatnonzero(rows.group == g)
        pairs = np.unique(np.stack([rows.time[of], level[of]]), axis=1)
        times, levels = (len(np.unique(row)) for row in pairs)
        if pairs.shape[1] == times:
            continue  # the same for all replicates of every time: a schedule that they share
        if pairs.shape[1] < times * levels:
            time, had = np.unique(pairs[0], return_counts=True)
            k = np.flatnonzero(np.ptp(rows.stimuli[of], axis=0) > 0)[0]
            raise StimulusError(
                f"stimulus {stimulus_names[k]!r} differs among replicates of trajectory {rows.names[g]!r}, and not all "
                f"of its levels are there at time {time[np.argmin(had)]:g}: which samples follow one another cannot be "
                "told. Name trajectories by treatment: a column of obs with one label per treatment, trajectory_key="
            )
        out[of] = level[of]
    return out

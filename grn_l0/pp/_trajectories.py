"""Whether observations make trajectories, and what to do where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grn_l0._errors import TrajectoryError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.pp._columns import column, labels
from grn_l0.pp._say import some

if TYPE_CHECKING:
    from anndata import AnnData


def check_trajectories(
    adata: AnnData,
    time: Float[ndarray, " cells"],
    group: Int[ndarray, " cells"],
    names: tuple[str, ...],
    time_key: str,
    trajectory_key: str | None,
    replicates: bool,
) -> None:
    """Refuse trajectories of one time, and (but for `replicates`) several observations at one.

    Raises
    ------
    TrajectoryError
        With an example and the fix.
    """
    order = np.lexsort((time, group))
    twice = (np.diff(group[order]) == 0) & (np.diff(time[order]) == 0)
    distinct = np.bincount(group[order], minlength=len(names))
    distinct -= np.bincount(group[order][1:][twice], minlength=len(names))
    if twice.any() and not replicates and not (distinct < 2).all():
        first = order[np.flatnonzero(twice)[0]]
        same = np.flatnonzero((group == group[first]) & (time == time[first]))
        raise TrajectoryError(_replicates(adata, time, group, same, names[group[first]], time_key, trajectory_key))
    short = np.flatnonzero(distinct < 2)
    if short.size:
        if trajectory_key is None:
            raise TrajectoryError(
                f"all observations have the same time ({time[0]:g} in {time_key!r}); a change over time needs at least "
                "2 time points"
            )
        listed = some([names[k] for k in short])
        raise TrajectoryError(
            f"{short.size} of {len(names)} trajectories have one time point only: {listed}; each needs at least 2. "
            f"Drop them, or check that {trajectory_key!r} names whole time courses and {time_key!r} their times; "
            "samples without a time course are marked in a column 'steady_state'"
        )


def _replicates(
    adata: AnnData,
    time: Float[ndarray, " cells"],
    group: Int[ndarray, " cells"],
    same: Int[ndarray, " some"],
    name: str,
    time_key: str,
    trajectory_key: str | None,
) -> str:
    """What to do about several observations of one trajectory at one time."""
    average = "replicates='mean' averages them (--replicates mean), 'separate' makes each a trajectory of its own"
    rows = some(adata.obs_names[same])
    if trajectory_key is None:
        points = np.unique(time).size
        text = f"{adata.n_obs:,} observations lie at {points} times ({time_key!r}) and no trajectory column was named, "
        text += f"so {same.size:,} of them share time {time[same[0]]:g}. "
        fitting = _fitting_column(adata, time, time_key)
        if fitting is not None:
            return text + f"Column {fitting!r} tells them apart: trajectory_key={fitting!r}"
        return text + (
            "If they are single cells, order them along the process (pseudotime_key=...). If they are replicates, "
            f"name the column that tells them apart (trajectory_key=...), or {average}"
        )
    text = f"trajectory {name!r} has time {time[same[0]]:g} {same.size} times ({rows}). "
    alone = _fitting_column(adata, time, time_key)
    if alone is not None:
        return text + f"Column {alone!r} tells them apart: trajectory_key={alone!r}. If they are replicates, {average}"
    fitting = _fitting_column(adata, time, time_key, group)
    if fitting is not None:
        return text + (
            f"Column {fitting!r} tells them apart: adata.obs['series'] = adata.obs[{trajectory_key!r}].astype(str) + "
            f"'_' + adata.obs[{fitting!r}].astype(str) and trajectory_key='series'. If they are replicates, {average}"
        )
    return text + (
        f"If they are replicates, {average}; no column of adata.obs tells them apart, but one that does can be made "
        "part of the trajectory's name"
    )


def _fitting_column(
    adata: AnnData, time: Float[ndarray, " cells"], time_key: str, group: Int[ndarray, " cells"] | None = None
) -> str | None:
    """First column of labels that would make trajectories with distinct times of the observations, or of each group."""
    for key in map(str, adata.obs.columns):
        if key == time_key or column(adata, key, "column").isna().any():
            continue
        names, own = labels(adata, key, "column")
        whole = own if group is None else group * len(names) + own
        count = np.unique(whole, return_counts=True)[1]
        if len(np.unique(np.stack([whole, time]), axis=1).T) == len(time) and (count >= 2).all():
            return key
    return None

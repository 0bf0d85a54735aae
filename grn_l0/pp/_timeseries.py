"""AnnData object to `TimeSeries`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grn_l0._errors import OptionError, TrajectoryError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.pp._columns import column, labels, numbers
from grn_l0.pp._expression import check_values, expression, is_sparse
from grn_l0.pp._pseudotime import check_pseudotime, series_of_bins
from grn_l0.pp._say import some
from grn_l0.timeseries import TimeSeries
from grn_l0.timeseries.timeseries import check_genes

if TYPE_CHECKING:
    from anndata import AnnData


def to_timeseries(
    adata: AnnData,
    *,
    time_key: str | None = "time",
    trajectory_key: str | None = None,
    pseudotime_key: str | None = None,
    layer: str | None = None,
    n_bins: int | None = None,
) -> TimeSeries:
    """Expression over time from an AnnData object, checked.

    Parameters
    ----------
    adata
        Observations x genes; rows in any order, `adata.X` in any storage. NaN is missing data.
    time_key
        Column of ``adata.obs`` with the time of each observation, numbers in any one unit. Ignored (when left at
        its default) if `pseudotime_key` is given.
    trajectory_key
        Column of ``adata.obs`` that tells which observations follow one another: the sample, the well, the
        replicate; the donor for pseudotime. One observation per trajectory and time. Without it all observations
        are one trajectory.
    pseudotime_key
        Column of ``adata.obs`` with the pseudotime of each cell. The cells of each trajectory are sorted by it and
        averaged in bins of equal numbers of cells (see `bin_cells`), which then are its observations, weighted by
        their number of cells. Cells without a finite pseudotime are left out, with a warning.
    layer
        Layer to use instead of ``adata.X``.
    n_bins
        Bins per trajectory for pseudotime; by default `default_bins` of its number of cells.

    Returns
    -------
    TimeSeries
        Genes in the order of `adata`. The result does not depend on the order of the rows.

    Raises
    ------
    MissingKeyError
        For a key or layer that is not there; with those there are.
    TimeError
        For a time that is not a finite number.
    TrajectoryError
        For a trajectory with fewer than two times, without any value, or with the same time twice.
    ExpressionError
        For values that are infinite or not numeric, genes that are missing throughout, or too few genes.
    GeneNameError
        For gene names that are not unique.
    OptionError
        For `pseudotime_key` together with another `time_key`, or `n_bins` without the former.

    Warns
    -----
    GrnWarning
        For constant genes, raw counts, cells or trajectories left out, pseudotimes on different scales.
    """
    if pseudotime_key is not None and time_key not in (None, "time", pseudotime_key):
        raise OptionError(
            f"time_key {time_key!r} and pseudotime_key {pseudotime_key!r} exclude each other; keep one of them"
        )
    if pseudotime_key is None and time_key is None:
        raise OptionError("time_key is None; name the column of adata.obs with the times, or give pseudotime_key")
    if pseudotime_key is None and n_bins is not None:
        raise OptionError(f"n_bins is {n_bins}, but bins are made along pseudotime only; give pseudotime_key")
    genes = tuple(str(g) for g in adata.var_names)
    check_genes(genes)
    names, group = labels(adata, trajectory_key, "the trajectory key")
    where = "adata.X" if layer is None else f"layer {layer!r}"
    if pseudotime_key is not None:
        time = numbers(adata, pseudotime_key, "the pseudotime key", missing=True)
        keep = check_pseudotime(time, pseudotime_key)
        matrix = expression(adata, layer)[keep]
        check_values(matrix, genes, where)
        return series_of_bins(matrix, time[keep], group[keep], genes, names, n_bins)
    time = numbers(adata, str(time_key), "the time key")
    if adata.n_obs:
        _check_trajectories(adata, time, group, names, str(time_key), trajectory_key)
    matrix = expression(adata, layer)
    check_values(matrix, genes, where)
    return _stack(matrix.toarray() if is_sparse(matrix) else matrix, time, group, genes, names)


def _stack(
    values: Float[ndarray, "cells genes"],
    time: Float[ndarray, " cells"],
    group: Int[ndarray, " cells"],
    genes: tuple[str, ...],
    names: tuple[str, ...],
) -> TimeSeries:
    order = np.lexsort((time, group))
    count = np.bincount(group, minlength=len(names))
    row = group[order]
    place = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    times = np.full((len(names), int(count.max())), np.nan)
    stacked = np.full((*times.shape, len(genes)), np.nan)
    times[row, place] = time[order]
    stacked[row, place] = values[order]
    empty = np.flatnonzero(~np.isfinite(stacked).any(axis=(1, 2)))
    if empty.size:
        raise TrajectoryError(
            f"{empty.size} trajectories have no measured value at all ({some([names[k] for k in empty])}); drop them"
        )
    return TimeSeries(genes=genes, trajectories=names, values=stacked, times=times)


def _check_trajectories(
    adata: AnnData,
    time: Float[ndarray, " cells"],
    group: Int[ndarray, " cells"],
    names: tuple[str, ...],
    time_key: str,
    trajectory_key: str | None,
) -> None:
    order = np.lexsort((time, group))
    twice = (np.diff(group[order]) == 0) & (np.diff(time[order]) == 0)
    distinct = np.bincount(group[order], minlength=len(names))
    distinct -= np.bincount(group[order][1:][twice], minlength=len(names))
    if twice.any() and not (distinct < 2).all():
        first = order[np.flatnonzero(twice)[0]]
        same = np.flatnonzero((group == group[first]) & (time == time[first]))
        raise TrajectoryError(_replicates(adata, time, same, names[group[first]], time_key, trajectory_key))
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
            f"Drop them, or check that {trajectory_key!r} names whole time courses and {time_key!r} their times"
        )


def _replicates(
    adata: AnnData,
    time: Float[ndarray, " cells"],
    same: Int[ndarray, " some"],
    name: str,
    time_key: str,
    trajectory_key: str | None,
) -> str:
    """What to do about several observations of one trajectory at one time."""
    average = f"scanpy.get.aggregate(adata, by={[k for k in (trajectory_key, time_key) if k]}, func='mean')"
    average += " and layer='mean' average them"
    rows = some(adata.obs_names[same])
    if trajectory_key is None:
        points = np.unique(time).size
        text = f"{adata.n_obs:,} observations lie at {points} times ({time_key!r}) and no trajectory column was named, "
        text += f"so {same.size:,} of them share time {time[same[0]]:g}. "
        fitting = _fitting_column(adata, time, time_key)
        if fitting is not None:
            return text + f"Column {fitting!r} tells them apart: trajectory_key={fitting!r}"
        return text + (
            "If they are replicates, name the column that tells them apart (trajectory_key=...). If they are "
            f"single cells, order them along the process (pseudotime_key=...). Or {average}"
        )
    return (
        f"trajectory {name!r} has time {time[same[0]]:g} {same.size} times ({rows}). If they are replicates, make each "
        f"a trajectory of its own (adata.obs['series'] = adata.obs[{trajectory_key!r}].astype(str) + '_' + "
        f"adata.obs['replicate'].astype(str); trajectory_key='series'). Or {average}"
    )


def _fitting_column(adata: AnnData, time: Float[ndarray, " cells"], time_key: str) -> str | None:
    """First column of labels that would make trajectories with distinct times out of the observations."""
    for key in map(str, adata.obs.columns):
        if key == time_key or column(adata, key, "column").isna().any():
            continue
        names, group = labels(adata, key, "column")
        count = np.bincount(group, minlength=len(names))
        if len(np.unique(np.stack([group, time]), axis=1).T) == len(time) and (count >= 2).all():
            return key
    return None

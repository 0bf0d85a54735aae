"""AnnData object to `TimeSeries`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from grn_l0._errors import OptionError, TrajectoryError
from grn_l0._typing import Float, ndarray
from grn_l0.pp._branches import Courses, branches
from grn_l0.pp._checks import ValueCheck
from grn_l0.pp._columns import labels, numbers
from grn_l0.pp._conditions import AUTO, Conditions, check_steady, conditions, per_trajectory, same_along
from grn_l0.pp._expression import Expression
from grn_l0.pp._overlooked import warn_of_mixed, warn_of_pooled
from grn_l0.pp._pseudotime import check_pseudotime, series_of_bins
from grn_l0.pp._replicates import Observations, averaged, separated
from grn_l0.pp._say import some
from grn_l0.pp._sums import GroupSums, read_sums
from grn_l0.pp._trajectories import check_trajectories
from grn_l0.timeseries import SteadyStates, TimeSeries
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
    branch_key: str | None = None,
    stimulus_key: str | Sequence[str] | None = None,
    knockout_key: str | None = AUTO,
    steady_key: str | None = AUTO,
    replicates: Literal["mean", "separate"] | None = None,
) -> TimeSeries:
    """Expression over time from an AnnData object, checked.

    Parameters
    ----------
    adata
        Observations x genes; rows in any order, `adata.X` in any storage, also backed. NaN is missing data. Values
        are read in blocks, and cells that are averaged never all stand in memory as a dense array.
    time_key
        Column of ``adata.obs`` with the time of each observation, numbers in any one unit. Ignored (when left at
        its default) if `pseudotime_key` is given.
    trajectory_key
        Column of ``adata.obs`` that tells which observations follow one another: the sample, the well, the
        replicate; the donor for pseudotime. One observation per trajectory and time (but see `replicates`). Without
        it all observations are one trajectory.
    pseudotime_key
        Column of ``adata.obs`` with the pseudotime of each cell. The cells of each trajectory are sorted by it and
        averaged in bins of equal numbers of cells (see `bin_cells`), which then are its observations, weighted by
        their number of cells. Cells without a finite pseudotime are left out, with a warning.
    layer
        Layer to use instead of ``adata.X``.
    n_bins
        Bins per trajectory for pseudotime; by default `default_bins` of its number of cells.
    branch_key
        Column of ``adata.obs`` with the branch of each cell along pseudotime. Every branch of a trajectory is a
        trajectory; cells without a branch (missing, or "trunk") belong to all branches of theirs, and weigh
        accordingly less in each.
    stimulus_key
        One or more columns of ``adata.obs`` with the level of a stimulus: 0 and 1, true and false, or a dose. The level
        of an observation lasts until the next one of its trajectory. Along pseudotime it must be the same in all cells
        of a trajectory.
    knockout_key
        Column of ``adata.obs`` with the gene that is knocked out in each sample, or several with commas between; empty,
        missing, "none" or "WT" for wild type. The same throughout a trajectory. By default the column ``knockout`` if
        there is one; None for no such column.
    steady_key
        Column of ``adata.obs`` that is true for samples without a time course, which are in a steady state (the
        opposite of Inferelator's ``isTs``). Their time must be missing; they need no trajectory. By default the column
        ``steady_state`` if there is one; None for no such column.
    replicates
        What to do with several observations of one trajectory at one time: "mean" averages them to one that weighs as
        many as they are; "separate" makes the k-th of every time the k-th trajectory. By default they are an error.

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
    StimulusError, KnockoutError, NameMatchError
        For levels and knock-outs that cannot be.
    OptionError
        For `pseudotime_key` together with another `time_key`, steady states or replicates; `n_bins` or `branch_key`
        without it.

    Warns
    -----
    GrnWarning
        For constant genes, raw counts, cells or trajectories left out, pseudotimes on different scales, donors that are
        pooled, and replicates that differ in a column of few levels.
    """
    _check_options(time_key, pseudotime_key, n_bins, branch_key, replicates)
    genes = tuple(str(g) for g in adata.var_names)
    check_genes(genes)
    done = conditions(adata, genes, stimulus_key, knockout_key, steady_key)
    if pseudotime_key is not None:
        return _of_cells(adata, genes, done, pseudotime_key, trajectory_key, branch_key, layer, n_bins)
    named = {time_key, trajectory_key, *done.stimulus_names, "knockout", "steady_state", knockout_key, steady_key}
    return _of_samples(adata, genes, done, str(time_key), trajectory_key, layer, replicates, named)


def _of_cells(
    adata: AnnData,
    genes: tuple[str, ...],
    done: Conditions,
    pseudotime_key: str,
    trajectory_key: str | None,
    branch_key: str | None,
    layer: str | None,
    n_bins: int | None,
) -> TimeSeries:
    """Bins of cells along pseudotime, per trajectory and branch."""
    if done.steady.any():
        raise OptionError(
            f"{int(done.steady.sum()):,} samples are marked as steady states, which single cells along pseudotime "
            "cannot be; leave them out, or ignore the column (steady_key=None, --steady-key none)"
        )
    names, group = labels(adata, trajectory_key, "the trajectory key")
    time = numbers(adata, pseudotime_key, "the pseudotime key", missing=True)
    keep = check_pseudotime(time, pseudotime_key)
    courses = branches(adata, branch_key, group, names, keep, one=trajectory_key is None)
    expression = Expression(adata, layer)
    binned = series_of_bins(expression, time, courses, genes, n_bins, ValueCheck(expression, keep))
    if trajectory_key is None:
        warn_of_pooled(adata, pseudotime_key)
    return _along_pseudotime(binned, courses, done)


def _of_samples(
    adata: AnnData,
    genes: tuple[str, ...],
    done: Conditions,
    time_key: str,
    trajectory_key: str | None,
    layer: str | None,
    replicates: Literal["mean", "separate"] | None,
    named: set[str | None],
) -> TimeSeries:
    """Time courses in real time, with steady states beside them."""
    course = ~done.steady
    part = adata
    if done.steady.any():
        check_steady(adata, done.steady, numbers(adata, time_key, "the time key", missing=True), time_key)
        part = adata[course]
    time = numbers(part, time_key, "the time key")
    if adata.n_obs and not course.any():
        raise TrajectoryError("all observations are marked as steady states; at least one time course is needed")
    names, group = labels(part, trajectory_key, "the trajectory key")
    if adata.n_obs:
        check_trajectories(part, time, group, names, time_key, trajectory_key, replicates is not None)
    expression = Expression(adata, layer)
    found = Observations(
        of=np.arange(len(time)),
        time=time,
        group=group,
        names=names,
        weights=np.ones(len(time)),
        stimuli=done.stimuli[course],
        kind=done.kind[course],
    )
    # Before replicates are averaged, which would hide a knock-out in some of them.
    per_trajectory(found.kind, group, names, done.kinds)
    if replicates == "mean":
        found = averaged(found, done.stimulus_names)
    elif replicates == "separate":
        found = separated(found, [str(n) for n in part.obs_names], done.stimulus_names)
        alone = np.flatnonzero(np.bincount(found.group) < 2)
        if alone.size:
            raise TrajectoryError(
                f"replicates='separate' leaves trajectories of one time ({some([found.names[k] for k in alone])}): "
                "some times have more replicates than others; use replicates='mean'"
            )
    if replicates is not None:
        warn_of_mixed(part, time, group, done.stimuli[course], named, replicates)
    return _stack(found, genes, done, expression)


def _check_options(
    time_key: str | None,
    pseudotime_key: str | None,
    n_bins: int | None,
    branch_key: str | None,
    replicates: str | None,
) -> None:
    if pseudotime_key is not None and time_key not in (None, "time", pseudotime_key):
        raise OptionError(
            f"time_key {time_key!r} and pseudotime_key {pseudotime_key!r} exclude each other; keep one of them"
        )
    if replicates not in (None, "mean", "separate"):
        raise OptionError(f"replicates must be 'mean' or 'separate', not {replicates!r}")
    if pseudotime_key is not None:
        if replicates is not None:
            raise OptionError("cells along pseudotime are averaged in bins; leave replicates out")
        return
    if time_key is None:
        raise OptionError("time_key is None; name the column of adata.obs with the times, or give pseudotime_key")
    if n_bins is not None:
        raise OptionError(f"n_bins is {n_bins}, but bins are made along pseudotime only; give pseudotime_key")
    if branch_key is not None:
        raise OptionError(
            f"branch_key is {branch_key!r}, but branches lie along pseudotime only; with real time every branch is a "
            "trajectory (trajectory_key)"
        )


def _stack(found: Observations, genes: tuple[str, ...], done: Conditions, expression: Expression) -> TimeSeries:
    """Observations side by side, each the mean of its samples; those in a steady state apart."""
    order = np.lexsort((found.time, found.group))
    count = np.bincount(found.group, minlength=len(found.names))
    row = found.group[order]
    place = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    times = np.full((len(found.names), int(count.max())), np.nan)
    weights = np.ones(times.shape)
    stimuli = np.zeros((*times.shape, len(done.stimulus_names)))
    times[row, place] = found.time[order]
    weights[row, place] = found.weights[order]
    stimuli[row, place] = found.stimuli[order]
    # Samples are added up where they will stand, so that there is one dense copy.
    slot = np.empty(len(order), dtype=np.int64)
    slot[order] = row * times.shape[1] + place
    steady = np.flatnonzero(done.steady)
    sums = GroupSums(
        np.concatenate([np.flatnonzero(~done.steady), steady]),
        np.concatenate([slot[found.of], times.size + np.arange(len(steady))]),
        times.size + len(steady),
        len(genes),
    )
    read_sums(expression, ValueCheck(expression), sums, genes)
    values = sums.mean()
    stacked = values[: times.size].reshape(*times.shape, len(genes))
    empty = np.flatnonzero(~np.isfinite(stacked).any(axis=(1, 2)))
    if empty.size:
        shown = some([found.names[k] for k in empty])
        raise TrajectoryError(f"{empty.size} trajectories have no measured value at all ({shown}); drop them")
    kind = per_trajectory(found.kind, found.group, found.names, done.kinds)
    return TimeSeries(
        genes=genes,
        trajectories=found.names,
        values=stacked,
        times=times,
        weights=weights,
        stimuli=stimuli,
        stimulus_names=done.stimulus_names,
        knockouts=done.knockouts[kind],
        steady=_steady(expression.adata, values[times.size :], done),
    )


def _steady(adata: AnnData, values: Float[ndarray, "samples genes"], done: Conditions) -> SteadyStates | None:
    if not len(values):
        return None
    return SteadyStates(
        names=tuple(str(n) for n in adata.obs_names[done.steady]),
        values=values,
        knockouts=done.knockouts[done.kind[done.steady]],
        stimuli=done.stimuli[done.steady],
    )


def _along_pseudotime(binned: TimeSeries, courses: Courses, done: Conditions) -> TimeSeries:
    """Stimuli and knock-outs, which are the same in all cells of a trajectory."""
    kept = np.array([courses.names.index(name) for name in binned.trajectories], dtype=np.int64)
    kind = per_trajectory(done.kind[courses.rows], courses.group, courses.names, done.kinds)
    level = same_along(done.stimuli[courses.rows], courses.group, courses.names, done.stimulus_names)
    shape = (*binned.times.shape, level.shape[1])
    return replace(
        binned,
        stimuli=np.broadcast_to(level[kept][:, None, :], shape),
        stimulus_names=done.stimulus_names,
        knockouts=done.knockouts[kind[kept]],
    )

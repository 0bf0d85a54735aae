"""Cells along pseudotime: averaged in bins of equal numbers of cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from grn_l0._errors import OptionError, TimeError, TrajectoryError, warn
from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.pp._branches import Courses
from grn_l0.pp._checks import ValueCheck
from grn_l0.pp._expression import Block, Expression
from grn_l0.pp._say import some
from grn_l0.pp._sums import GroupSums, read_sums
from grn_l0.timeseries import TimeSeries

#: Cells below which a trajectory is left out when the number of bins is chosen here.
MIN_CELLS = 10
#: Ratio of the ranges of two trajectories' pseudotimes from which on they are said to be on different scales.
_SCALE_RATIO = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Bins:
    """Bins of one trajectory's cells; B bins, N genes.

    Attributes
    ----------
    values
        Mean over the cells with a value, shape (B, N), NaN if there is none.
    variance
        Sampling variance of that mean (variance between the bin's cells divided by their number), shape (B, N); NaN
        if fewer than two cells have a value.
    times
        Mean pseudotime, shape (B,), strictly increasing.
    cells
        Number of cells, shape (B,).
    weights
        What they count, shape (B,): a cell that several trajectories share is a part of 1 in each.
    """

    values: Float[ndarray, "bins genes"]
    variance: Float[ndarray, "bins genes"]
    times: Float[ndarray, " bins"]
    cells: Float[ndarray, " bins"]
    weights: Float[ndarray, " bins"]


def default_bins(n_cells: int) -> int:
    """Number of bins: the square root of the number of cells, but between 4 and 50.

    As many bins as cells in each of them: resolution along the process and the noise of a bin's mean improve
    together with the number of cells. Beyond 50 bins the time resolution of pseudotime itself is reached.
    """
    return int(min(max(round(math.sqrt(n_cells)), 4), 50))


def bin_cells(
    matrix: Any,
    pseudotime: Float[ndarray, " cells"],
    n_bins: int,
    share: Float[ndarray, " cells"] | None = None,
) -> Bins:
    """Means of cells in bins along pseudotime, with equal numbers of cells.

    The cell of rank r (0 … n - 1; tied cells share the lowest rank of theirs) falls in bin floor(r * n_bins / n), so
    ties never straddle bins, and the bins do not depend on the order of the rows. Bins that remain empty because of
    ties are left out, and neighbours with equal mean pseudotime are merged.

    Parameters
    ----------
    matrix
        Expression, cells x genes: float array (NaN where missing) or sparse rows.
    pseudotime
        Finite, shape (cells,).
    n_bins
        Number of bins asked for, 1 to the number of cells.
    share
        What each cell counts, shape (cells,): less than 1 for those that are in bins of other trajectories too.

    Raises
    ------
    OptionError
        If there are fewer cells than bins.
    """
    order, bins, times = assign_bins(pseudotime, n_bins)
    sums = GroupSums(order, bins[order], len(times), matrix.shape[1], squares=True)
    sums.add(Block(row=0, column=0, values=matrix))
    return _bins_of(sums, slice(0, len(times)), times, bins, share)


def assign_bins(
    pseudotime: Float[ndarray, " cells"], n_bins: int
) -> tuple[Int[ndarray, " cells"], Int[ndarray, " cells"], Float[ndarray, " bins"]]:
    """Cells sorted along their bins, the bin of each cell, and the mean pseudotime of each bin; see `bin_cells`."""
    n = len(pseudotime)
    if not 1 <= n_bins <= n:
        raise OptionError(f"n_bins is {n_bins} for {n} cells; it must lie between 1 and the number of cells")
    ordered = np.sort(pseudotime)
    rank = np.searchsorted(ordered, pseudotime, side="left")
    bins = np.unique(rank * n_bins // n, return_inverse=True)[1]
    while True:
        # Sorted within bins, so that rounding does not depend on the order of the rows.
        order = np.lexsort((pseudotime, bins))
        times = np.bincount(bins[order], weights=pseudotime[order]) / np.bincount(bins)
        equal = np.diff(times) <= 0
        if not equal.any():
            return order, bins, times
        bins = (bins - np.concatenate([[0], np.cumsum(equal)])[bins]).astype(np.int64)


def _bins_of(
    sums: GroupSums,
    part: slice,
    times: Float[ndarray, " bins"],
    bins: Int[ndarray, " cells"],
    share: Float[ndarray, " cells"] | None,
) -> Bins:
    """Mean, and variance of the mean, of the finite values in each bin of one trajectory."""
    total, count = sums.total[part], sums.count()[part]
    squares = np.zeros_like(total) if sums.squares is None else sums.squares[part]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
        variance = np.maximum(squares / count - mean**2, 0.0) / (count - 1)
    return Bins(
        values=mean,
        variance=np.where(count > 1, variance, np.nan),
        times=times,
        cells=np.bincount(bins).astype(np.float64),
        weights=np.bincount(bins, weights=share).astype(np.float64),
    )


class _Plan(NamedTuple):
    """Cells of a trajectory, sorted along its bins."""

    name: str
    rows: Int[ndarray, " cells"]
    bins: Int[ndarray, " cells"]
    times: Float[ndarray, " bins"]
    share: Float[ndarray, " cells"]


def check_pseudotime(time: Float[ndarray, " cells"], key: str) -> Bool[ndarray, " cells"]:
    """Which cells have a finite pseudotime; warns if some do not.

    Raises
    ------
    TimeError
        If none has.
    """
    keep: Bool[ndarray, " cells"] = np.isfinite(time)
    if keep.size and not keep.any():
        raise TimeError(f"pseudotime {key!r} is not finite in any cell; compute it first, such as with scanpy.tl.dpt")
    lost = int((~keep).sum())
    if lost:
        infinite = int(np.isinf(time).sum())
        why = f" ({infinite:,} infinite: scanpy.tl.dpt gives that to cells the root cannot reach)" if infinite else ""
        warn(f"{lost:,} of {keep.size:,} cells have no finite pseudotime in {key!r}{why}; they are left out")
    return keep


def series_of_bins(
    expression: Expression,
    time: Float[ndarray, " cells"],
    courses: Courses,
    genes: tuple[str, ...],
    n_bins: int | None,
    check: ValueCheck,
) -> TimeSeries:
    """Bins of every trajectory with enough cells, padded to one length.

    Parameters
    ----------
    expression, time
        Of all cells.
    courses
        Which cells are on which trajectory.
    genes
        Names.
    n_bins
        Bins per trajectory; None for `default_bins`.
    check
        Of the values, which are read here.

    Raises
    ------
    OptionError
        If `n_bins` is below 2.
    TrajectoryError
        If no trajectory has enough cells.
    """
    if n_bins is not None and n_bins < 2:
        raise OptionError(f"n_bins is {n_bins}; a change along pseudotime needs at least 2 bins")
    need = MIN_CELLS if n_bins is None else n_bins
    names = courses.names
    plans: list[_Plan] = []
    dropped: list[str] = []
    for k, name in enumerate(names):
        cells = np.flatnonzero(courses.group == k)
        rows = courses.rows[cells]
        found = assign_bins(time[rows], n_bins or default_bins(cells.size)) if cells.size >= need else None
        if found is None or len(found[2]) < 2:
            dropped.append(f"{name} ({cells.size} cells)")
        else:
            order, bins, times = found
            plans.append(_Plan(name, rows[order], bins[order], times, courses.share[cells][order]))
    reason = f"have fewer than {need} cells, or cells at one pseudotime only: {some(dropped)}"
    if not plans:
        raise TrajectoryError(
            f"all {len(names)} trajectories {reason}; give fewer bins (n_bins), or a trajectory key with larger groups"
        )
    ends = np.concatenate([[0], np.cumsum([len(p.times) for p in plans])])
    sums = GroupSums(
        np.concatenate([p.rows for p in plans]),
        np.concatenate([p.bins + start for p, start in zip(plans, ends, strict=False)]),
        int(ends[-1]),
        len(genes),
        squares=True,
    )
    read_sums(expression, check, sums, genes)
    if dropped:
        warn(f"{len(dropped)} of {len(names)} trajectories {reason}; they are left out")
    kept: list[tuple[str, Bins]] = [
        (p.name, _bins_of(sums, slice(start, start + len(p.times)), p.times, p.bins, p.share))
        for p, start in zip(plans, ends, strict=False)
    ]
    _compare_scales(kept)
    noisier = relative_variance([bins for _, bins in kept])
    longest = max(len(b.times) for _, b in kept)
    values = np.full((len(kept), longest, len(genes)), np.nan)
    times = np.full((len(kept), longest), np.nan)
    weights = np.ones((len(kept), longest))
    for row, (_, binned) in enumerate(kept):
        length = len(binned.times)
        values[row, :length], times[row, :length] = binned.values, binned.times
        weights[row, :length] = binned.weights / noisier[row]
    return TimeSeries(
        genes=genes, trajectories=tuple(name for name, _ in kept), values=values, times=times, weights=weights
    )


def relative_variance(courses: Sequence[Bins]) -> Float[ndarray, " series"]:
    r"""How much more cells of one trajectory vary within bins than those of all: depth and drop-out differ by donor.

    .. math:: f_s = \operatorname{mean}_i \frac{s^2_{is}}{s^2_i}

    with :math:`s^2_{is}` the variance of gene i between cells of a bin, pooled over the bins of trajectory s, and
    :math:`s^2_i` over all. Pooled over bins, it is stable where single bins hold few cells; a mean over n such cells
    has n / f_s times the information of one average cell. Up to 1.25 either way, and up to two standard errors of one
    gene's ratio (genes vary together), f is 1. The number of cells stays the same in all.
    """
    between = [bins.variance * bins.cells[:, None] for bins in courses]
    freedom = [
        np.where(np.isfinite(b), bins.cells[:, None] - 1.0, 0.0) for b, bins in zip(between, courses, strict=True)
    ]
    sums = [np.nansum(np.nan_to_num(b) * f, axis=0) for b, f in zip(between, freedom, strict=True)]
    counts = [f.sum(axis=0) for f in freedom]
    total, number = np.sum(sums, axis=0), np.sum(counts, axis=0)
    out = np.ones(len(courses))
    for k, (mine, count) in enumerate(zip(sums, counts, strict=True)):
        known = (total > 0) & (count > 0)
        if known.any():
            out[k] = float(np.mean(mine[known] / count[known] / (total[known] / number[known])))
    error = np.sqrt([2.0 / max(float(count.max()), 1.0) for count in counts])
    certain = np.abs(np.log(np.maximum(out, 0.1))) > np.maximum(np.log(1.25), 2.0 * error)
    out = np.where(certain, np.maximum(out, 0.1), 1.0)
    cells = np.array([bins.weights.sum() for bins in courses])
    return np.asarray(out * ((cells / out).sum() / cells.sum()))


def _compare_scales(kept: list[tuple[str, Bins]]) -> None:
    ranges = [float(b.times[-1] - b.times[0]) for _, b in kept]
    low, high = int(np.argmin(ranges)), int(np.argmax(ranges))
    if ranges[high] > _SCALE_RATIO * ranges[low]:
        warn(
            f"pseudotime spans {ranges[low]:.3g} in trajectory {kept[low][0]!r} and {ranges[high]:.3g} in "
            f"{kept[high][0]!r}; one rate per gene is fitted to all, so scale it if both cover the same process "
            "(divide by each trajectory's maximum)"
        )

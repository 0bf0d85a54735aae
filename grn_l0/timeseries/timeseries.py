"""The one container between the data and every method: expression over time, checked once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grn_l0._errors import ExpressionError, GeneNameError, OptionError, TimeError, TrajectoryError
from grn_l0._typing import Bool, Float, Int, ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class TimeSeries:
    """Trajectories of gene expression, padded to one length.

    Parameters
    ----------
    genes
        Names of the N genes, unique.
    trajectories
        Names of the S trajectories, unique.
    values
        Expression, shape (S, T, N), in the user's units. NaN where nothing was measured and in the padding.
    times
        Shape (S, T), strictly increasing along each trajectory, in the user's unit of time. NaN in the
        padding, which stands at the end.
    weights
        Shape (S, T), optional: how many cells (or replicates) were averaged into each observation. The noise
        variance of an observation is divided by it. Ones by default; ignored in the padding.

    Raises
    ------
    GeneNameError, TimeError, TrajectoryError, ExpressionError, OptionError
        For the first thing that is wrong, by name.
    """

    genes: tuple[str, ...]
    trajectories: tuple[str, ...]
    values: Float[ndarray, "series times genes"]
    times: Float[ndarray, "series times"]
    weights: Float[ndarray, "series times"] | None = None

    def __post_init__(self) -> None:
        for name in ("values", "times"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64))
        s, n = len(self.trajectories), len(self.genes)
        if self.values.ndim != 3 or self.values.shape[::2] != (s, n) or self.times.shape != self.values.shape[:2]:
            raise OptionError(
                f"values have shape {self.values.shape} and times {self.times.shape}; with {s} "
                f"trajectories and {n} genes they must be (series, times, genes) and (series, times)"
            )
        check_genes(self.genes)
        _check_times(self.times, self.trajectories)
        if np.isinf(self.values).any():
            k, j, i = np.argwhere(np.isinf(self.values))[0]
            raise ExpressionError(
                f"gene {self.genes[i]!r} is infinite in trajectory {self.trajectories[k]!r} at time "
                f"{self.times[k, j]:g}; use NaN for values that are missing"
            )
        if not np.isfinite(self.values).any():
            raise ExpressionError("no expression value is a finite number; check the layer")
        given = self.weights
        weights = np.ones(self.times.shape) if given is None else np.asarray(given, dtype=np.float64)
        inside = np.isfinite(self.times)
        if weights.shape != self.times.shape or not ((weights > 0) & np.isfinite(weights))[inside].all():
            raise OptionError(
                f"weights (cells per observation) have shape {weights.shape}; they must be positive, finite and have "
                f"the shape of times, {self.times.shape}"
            )
        if np.isfinite(self.values[~inside]).any():
            raise TimeError("a value was given where the time is NaN; only the padding may have no time")
        object.__setattr__(self, "weights", np.where(inside, weights, 0.0))
        for name in ("values", "times", "weights"):
            getattr(self, name).setflags(write=False)

    @cached_property
    def mask(self) -> Bool[ndarray, "series times genes"]:
        """True where a value was measured."""
        return np.asarray(np.isfinite(self.values))

    @cached_property
    def lengths(self) -> Int[ndarray, " series"]:
        """Number of times of each trajectory."""
        return np.asarray(np.isfinite(self.times).sum(axis=1))

    @property
    def n_series(self) -> int:
        """S, the number of trajectories."""
        return len(self.trajectories)

    @property
    def n_genes(self) -> int:
        """N, the number of genes."""
        return len(self.genes)

    def select(self, series: Int[ndarray, " some"] | list[int]) -> TimeSeries:
        """The trajectories at these positions, without the padding that only the others needed.

        Raises
        ------
        OptionError
            If there are none.
        """
        series = np.asarray(series)
        series = np.flatnonzero(series) if series.dtype == np.bool_ else series.astype(np.int64)
        if series.size == 0:
            raise OptionError("no trajectory was selected; give at least one position")
        t = int(self.lengths[series].max())
        return TimeSeries(
            genes=self.genes,
            trajectories=tuple(self.trajectories[k] for k in series),
            values=self.values[series, :t],
            times=self.times[series, :t],
            weights=None if self.weights is None else self.weights[series, :t],
        )


def check_genes(genes: tuple[str, ...]) -> None:
    """Refuse gene names that are not unique.

    Raises
    ------
    GeneNameError
        With how many there are, an example and the fix.
    """
    twice = [gene for gene, count in Counter(genes).items() if count > 1]
    if twice:
        raise GeneNameError(
            f"{len(twice)} gene names occur more than once, such as {twice[0]!r}; make them unique "
            "(adata.var_names_make_unique(), or sum the columns of one gene)"
        )


def _check_times(times: Float[ndarray, "series times"], names: tuple[str, ...]) -> None:
    if len(set(names)) != len(names):
        raise TrajectoryError("trajectory names must be unique")
    for row, name in zip(times, names, strict=True):
        finite = np.isfinite(row)
        length = int(finite.sum())
        if np.isinf(row).any() or not finite[:length].all():
            raise TimeError(f"trajectory {name!r} has a time that is not a finite number; NaN may only pad its end")
        if length < 2:
            raise TrajectoryError(
                f"trajectory {name!r} has {length} time point(s); a change over time needs at least 2: drop it, or "
                "check that the trajectory column names whole time courses"
            )
        step = np.diff(row[:length])
        if (step <= 0).any():
            k = int(np.argmax(step <= 0))
            raise TrajectoryError(
                f"trajectory {name!r}: time {row[k + 1]:g} follows {row[k]:g}; times must increase. Replicates at one "
                "time belong in trajectories of their own, or must be averaged first"
            )

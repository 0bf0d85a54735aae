"""The one container between the data and every method: expression over time, checked once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grn_l0._errors import (
    ExpressionError,
    GeneNameError,
    OptionError,
    StimulusError,
    TimeError,
    TrajectoryError,
)
from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.timeseries.steady import SteadyStates


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
    stimuli
        Shape (S, T, K), optional: level of each of K stimuli (0/1 or a dose) from an observation until the next one;
        between two observations it does not change. Finite and not negative; ignored in the padding.
    stimulus_names
        Names of the K stimuli, unique.
    knockouts
        Shape (S, N), optional: True where a gene is knocked out in a trajectory. Its own equation does not hold there,
        but its measured value acts on others.
    steady
        Samples without a time course, of the same genes in the same order, under the same stimuli.

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
    stimuli: Float[ndarray, "series times stimuli"] | None = None
    stimulus_names: tuple[str, ...] = ()
    knockouts: Bool[ndarray, "series genes"] | None = None
    steady: SteadyStates | None = None

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
        self._check_conditions(inside)
        for name in ("values", "times", "weights", "stimuli", "knockouts"):
            array = getattr(self, name)
            if array is not None:
                array.setflags(write=False)

    def _check_conditions(self, inside: Bool[ndarray, "series times"]) -> None:
        s, n, k = len(self.trajectories), len(self.genes), len(self.stimulus_names)
        if len(set(self.stimulus_names)) < k:
            raise OptionError(f"two stimuli have one name among {list(self.stimulus_names)}; give each its own")
        if self.stimuli is not None or k:
            stimuli = np.zeros((s, 0, 0)) if self.stimuli is None else np.asarray(self.stimuli, dtype=np.float64)
            if stimuli.shape != (*inside.shape, k):
                raise OptionError(
                    f"stimuli have shape {stimuli.shape}; with {k} names they must have shape {(*inside.shape, k)}"
                )
            check_stimuli(stimuli[inside], self.stimulus_names)
            object.__setattr__(self, "stimuli", np.where(inside[:, :, None], stimuli, 0.0) if k else None)
        if self.knockouts is not None:
            knockouts = np.array(self.knockouts, dtype=bool)
            if knockouts.shape != (s, n):
                raise OptionError(f"knockouts have shape {knockouts.shape}; they must have shape {(s, n)}")
            object.__setattr__(self, "knockouts", knockouts if knockouts.any() else None)
        if self.steady is not None:
            shape = (self.steady.values.shape[1], np.asarray(self.steady.stimuli).shape[1])
            if shape != (n, k):
                raise OptionError(
                    f"steady states have {shape[0]} genes and {shape[1]} stimuli, the trajectories {n} and {k}"
                )

    @cached_property
    def mask(self) -> Bool[ndarray, "series times genes"]:
        """True where a value was measured."""
        return np.asarray(np.isfinite(self.values))

    @cached_property
    def lengths(self) -> Int[ndarray, " series"]:
        """Number of times of each trajectory."""
        return np.asarray(np.isfinite(self.times).sum(axis=1))

    @cached_property
    def own_equation(self) -> Bool[ndarray, "series genes"]:
        """False where a gene is knocked out: its own equation does not hold there, its value is still a regressor."""
        if self.knockouts is None:
            return np.ones((self.n_series, self.n_genes), dtype=bool)
        return np.asarray(~self.knockouts)

    @property
    def n_stimuli(self) -> int:
        """K, the number of stimuli."""
        return len(self.stimulus_names)

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

        Steady-state samples stay.

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
            stimuli=None if self.stimuli is None else self.stimuli[series, :t],
            stimulus_names=self.stimulus_names,
            knockouts=None if self.knockouts is None else self.knockouts[series],
            steady=self.steady,
        )

    def arrays(self) -> tuple[ndarray | None, ...]:
        """Everything numeric there is, in a fixed order: what a checksum of the data must cover."""
        steady = self.steady
        more = () if steady is None else (steady.values, steady.knockouts, steady.stimuli, steady.weights)
        return (self.values, self.times, self.weights, self.stimuli, self.knockouts, *more)


def check_stimuli(levels: Float[ndarray, "some stimuli"], names: tuple[str, ...]) -> None:
    """Refuse levels that are missing, infinite or negative.

    Raises
    ------
    StimulusError
        With the stimulus, the value and the fix.
    """
    bad = ~np.isfinite(levels) | (levels < 0)
    if bad.any():
        row, k = np.argwhere(bad)[0]
        value = levels[row, k]
        what = "missing" if np.isnan(value) else f"{value:g}"
        raise StimulusError(
            f"stimulus {names[k]!r} is {what} in {int(bad[:, k].sum()):,} of {len(levels):,} observations; give 0 for "
            "off, and 1 or a dose for on"
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

"""The data term's tensors: what is integrated from where, and how residuals are weighed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grn_l0._typing import Array, Bool, Float, Int
from grn_l0.fit.config import FitConfig
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """B pieces of trajectory, in units of each gene's standard deviation.

    Pieces are side by side in memory, whatever the order of the axes: this is how they are integrated.

    Attributes
    ----------
    times
        Shape (B, T), NaN in the padding.
    target
        Shape (B, T, N), 0 where nothing was measured.
    weight
        Shape (B, T, N): what residuals are multiplied by before whitening; 0 where nothing counts.
    initial
        Shape (B, N).
    initial_sd
        Shape (B, N): prior standard deviation of free initial states; None keeps them as they are.
    whiteners
        (positions of pieces, matrices (N, T', T')) per set of pieces that share their noise.
    observed
        Shape (N,): independent observations per gene.
    share
        What the squared residuals count: below 1 when windows overlap, or when the series repeat themselves.
    level
        Shape (B, T - 1, K): levels of what acts from outside; None if nothing does.
    held
        Shape (B, N): genes that are knocked out and stay where they are; None for none.
    """

    times: Float[Tensor, "pieces times"]
    target: Float[Tensor, "pieces times genes"]
    weight: Float[Tensor, "pieces times genes"]
    initial: Float[Tensor, "pieces genes"]
    initial_sd: Float[Tensor, "pieces genes"] | None
    whiteners: tuple[tuple[Int[Tensor, " some"], Float[Tensor, "genes times times"]], ...]
    observed: Float[Tensor, " genes"]
    share: float
    level: Float[Tensor, "pieces intervals inputs"] | None = None
    held: Bool[Tensor, "pieces genes"] | None = None

    def moved(self, move: Callable[[Tensor], Tensor]) -> Problem:
        """The same with `move` applied to every tensor."""

        def each(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(each(part) for part in value)
            return move(value) if isinstance(value, Tensor) else value

        return replace(self, **{f.name: each(getattr(self, f.name)) for f in fields(self)})


def tensor(array: Array, dtype: torch.dtype) -> Tensor:
    """A copy, because torch cannot mark an array as read-only."""
    return torch.from_numpy(np.array(array, dtype=np.float64)).to(dtype)


def side_by_side(array: Array, dtype: torch.dtype) -> Tensor:
    """The same with the first axis, that of pieces, last in memory."""
    return tensor(np.moveaxis(array, 0, -1), dtype).contiguous().movedim(-1, 0)


def standard_deviation(series: TimeSeries) -> Float[Array, " genes"]:
    """Standard deviation of each gene over everything measured; 1 where it is 0."""
    flat = series.values.reshape(-1, series.n_genes)
    count = np.isfinite(flat).sum(0)
    mean = np.nansum(flat, 0) / np.maximum(count, 1)
    sd = np.sqrt(np.nansum((flat - mean) ** 2, 0) / np.maximum(count, 1))
    return np.where(sd > 1e-12 * np.maximum(np.abs(mean), 1e-300), sd, 1.0)


def is_non_negative(series: TimeSeries, noise: Float[Array, " genes"]) -> bool:
    """Whether negative values are few enough to be noise around concentrations."""
    below = series.values[series.mask] < -4 * np.broadcast_to(noise, series.values.shape)[series.mask]
    return bool(below.mean() < 1e-3)


def make_problem(
    series: TimeSeries, start: Start, sd: Float[Array, " genes"], config: FitConfig, *, measured: bool = False
) -> Problem:
    """Whole trajectories with free initial states, or windows of long ones.

    A series with more than `config.longest` times, or without the noise covariances of whole trajectories, is cut into
    overlapping windows of `config.window` intervals that start from the smoothed state (`measured`: from the measured
    one where there is one). A shooting over 178 times would make the loss a function of the first state only, and its
    gradient explode or vanish; within windows the noise is taken as independent, with a standard deviation per gene
    that is estimated on the way.

    A gene that is knocked out in a series starts at the mean of what was measured of it there, and counts for nothing.
    """
    if not start.covariances or int(series.lengths.max()) > config.longest:
        return _windows(series, start, sd, config, measured)
    dtype = config.torch_dtype
    followed = _followed(series)  # the whiteners know the weights
    noise = np.maximum(start.noise / sd, 1e-3)
    initial, certain = _initial(series, start.initial)
    whiteners = tuple(
        (torch.from_numpy(np.asarray(c.series)), tensor(c.whitener * sd[:, None, None], dtype))
        for c in start.covariances
    )
    observed = np.maximum(followed.sum(axis=(0, 1)) - series.own_equation.sum(axis=0), 1)
    return Problem(
        times=tensor(series.times - series.times[:, :1], dtype),
        target=side_by_side(np.nan_to_num(series.values) / sd, dtype),
        weight=side_by_side(followed, dtype),
        initial=side_by_side(initial / sd, dtype),
        initial_sd=side_by_side(noise / np.sqrt(certain), dtype),
        whiteners=whiteners,
        observed=tensor(observed, dtype),
        share=1.0,
        level=None if start.inputs is None else tensor(start.inputs.level, dtype),
        held=None if series.knockouts is None else torch.from_numpy(series.knockouts.copy()),
    )


def _windows(
    series: TimeSeries, start: Start, sd: Float[Array, " genes"], config: FitConfig, measured: bool
) -> Problem:
    dtype, width = config.torch_dtype, config.window
    first = [(s, k) for s, length in enumerate(series.lengths) for k in range(int(length) - 1)]
    s, k = np.array(first).T
    at = k[:, None] + np.arange(width + 1)
    inside = at < series.lengths[s][:, None]
    at = np.minimum(at, series.values.shape[1] - 1)
    times = np.where(inside, series.times[s[:, None], at], np.nan)
    target = series.values[s[:, None], at]
    mask = np.isfinite(target) & inside[:, :, None] & series.own_equation[s][:, None, :]
    mask[:, 0] = False  # the state the window starts from is given, not predicted
    weight = np.sqrt(np.asarray(series.weights)[s[:, None], at])[:, :, None] * mask
    initial = start.states[s, k]
    if measured:
        known = series.values[s, k]
        if start.projection is not None:
            # What a forecast will start from.
            known = start.projection.estimate(known, np.asarray(series.weights)[s, k])
        initial = np.where(np.isfinite(known), known, initial)
    if series.knockouts is not None:
        initial = np.where(series.knockouts[s], _initial(series, start.initial)[0][s], initial)
    precision = sd / np.maximum(start.noise, 1e-3 * sd)
    whitener = precision[:, None, None] * np.eye(width + 1)
    return Problem(
        times=tensor(times - times[:, :1], dtype),
        target=side_by_side(np.nan_to_num(target) / sd, dtype),
        weight=side_by_side(weight, dtype),
        initial=side_by_side(np.nan_to_num(initial) / sd, dtype),
        initial_sd=None,
        whiteners=((torch.arange(len(s)), tensor(whitener, dtype)),),
        observed=tensor(np.maximum(_followed(series)[:, 1:].sum(axis=(0, 1)) / start.redundancy, 1), dtype),
        share=1.0 / (width * start.redundancy),
        level=None if start.inputs is None else tensor(start.inputs.level[s[:, None], at[:, 1:] - 1], dtype),
        held=None if series.knockouts is None else torch.from_numpy(series.knockouts[s]),
    )


def _followed(series: TimeSeries) -> Bool[Array, "series times genes"]:
    """Where something was measured of a gene that follows its own equation."""
    return np.asarray(series.mask & series.own_equation[:, None, :])


def _initial(
    series: TimeSeries, smoothed: Float[Array, "series genes"]
) -> tuple[Float[Array, "series genes"], Float[Array, "#series genes"]]:
    """Initial states, and how many measurements of weight 1 each is worth: a held gene is measured all along."""
    weights = np.asarray(series.weights)
    certain = np.broadcast_to(weights[:, :1], smoothed.shape)
    if series.knockouts is None:
        return smoothed, certain
    worth = weights[:, :, None] * series.mask
    total = worth.sum(axis=1)
    known = series.knockouts & (total > 0)
    mean = (worth * np.nan_to_num(series.values)).sum(axis=1) / np.where(known, total, 1.0)
    return np.where(known, mean, smoothed), np.where(known, total, certain)

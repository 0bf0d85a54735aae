"""Blocks of consecutive times, for data of too few trajectories to halve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grn_l0._typing import Bool, Int, ndarray
from grn_l0.ensemble.take import taken_samples
from grn_l0.timeseries import TimeSeries

#: Times of a block, on average at least: of four times three steps stay whole, of two none but one. Series of four to
#: seven times are two blocks all the same: there is no other way to halve them.
SHORTEST = 4
#: Blocks of a series, at most: more halves than there are resamples, and blocks as long as they can be (what happens
#: within a block's correlation is not torn apart; Künsch 1989, Ann. Statist. 17, 1217).
MOST = 10
#: From this length on a half has eight times or more, enough to stand on its own with gaps.
LONG = 16


def few_blocks(series: TimeSeries) -> bool:
    """Whether no trajectory is long enough for two blocks of two times."""
    return bool((series.lengths < 4).all())


def block_labels(series: TimeSeries, rng: np.random.Generator) -> Int[ndarray, "series times"]:
    """0 or 1 for the two complementary halves to which each time goes; -1 in the padding.

    Each trajectory is cut at random places, and half of its blocks (of an odd number, one more of a random half) go to
    either side. No block has fewer than two times, and of fewer than four times there is one.
    """
    out = np.full(series.times.shape, -1, dtype=np.int64)
    for k, length in enumerate(series.lengths.tolist()):
        blocks = number_of_blocks(length)
        side = rng.permutation(np.arange(blocks) + rng.integers(2)) % 2
        # Blocks begin at another place for each pair: a step that is torn apart by one is whole in others.
        shift = (rng.random() - 0.5) / 2
        ends = np.clip(np.rint((np.arange(1, blocks) + shift) * length / blocks), 2, length - 2)
        out[k, :length] = side[np.searchsorted(ends, np.arange(length), side="right")]
    return out


def number_of_blocks(length: int) -> int:
    """Into how many blocks a series of so many times is cut."""
    if length < 4:
        return 1
    return int(np.clip(length // SHORTEST, 2, MOST))


def cut(series: TimeSeries, keep: Bool[ndarray, "series times"], samples: Int[ndarray, " samples"]) -> TimeSeries:
    """The data within `keep`; a trajectory of which nothing is kept is left out.

    Of trajectories of `LONG` times or more what lies outside is taken out, so that times have gaps; of shorter ones it
    is missing. Measured with our posterior: one series of 178 times finds as much either way, and a fifteenth of the
    time with gaps; of six series of 6 times halves with missing values find a few edges, with gaps hardly any.
    """
    steady = taken_samples(series.steady, samples)
    there = np.flatnonzero(keep.any(axis=1))
    blank = replace(series, values=np.where(keep[:, :, None], series.values, np.nan), steady=steady).select(there)
    keep, inside = keep[there, : blank.times.shape[1]], np.isfinite(blank.times)
    keep = np.where((blank.lengths >= LONG)[:, None], keep, inside)
    # What is kept moves to the front, in its order; the rest becomes padding.
    order = np.argsort(~keep, axis=1, kind="stable")[:, : int(keep.sum(axis=1).max())]
    inside = np.take_along_axis(keep, order, axis=1)
    values = np.take_along_axis(blank.values, order[:, :, None], axis=1)
    stimuli = None if blank.stimuli is None else np.take_along_axis(blank.stimuli, order[:, :, None], axis=1)
    return replace(
        blank,
        values=np.where(inside[:, :, None], values, np.nan),
        times=np.where(inside, np.take_along_axis(blank.times, order, axis=1), np.nan),
        weights=np.take_along_axis(np.asarray(blank.weights), order, axis=1),
        stimuli=stimuli,
    )

"""Trajectories and steady-state samples at given positions, also several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from grn_l0._typing import Int, ndarray
from grn_l0.timeseries import SteadyStates, TimeSeries


def taken(series: TimeSeries, rows: Int[ndarray, " some"], samples: Int[ndarray, " samples"]) -> TimeSeries:
    """The trajectories `rows` with the steady-state samples `samples`; what comes twice gets a name of its own.

    Parameters
    ----------
    series
        The data.
    rows, samples
        Positions, which may repeat.
    """
    once, back = np.unique(rows, return_inverse=True)
    part = series.select(once)

    def again(array: ndarray | None) -> ndarray | None:
        return None if array is None else array[back]

    return replace(
        part,
        trajectories=distinct(part.trajectories[k] for k in back),
        values=part.values[back],
        times=part.times[back],
        weights=again(part.weights),
        stimuli=again(part.stimuli),
        knockouts=again(part.knockouts),
        steady=taken_samples(series.steady, samples),
    )


def taken_samples(steady: SteadyStates | None, samples: Int[ndarray, " samples"]) -> SteadyStates | None:
    """The steady-state samples at these positions; None without any."""
    if steady is None or len(samples) == 0:
        return None
    return SteadyStates(
        names=distinct(steady.names[k] for k in samples),
        values=steady.values[samples],
        knockouts=np.asarray(steady.knockouts)[samples],
        stimuli=np.asarray(steady.stimuli)[samples],
        weights=np.asarray(steady.weights)[samples],
    )


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names, with a number behind those that come again: ``a``, ``b``, ``a#2``."""
    seen: Counter[str] = Counter()
    out = []
    for name in names:
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(out)

"""Forecasts of a trajectory of which other measurements are known, before or after: forecasting and interpolation."""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Float
from grn_l0.fit.deviation import Tracker
from grn_l0.fit.drive import Outside
from grn_l0.fit.state import Deviating, Knowledge
from grn_l0.timeseries import TimeSeries

#: Times, values, weights and drive (if any) of the measurements of one trajectory that are known beforehand.
Known = tuple[Array, Array, Array, Array | None]
#: Of a long context, so many measurements count: those nearest to what is forecast.
_NEAREST = 600


class Flow(Protocol):
    """The dynamics alone."""

    def __call__(self, state: Array, step: Array, drive: Array | None = None, held: Array | None = None) -> Array:
        """States (S, N) after steps (S,) under a drive (S, N) on production, with genes held (S, N)."""


def with_context(
    series: TimeSeries,
    values: Float[Array, "series times genes"],
    weights: Float[Array, "series times"],
    known: list[Known],
    knowledge: Knowledge,
    rate: Float[Array, " genes"],
    flow: Flow,
    outside: Outside,
) -> tuple[Float[Array, "series times genes"], Float[Array, "series times genes"]]:
    r"""One-step forecasts from the context and all earlier values, and forecasts from the context and the first value.

    The model's part :math:`\mu` is carried through all times in order, filtered by the context (see `Deviating`); the
    deviations :math:`y - \mu` are then conditioned on the context first, and on one value of the series after the
    other: measurements may become known in any order.

    Raises
    ------
    OptionError
        If the fit has no deviation process.
    """
    if knowledge.deviation is None:
        raise OptionError(
            "a context needs a process of deviations, which is learned from series of more than 12 times; "
            "leave the context out"
        )
    one_step, full = np.full_like(values, np.nan), np.full_like(values, np.nan)
    for s, n in enumerate(series.lengths):
        when = series.times[s, :n]
        t, y, w, past = _nearest(known[s], when)
        here, held = outside.of(s, n)
        drive = None if here is None or past is None else np.concatenate([past, here])
        times, every = np.concatenate([t, when]), np.concatenate([w, weights[s, :n]])
        measured = np.concatenate([y, np.full((n, values.shape[2]), np.nan)])
        own = rate if held is None else rate * ~held[0]
        model = _carried(times, measured, every, knowledge, own, flow, drive, held)
        after, deviation = values[s, :n], knowledge.deviation
        for out, limit in ((one_step, n), (full, 1)):
            tracker = Tracker(deviation, times, every, values.shape[2], known=len(t))
            for residual in y - model[: len(t)]:
                tracker.update(residual)
            for k in range(n):
                out[s, k] = model[len(t) + k] + tracker.forecast()
                tracker.update(after[k] - model[len(t) + k] if k < limit else np.full(values.shape[2], np.nan))
    return one_step, full


def _carried(
    times: Array,
    measured: Array,
    weights: Array,
    knowledge: Knowledge,
    rate: Array,
    flow: Flow,
    drive: Array | None,
    held: Array | None,
) -> Float[Array, "times genes"]:
    """The model's part at `times`, which may come in any order; rows of NaN are carried over without a measurement."""
    order = np.argsort(times, kind="stable")
    state = Deviating(knowledge, rate, times[order][None], weights[order][None])
    at = state.first(measured[order[:1]], weights[order[:1]])
    model = np.empty_like(measured)
    model[order[0]] = state.model[0]
    for before, here in pairwise(order):
        step = times[[here]] - times[[before]]
        state.ahead(flow(at, step, None if drive is None else drive[[before]], held), step)
        model[here] = state.model[0]
        at = state.update(measured[[here]], weights[[here]])
    return model


def _nearest(known: Known, when: Float[Array, " times"]) -> Known:
    t, y, w, drive = known
    if len(t) <= _NEAREST:
        return known
    gap = np.maximum(when[0] - t, t - when[-1])
    keep = np.sort(np.argsort(gap, kind="stable")[:_NEAREST])
    return t[keep], y[keep], w[keep], None if drive is None else drive[keep]

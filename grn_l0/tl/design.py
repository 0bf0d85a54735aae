"""Which sampling design the data have, and how it is treated: one line."""

from __future__ import annotations

import numpy as np

from grn_l0.posterior import by_transitions
from grn_l0.timeseries import TimeSeries

#: Steps of a trajectory that differ by more than this share are irregular.
_REGULAR = 1e-3


def describe(series: TimeSeries, start: str = "posterior") -> str:
    """Such as "150 trajectories x 5 times, irregular, 2 stimuli, 3 knock-outs: general posterior".

    Parameters
    ----------
    series
        The data.
    start
        "posterior", or "none" for gates trained from scratch.
    """
    s = series.n_series
    low, high = int(series.lengths.min()), int(series.lengths.max())
    parts = [f"{_count(s, 'trajectory', 'trajectories')} x {low if low == high else f'{low}-{high}'} times"]
    step = np.diff(series.times, axis=1)
    mean = np.nanmean(step, axis=1, keepdims=True)
    if np.nanmax(np.abs(step / mean - 1.0)) > _REGULAR:
        parts.append("irregular")
    inside = np.isfinite(series.times)
    weights = np.asarray(series.weights)[inside]
    if weights.max() > 1:
        parts.append(f"{weights.min():.3g}-{weights.max():.3g} samples per observation")
    missing = 1.0 - float(series.mask[inside].mean())
    if missing > 0:
        parts.append(
            f"{missing:.2g} of the values missing" if missing < 0.01 else f"{missing:.0%} of the values missing"
        )
    if series.n_stimuli:
        parts.append(f"{_count(series.n_stimuli, 'stimulus', 'stimuli')} ({', '.join(series.stimulus_names)})")
    held = int((~series.own_equation).any(axis=1).sum())
    if held:
        parts.append(_count(held, "knock-out", "knock-outs"))
    if series.steady is not None:
        text = _count(len(series.steady), "steady state", "steady states")
        held = int((~series.steady.own_equation).any(axis=1).sum())
        parts.append(f"{text} ({held} of knock-outs)" if held else text)
    return f"{', '.join(parts)}: {treatment(series, start)}"


def treatment(series: TimeSeries, start: str = "posterior") -> str:
    """How the gates of such data start."""
    if start == "none":
        return "gates from scratch"
    return "posterior of single steps (few long series)" if by_transitions(series) else "general posterior"


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"

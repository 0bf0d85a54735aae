"""Which sampling design the data have, and how it is treated: one line."""

from __future__ import annotations

import numpy as np

from grn_l0.posterior import by_transitions
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries

#: Steps of a trajectory that differ by more than this share are irregular.
_REGULAR = 1e-3


def describe(series: TimeSeries, start: str = "posterior", begin: Start | None = None) -> str:
    """Such as "150 trajectories x 5 times, unequal steps, 3 genes knocked out in 12 trajectories: general posterior".

    Parameters
    ----------
    series
        The data.
    start
        "posterior", or "none" for gates trained from scratch.
    begin
        The posterior start, which knows what was found in the data: a stimulus without a name, a lag.
    """
    s = series.n_series
    low, high = int(series.lengths.min()), int(series.lengths.max())
    parts = [f"{count(s, 'trajectory', 'trajectories')} x {low if low == high else f'{low}-{high}'} times"]
    step = np.diff(series.times, axis=1)
    mean = np.nanmean(step, axis=1, keepdims=True)
    if np.nanmax(np.abs(step / mean - 1.0)) > _REGULAR:
        since = series.times - series.times[:, :1]
        apart = np.nanmax(since, axis=0) - np.nanmin(since, axis=0)
        parts.append("irregular" if apart.max() > _REGULAR * mean.min() else "unequal steps")
    inside = np.isfinite(series.times)
    weights = np.asarray(series.weights)[inside]
    if weights.max() > 1:
        few, many = f"{weights.min():.3g}", f"{weights.max():.3g}"
        parts.append(f"{few if few == many else f'{few}-{many}'} samples per observation")
    missing = 1.0 - float(series.mask[inside].mean())
    if missing > 0:
        parts.append(
            f"{missing:.2g} of the values missing" if missing < 0.01 else f"{missing:.0%} of the values missing"
        )
    if series.n_stimuli:
        parts.append(f"{count(series.n_stimuli, 'stimulus', 'stimuli')} ({', '.join(series.stimulus_names)})")
    held = int((~series.own_equation).any(axis=1).sum())
    if held:
        genes = int((~series.own_equation).any(axis=0).sum())
        where = count(held, "trajectory", "trajectories")
        parts.append(f"{count(genes, 'gene', 'genes')} knocked out in {where}")
    if series.steady is not None:
        text = count(len(series.steady), "steady state", "steady states")
        held = int((~series.steady.own_equation).any(axis=1).sum())
        parts.append(f"{text} ({held} of knock-outs)" if held else text)
    return f"{', '.join(parts)}: {', '.join([treatment(series, start), *_found(series, begin)])}"


def treatment(series: TimeSeries, start: str = "posterior") -> str:
    """How the gates of such data start."""
    if start == "none":
        return "gates from scratch"
    return "posterior of single steps (few long series)" if by_transitions(series) else "general posterior"


def _found(series: TimeSeries, begin: Start | None) -> list[str]:
    """What the posterior found in the data without having been told."""
    said = []
    if begin is not None and begin.inputs is not None:
        on = (begin.inputs.level[:, :, len(begin.inputs.names) :] > 0).any(axis=2)
        if on.any():
            said.append(f"a stimulus found that nobody named, which ends at {series.times[:, 1:][on].max():g}")
    if begin is not None and begin.lag > 0:
        said.append(f"targets lag behind regulators by {begin.lag:.3g}")
    return said


def count(n: int, one: str, many: str) -> str:
    """The number with its noun."""
    return f"{n:,} {one if n == 1 else many}"

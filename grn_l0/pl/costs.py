"""What things cost: against size, and against what they bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grn_l0.pl.canvas import CYCLE, axes_or_new, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("dashed", "dotted", "dashdot")


def scaling(
    points: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    powers: Mapping[str, tuple[float, float]],
    *,
    xlabel: str,
    ylabel: str,
    ax: Axes | None = None,
) -> Axes:
    """Points on logarithmic axes, and power laws as straight lines over all of them.

    Parameters
    ----------
    points
        For each name: x and y.
    powers
        For each name: factor c and exponent k of :math:`c x^k`.
    xlabel, ylabel
        What the axes show.
    ax
        Axes to draw on; a new figure by default.
    """
    axes = axes_or_new(ax, 6.4, 4.4)
    for k, (name, (x, y)) in enumerate(points.items()):
        axes.plot(x, y, _MARKS[k % len(_MARKS)], color=CYCLE[k % len(CYCLE)], label=name)
    every = [v for x, _ in points.values() for v in x]
    ends = np.array([min(every, default=1.0), max(every, default=10.0)])
    for k, (name, (factor, exponent)) in enumerate(powers.items()):
        colour, dash = CYCLE[k % len(CYCLE)], _DASHES[k % len(_DASHES)]
        axes.plot(ends, factor * ends**exponent, linewidth=1.2, label=name, color=colour, linestyle=dash)
    axes.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    axes.legend(frameon=False, fontsize=8)
    plain(axes)
    return axes


def value_for_time(points: Mapping[str, tuple[float, float]], *, ylabel: str, ax: Axes | None = None) -> Axes:
    """What methods reach against the seconds they take, with their names beside the points.

    Parameters
    ----------
    points
        Seconds and value of each method.
    ylabel
        What the value is.
    ax
        Axes to draw on; a new figure by default.
    """
    axes = axes_or_new(ax, 6.4, 4.0)
    for k, (name, (seconds, value)) in enumerate(points.items()):
        axes.plot(seconds, value, _MARKS[k % len(_MARKS)], color=CYCLE[k % len(CYCLE)], markersize=7)
        axes.annotate(name, (seconds, value), xytext=(7, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set(xscale="log", xlabel="seconds", ylabel=ylabel, ylim=(0, 1.02))
    axes.margins(x=0.25)
    plain(axes)
    return axes

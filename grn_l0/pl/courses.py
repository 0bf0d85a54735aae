"""Courses: how something goes over steps, epochs or sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grn_l0.pl.canvas import CYCLE, GREY, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = ("solid", "dashed", "dotted", "dashdot")


def courses(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str,
    levels: Sequence[float] = (),
    log_x: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """A line per name.

    Parameters
    ----------
    lines
        For each name: x and y.
    xlabel, ylabel
        What the axes show.
    levels
        Heights at which a thin dotted line is drawn, such as densities that were asked for.
    log_x
        Whether the x axis is logarithmic, with a tick at every x.
    ax
        Axes to draw on; a new figure by default.
    """
    axes = axes_or_new(ax, 6.4, 4.0)
    for k, (name, (x, y)) in enumerate(lines.items()):
        style = _DASHES[k // len(CYCLE) % len(_DASHES)]
        axes.plot(x, y, label=name, color=CYCLE[k % len(CYCLE)], linestyle=style, linewidth=1.6)
    for level in levels:
        axes.axhline(level, color=GREY, linewidth=0.8, linestyle="dotted")
    if log_x:
        axes.set_xscale("log")
        ticks = sorted({float(v) for x, _ in lines.values() for v in x})
        axes.set_xticks(ticks, [f"{v:g}" for v in ticks])
        axes.minorticks_off()
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)
    return axes

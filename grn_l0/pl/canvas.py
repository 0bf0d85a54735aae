"""Axes without pyplot: nothing global, no display needed, colours that colour-blind readers can tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Okabe & Ito (2008), "Color universal design".
ACTIVATES, REPRESSES, DATA, MODEL, GREY = "#0072B2", "#D55E00", "#000000", "#009E73", "#7F7F7F"
CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = "osD^vP*X<>"


def axes_or_new(ax: Axes | None, width: float = 6.4, height: float = 4.8) -> Axes:
    """The axes given, or those of a new figure (sizes in inches)."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").subplots()


def plain(ax: Axes) -> None:
    """Without the frame's upper and right sides."""
    ax.spines[["top", "right"]].set_visible(False)

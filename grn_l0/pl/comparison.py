"""Several methods on one plot: curves, sweeps, trade-offs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grn_l0.pl.canvas import CYCLE, GREY, MARKS, axes_or_new, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = ("solid", "dashed", "dotted", "dashdot")


def _style(k: int) -> dict[str, Any]:
    """Colour and dashes of the k-th method: together they tell 28 apart."""
    return {"color": CYCLE[k % len(CYCLE)], "linestyle": _DASHES[k // len(CYCLE) % len(_DASHES)]}


def precision_recall_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    chance: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Precision against recall, a line per method; the first is drawn thick.

    Parameters
    ----------
    curves
        Recall and precision of each method.
    chance
        Precision of chance, a thin dotted line.
    ax
        Axes to draw on; a new figure by default.
    """
    axes = axes_or_new(ax, 7.6, 4.8)
    for k, (name, (recall, precision)) in enumerate(curves.items()):
        first = precision[0] if len(precision) else 1.0
        x, y = np.append(0.0, recall), np.append(first, precision)
        # Steps, as average precision counts: a line across a tie would promise what no threshold gives.
        axes.plot(x, y, label=name, linewidth=2.4 if k == 0 else 1.2, drawstyle="steps-pre", **_style(k))
    if chance is not None:
        axes.axhline(chance, color=GREY, linewidth=0.8, linestyle="dotted", label=f"chance ({chance:.3g})")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.05))
    _beside(axes)
    return axes


def lines_with_range(
    lines: Mapping[str, tuple[Sequence[float], ...]],
    *,
    xlabel: str,
    ylabel: str,
    log_x: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Medians joined by lines, with bars from the least to the most.

    Parameters
    ----------
    lines
        For each method: x, median, least, most.
    xlabel, ylabel
        What the axes show.
    log_x
        Whether the x axis is logarithmic.
    ax
        Axes to draw on; a new figure by default.
    """
    axes = axes_or_new(ax, 7.6, 4.4)
    for k, (name, (x, middle, low, high)) in enumerate(lines.items()):
        mid = np.asarray(middle, dtype=np.float64)
        axes.errorbar(
            x,
            mid,
            yerr=np.vstack([mid - np.asarray(low), np.asarray(high) - mid]).clip(0),
            label=name,
            marker=MARKS[k % len(MARKS)],
            markersize=4,
            capsize=2,
            linewidth=2.4 if k == 0 else 1.2,
            **_style(k),
        )
    if log_x:
        axes.set_xscale("log")
        ticks = sorted({float(v) for x, *_ in lines.values() for v in x})
        axes.set_xticks(ticks, [f"{v:g}" for v in ticks])
        axes.minorticks_off()
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 1.02))
    _beside(axes)
    return axes


def trade_off(
    points: Mapping[str, tuple[float, float]], floors: Mapping[str, float], *, ax: Axes | None = None
) -> Axes:
    """One-step error against the share of candidates that are edges, both logarithmic.

    Parameters
    ----------
    points
        Density and mean squared error of each method.
    floors
        Error of the forecasts without a network, drawn as lines.
    ax
        Axes to draw on; a new figure by default.
    """
    axes = axes_or_new(ax, 7.6, 4.4)
    for k, (name, (density, error)) in enumerate(points.items()):
        colour, mark = CYCLE[k % len(CYCLE)], MARKS[k % len(MARKS)]
        axes.plot(density, error, mark, color=colour, markersize=7, label=name)
    for k, (name, error) in enumerate(floors.items()):
        axes.axhline(error, color=GREY, linewidth=1, linestyle=_DASHES[k % len(_DASHES)], label=name)
    axes.set(xscale="log", yscale="log", xlabel="density (1 - sparsity)", ylabel="one-step MSE")
    _beside(axes)
    return axes


def _beside(axes: Axes) -> None:
    """The legend to the right of the axes, where it hides nothing."""
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    plain(axes)

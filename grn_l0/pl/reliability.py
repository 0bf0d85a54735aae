"""Reliability diagrams: the share of true edges against the score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from grn_l0 import metrics
from grn_l0._errors import OptionError
from grn_l0.metrics.universe import align
from grn_l0.network import Network
from grn_l0.pl.canvas import CYCLE, GREY, MARKS, axes_or_new, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from grn_l0.tl import Inference


def reliability(
    result: Inference | Network | pd.DataFrame | metrics.Reliability,
    truth: Any = None,
    regulators: Iterable[str] | None = None,
    genes: Iterable[str] | None = None,
    *,
    bins: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of true edges against the score, in bins of the score.

    Parameters
    ----------
    result, truth, regulators, genes
        As in `grn_l0.tl.evaluate`; every candidate needs a score between 0 and 1. Or the counts of
        `grn_l0.tl.reliability`, which need no truth any more.
    bins
        Number of bins of equal width over [0, 1].
    ax
        Axes to draw on; a new figure by default.

    Returns
    -------
    Axes
        As `reliability_curves` draws them.

    Raises
    ------
    OptionError
        If not every candidate has a score between 0 and 1, or there is no truth.
    """
    if isinstance(result, metrics.Reliability):
        return reliability_curves({"scores": result}, ax=ax)
    if truth is None:
        raise OptionError("truth is missing: scores alone do not say how often they are right; give a table of edges")
    universe = align(result if isinstance(result, Network | pd.DataFrame) else result.network, truth, regulators, genes)
    if not universe.probabilities:
        raise OptionError(
            "a reliability diagram needs a score between 0 and 1 of every candidate edge, not of survivors"
        )
    counts = metrics.reliability(universe.scores.clip(0, 1), universe.truth, universe.candidates, bins=bins)
    return reliability_curves({"scores": counts}, ax=ax)


def reliability_curves(groups: Mapping[str, metrics.Reliability], *, ax: Axes | None = None) -> Axes:
    """Share of true edges against mean score per bin, a line per group; below, how many candidates each bin holds.

    Bars are 95 % intervals as if candidates were independent (`grn_l0.metrics.Reliability.interval`). On the dotted
    diagonal a score means what it says; below it scores are too sure.

    Parameters
    ----------
    groups
        Counts of each group. The legend states the expected calibration error of the bins from .1 on.
    ax
        Axes to draw on, which give a part of their height to the counts; a new figure by default.

    Raises
    ------
    OptionError
        If there is no group.
    """
    if not groups:
        raise OptionError("there is nothing to draw; give at least one group of counts")
    axes = axes_or_new(ax, 6.4, 6.0)
    below = axes.inset_axes((0.0, -0.38, 1.0, 0.22), sharex=axes)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="dotted", label="calibrated")
    for k, (name, counts) in enumerate(groups.items()):
        there, colour = counts.count > 0, CYCLE[k % len(CYCLE)]
        x, y = counts.predicted[there], counts.observed[there]
        low, high = (end[there] for end in counts.interval())
        style: dict[str, Any] = {"marker": MARKS[k % len(MARKS)], "markersize": 4.0, "capsize": 2.0, "linewidth": 1.2}
        error = counts.error(metrics.LIKELY)
        axes.errorbar(
            x,
            y,
            yerr=np.vstack([y - low, high - y]).clip(0),
            label=f"{name} (ECE from {metrics.LIKELY:g} on: {error:.3f})",
            color=colour,
            **style,
        )
        ends = np.arange(counts.count.size + 1) / counts.count.size
        below.stairs(counts.count, ends, color=colour, linewidth=1.4, baseline=None)
    axes.set(xlabel="score", ylabel="share of true edges", xlim=(0, 1.02), ylim=(0, 1.02))
    below.set_yscale("log")
    below.tick_params(labelbottom=False)  # those of the axes above
    below.set(ylabel="candidates", ylim=(0.8, None))
    axes.legend(frameon=False, fontsize=7, loc="upper left")
    plain(axes)
    plain(below)
    return axes

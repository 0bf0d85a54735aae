"""Precision against recall."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from grn_l0 import metrics
from grn_l0.metrics.universe import align
from grn_l0.network import Network
from grn_l0.pl.canvas import ACTIVATES, GREY, REPRESSES, axes_or_new, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from grn_l0.tl import Inference


def precision_recall(
    result: Inference | Network | pd.DataFrame,
    truth: Any,
    regulators: Iterable[str] | None = None,
    genes: Iterable[str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw precision against recall over all candidates, with the surviving network as a point.

    Parameters
    ----------
    result, truth, regulators, genes
        As in `grn_l0.tl.evaluate`.
    ax
        Axes to draw on; a new figure by default.

    Returns
    -------
    Axes
        With the density of the truth, the precision of chance, as a dotted line.
    """
    network = result if isinstance(result, Network | pd.DataFrame) else result.network
    universe = align(network, truth, regulators, genes)
    axes = axes_or_new(ax, 5.2, 4.4)
    score, true = universe.scores[universe.candidates], universe.truth[universe.candidates]
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(true[order])
    last = np.append(np.diff(score[order]) != 0, True)  # one point per distinct score
    recall, precision = hits[last] / hits[-1], hits[last] / (np.flatnonzero(last) + 1)
    # As average precision has it: up to the first distinct score, the precision there.
    recall, precision = np.append(0.0, recall), np.append(precision[0], precision)
    figures = metrics.ranking(universe.scores, universe.truth, universe.candidates)
    axes.plot(recall, precision, color=ACTIVATES, linewidth=1.8, label=f"scores (AUPRC {figures['auprc']:.3f})")
    chosen = universe.selected[universe.candidates]
    if chosen.any():
        found = int((chosen & true).sum())
        axes.plot(found / hits[-1], found / chosen.sum(), "D", color=REPRESSES, markersize=7,
                  label=f"network ({int(chosen.sum())} edges)")  # fmt: skip
    density = float(true.mean())
    axes.axhline(density, color=GREY, linestyle="dotted", label=f"chance ({density:.3g})")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.05))
    axes.legend(frameon=False, fontsize=8)
    plain(axes)
    return axes

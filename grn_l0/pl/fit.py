"""Data and fitted trajectories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from grn_l0._errors import MissingKeyError, OptionError, nearest
from grn_l0.pl.canvas import CYCLE, GREY, plain
from grn_l0.timeseries import TimeSeries

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

    from grn_l0.tl import Inference


def fit(
    result: Inference,
    adata: AnnData,
    genes: Sequence[str] | None = None,
    *,
    n_trajectories: int = 3,
    ax: Axes | Sequence[Axes] | None = None,
) -> Any:
    """Draw measured values and the model's trajectory from the first of them.

    Parameters
    ----------
    result
        What `grn_l0.tl.infer` returned.
    adata
        The data of the fit, or others with the same genes and keys.
    genes
        Genes to draw, one panel each; the six of those with regulators that vary most by default.
    n_trajectories
        At most so many trajectories, the first ones; the title says how many there are.
    ax
        One axes per gene; a new figure by default.

    Returns
    -------
    ndarray of Axes
        One per gene; points are measurements, lines the model.

    Raises
    ------
    MissingKeyError
        If a gene is not among those of the model.
    OptionError
        If there are fewer axes than genes.
    """
    series = result.keys.series(adata, result.fit.genes)
    shown = min(max(n_trajectories, 1), series.n_series)
    fine = _fine(series.select(list(range(shown))))
    full = result.fit.forecast(fine).full
    known = list(series.genes)
    wanted = _most_variable(result, series.values) if genes is None else list(genes)
    for gene in wanted:
        if gene not in known:
            raise MissingKeyError(f"the model has no gene {gene!r}{nearest(gene, known)}")
    panels = _panels(ax, len(wanted))
    for panel, gene in zip(panels, wanted, strict=True):
        i = known.index(gene)
        for k in range(shown):
            n, m = int(series.lengths[k]), int(fine.lengths[k])
            colour = CYCLE[k % len(CYCLE)]
            panel.plot(fine.times[k, :m], full[k, :m, i], color=colour, linewidth=1.5)
            panel.plot(series.times[k, :n], series.values[k, :n, i], "o", color=colour, markersize=4)
        panel.set_title(gene, fontsize=10)
        plain(panel)
    for panel in panels:
        where = panel.get_subplotspec()
        if where is None or where.is_first_col():
            panel.set_ylabel("expression")
        panel.set_xlabel(result.keys.pseudotime_key or result.keys.time_key)
    _say(panels, f"points: measured; lines: model from the first point ({shown} of {series.n_series} trajectories)")
    return panels


def _fine(series: TimeSeries, points: int = 8) -> TimeSeries:
    """The same first values, and `points` times per interval at which nothing was measured: smooth lines."""
    s, t = series.times.shape
    step = np.arange(points) / points
    inner = series.times[:, :-1, None] + np.diff(series.times, axis=1)[:, :, None] * step
    times = np.full((s, (t - 1) * points + 1), np.nan)
    values = np.full((*times.shape, series.n_genes), np.nan)
    for k, length in enumerate(series.lengths):
        n = (int(length) - 1) * points
        times[k, :n] = inner[k, : length - 1].ravel()
        times[k, n] = series.times[k, length - 1]
    values[:, 0] = series.values[:, 0]
    stimuli = None
    if series.stimuli is not None:
        # A level lasts until the next observation.
        at = np.minimum(np.arange(times.shape[1]) // points, t - 1)
        stimuli = series.stimuli[:, at]
    return replace(series, values=values, times=times, weights=None, stimuli=stimuli)


def _most_variable(result: Inference, values: np.ndarray, count: int = 6) -> list[str]:
    spread = np.nan_to_num(np.nanstd(values.reshape(-1, values.shape[-1]), axis=0))
    regulated = result.network.selected.any(axis=0)
    order = np.lexsort((-spread, ~regulated))
    return [result.fit.genes[i] for i in order[:count]]


def _panels(ax: Axes | Sequence[Axes] | None, count: int) -> np.ndarray:
    if count == 0:
        raise OptionError("name at least one gene")
    if ax is not None:
        given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(given) < count:
            raise OptionError(f"{count} genes need {count} axes, not {len(given)}")
        return given[:count]
    from matplotlib.figure import Figure

    columns = min(count, 3)
    rows = -(-count // columns)
    figure = Figure(figsize=(3.2 * columns, 2.4 * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for spare in grid[count:]:
        spare.set_axis_off()
    return np.asarray(grid[:count])


def _say(panels: np.ndarray, text: str) -> None:
    figure = panels[0].figure
    if figure is not None and figure.get_suptitle() == "":
        figure.suptitle(text, fontsize=9, color=GREY)

"""What the benchmarks share: networks against references, forecasts and their floors, a timed inference, medians."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from grn_l0 import baselines, metrics, tl
from grn_l0._typing import Float, Int, ndarray
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.table import median_row
from grn_l0.fit import Forecast
from grn_l0.metrics.universe import align
from grn_l0.network import Network
from grn_l0.timeseries import TimeSeries

if TYPE_CHECKING:
    from anndata import AnnData

Rows = dict[str, dict[str, float]]
#: Permutations behind a p-value; the smallest there can be is one over this, about.
PERMUTATIONS = 1000
_RANKED = ("auroc", "auprc", "auprc_ratio", "epr")
_CHOSEN = ("edges", "precision", "recall", "balanced_accuracy", "sign_accuracy")


def timed_infer(adata: AnnData, settings: Settings, **options: Any) -> tuple[tl.Inference, float]:
    """What `grn_l0.tl.infer` finds, and the seconds it took."""
    began = time.perf_counter()
    result = tl.infer(adata, threads=settings.threads, **options)
    return result, time.perf_counter() - began


def size(network: Network, spent: float) -> dict[str, float]:
    """Surviving edges, their sparsity among all candidates, and the time they took."""
    return {"edges": network.n_edges, "sparsity": network.sparsity, "time_s": spent}


def positions(names: Iterable[str], genes: Sequence[str]) -> Int[ndarray, " names"]:
    """Where these names are among the genes."""
    place = {gene: k for k, gene in enumerate(genes)}
    return np.array([place[name] for name in names], dtype=np.int64)


def errors(forecast: Forecast) -> dict[str, float]:
    """Mean squared errors of a forecast, one step ahead and from the first time."""
    return {"mse_one_step": forecast.mse_one_step, "mse_full": forecast.mse_full}


def floors(train: TimeSeries, test: TimeSeries) -> Rows:
    """One-step errors of the forecasts without a network."""
    return {
        name: {"mse_one_step": metrics.mse(predict(train, test), test.values)}
        for name, predict in baselines.FORECAST_BASELINES.items()
    }


def against(
    result: Network | pd.DataFrame, reference: pd.DataFrame, *, chosen: bool = True, p_value: bool = False
) -> dict[str, float]:
    """Metrics of a network on the universe of a reference.

    Parameters
    ----------
    result
        A network, or a table of edges in which those not listed rank last.
    reference
        What `grn_l0.datasets.restrict` returned: its universe is where the metrics count.
    chosen
        Whether the set of surviving edges is judged too; not for methods that only rank.
    p_value
        Whether to permute the targets of the reference, see `grn_l0.metrics.permutation_p_value`.
    """
    # Without attrs, which pandas compares whenever tables meet.
    universe = align(
        result,
        pd.DataFrame({c: reference[c] for c in reference}),
        reference.attrs["regulators"],
        reference.attrs["targets"],
    )
    ranked = metrics.ranking(universe.scores, universe.truth, universe.candidates)
    row = {c: float(ranked[c]) for c in _RANKED}
    signs = {} if universe.true_sign is None else {"sign": universe.sign, "true_sign": universe.true_sign}
    sets = metrics.selection(universe.selected, universe.truth, universe.candidates, **signs)
    if chosen:
        row |= {c: float(sets[c]) for c in _CHOSEN}
    if p_value:
        row["p_value"] = metrics.permutation_p_value(
            universe.scores, universe.truth, universe.candidates, n=PERMUTATIONS
        )
    return row | {"candidates": sets["candidates"], "true_edges": sets["true_edges"]}


def ranking_only(
    regulators: Sequence[str], genes: Sequence[str], scores: Float[ndarray, "regulators genes"]
) -> Network:
    """Scores of a method that selects nothing."""
    return Network(regulators=tuple(regulators), targets=tuple(genes), scores=scores, weights=0.0 * scores)


def inside(edges: pd.DataFrame, regulators: Iterable[str], genes: Iterable[str]) -> pd.DataFrame:
    """The edges between these regulators and genes, self-pairs left out."""
    known = edges["source"].isin(list(regulators)) & edges["target"].isin(list(genes))
    return edges[known & (edges["source"] != edges["target"])].reset_index(drop=True)


def medians(seeds: Sequence[Mapping[str, Mapping[str, float]]]) -> Rows:
    """Median over seeds of every figure of every row of the first seed."""
    return {name: median_row([rows[name] for rows in seeds]) for name in seeds[0]}

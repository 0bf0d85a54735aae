"""Yeast cell cycle: learn from one replicate, forecast the other, score the network of transcription factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0 import baselines, datasets, metrics, pp, tl
from grn_l0._typing import Progress
from grn_l0.benchmark.machine import machine, peak_mib
from grn_l0.benchmark.scoring import Rows, against, inside, medians, ranking_only, size, timed_infer
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.table import BenchmarkTable
from grn_l0.network import Network
from grn_l0.timeseries import TimeSeries

if TYPE_CHECKING:
    from anndata import AnnData

#: One-step error of PHOENIX on the test replicate, as published (Hossain et al. 2024); its network is dense.
PHOENIX = 0.0598


def yeast(settings: Settings, progress: Progress | None = None) -> BenchmarkTable:
    """Forecast of the test replicate, and the network against two gold standards, beside their floors.

    Raises
    ------
    DatasetError
        If the published files cannot be had.
    """
    train, test = datasets.yeast("train"), datasets.yeast("test")
    genes = tuple(map(str, train.var_names))
    panel = {*genes}
    regulators = tuple(g for g in datasets.yeast_regulators() if g in panel)
    motif = inside(datasets.yeast_motif_prior(), regulators, genes)
    standards = {
        "gold standard": datasets.restrict(datasets.yeast_gold_standard(), genes, regulators),
        "YEASTRACT": datasets.restrict(datasets.yeast_yeastract(), genes, regulators),
    }
    seeds: list[Rows] = []
    for seed in range(settings.seeds):
        result, spent = timed_infer(train, settings, regulators=regulators, seed=seed, progress=progress)
        forecast = _forecast(result, test) | size(result.network, spent)
        seeds.append({"grn_l0": forecast, **_scored("grn_l0", result.network, standards)})
    ours = medians(seeds)
    per_seed = {f"grn_l0, seed {k}": rows["grn_l0"] for k, rows in enumerate(seeds)} if len(seeds) > 1 else {}
    result, spent = timed_infer(train, settings, regulators=regulators, prior=motif, progress=progress)
    helped = _scored("grn_l0 with motif prior (seed 0)", result.network, standards)
    series, later = pp.to_timeseries(train), pp.to_timeseries(test)
    correlation = ranking_only(regulators, genes, baselines.correlation(series, _positions(genes, regulators)))
    rows: Rows = {"grn_l0": ours.pop("grn_l0"), **per_seed}
    rows["grn_l0 with motif prior (seed 0)"] = _forecast(result, test) | size(result.network, spent)
    rows |= _floors(series, later)
    networks = ours | helped | _scored("motif prior alone", motif, standards)
    networks |= _scored("correlation", correlation, standards, chosen=False)
    for standard in standards:
        rows |= {name: row for name, row in networks.items() if name.startswith(standard)}
    return BenchmarkTable(
        title=f"Yeast cell cycle, {len(genes)} genes, {len(regulators)} of them regulators",
        rows=rows,
        notes=(
            "One-step MSE on the test replicate, from the measured state, hard gates; figures of grn_l0 are medians "
            "over seeds. Mean reversion has no network and is fitted on the training replicate.",
            "Networks: pairs that both the network and the standard know, no self-pairs. The p-value permutes the "
            "targets within the standard (statistic: AUPRC over density), so that hubs alone do not make it small.",
            f"Peak memory {peak_mib():.0f} MiB.",
        ),
        about={"seeds": settings.seeds, "threads": settings.threads, "machine": machine()},
    )


def _forecast(result: tl.Inference, test: AnnData) -> dict[str, float]:
    forecast = result.forecast(test)
    return {"mse_one_step": forecast.mse_one_step, "mse_full": forecast.mse_full}


def _floors(train: TimeSeries, test: TimeSeries) -> Rows:
    rows: Rows = {}
    for name in ("persistence", "gene mean", "mean reversion"):
        predicted = baselines.FORECAST_BASELINES[name](train, test)
        rows[name] = {"mse_one_step": metrics.mse(predicted, test.values)}
    return rows | {"PHOENIX (published)": {"mse_one_step": PHOENIX, "sparsity": 0.0}}


def _scored(
    name: str, network: Network | pd.DataFrame, standards: dict[str, pd.DataFrame], chosen: bool = True
) -> Rows:
    return {f"{k}: {name}": against(network, v, chosen=chosen, p_value=True) for k, v in standards.items()}


def _positions(genes: tuple[str, ...], regulators: tuple[str, ...]) -> np.ndarray:
    place = {gene: k for k, gene in enumerate(genes)}
    return np.array([place[name] for name in regulators], dtype=np.int64)

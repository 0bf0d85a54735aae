"""SIM350: 350 genes whose network is known, against the published noise-free test trajectories."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from grn_l0 import baselines, datasets, pp, tl
from grn_l0._typing import Progress
from grn_l0.benchmark.machine import machine, peak_rss
from grn_l0.benchmark.scoring import errors, ranking_only, timed_infer
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.table import BenchmarkTable, median_row, reliability_lines
from grn_l0.metrics import Reliability

if TYPE_CHECKING:
    from anndata import AnnData

#: In the order of the table.
COLUMNS = (
    "auprc", "auroc", "epr", "balanced_accuracy", "precision", "recall", "sign_accuracy", "sparsity", "edges",
    *tl.CALIBRATION, "mse_one_step", "mse_full", "time_s",
)  # fmt: skip


def sim350(settings: Settings, progress: Progress | None = None) -> BenchmarkTable:
    """Median over seeds of the network's and the forecast's figures, beside persistence, gene mean and quick methods.

    Raises
    ------
    DatasetError
        If the published files cannot be had.
    """
    test = datasets.sim350_test()
    prior = None if settings.prior is None else datasets.sim350_prior(settings.prior)
    rows: dict[str, dict[str, float]] = {}
    floors: list[dict[str, dict[str, float]]] = []
    universe = ""
    counts_by_score: list[Reliability] = []
    for seed in range(settings.seeds):
        adata = datasets.sim350(noise=settings.noise, seed=seed)
        options: dict[str, Any] = {"trajectory_key": "trajectory", "seed": seed, "progress": progress}
        result, spent = timed_infer(adata, settings, prior=prior, **options)
        table = tl.evaluate(result, test.varp["truth"])
        forecast = result.forecast(test)
        rows[f"seed {seed}"] = _inferred(result, test, spent)
        counts_by_score.append(tl.reliability(result, test.varp["truth"]))
        others: dict[str, dict[str, float]] = {}
        if prior is not None:
            wrong = shuffled(prior, tuple(map(str, adata.var_names)), seed)
            for name, edges in (("no prior", None), ("shuffled prior", wrong)):
                again, took = timed_infer(adata, settings, prior=edges, **options)
                others[f"grn_l0, {name}"] = _inferred(again, test, took)
        floors.append(
            others
            | {
                "persistence": {"mse_one_step": forecast.mse_persistence},
                "gene mean": {"mse_one_step": forecast.mse_gene_mean},
                "shuffled network": _figures(table, "shuffled"),
                **_quick(adata, test),
            }
        )
        counts = table.loc["result"]
        universe = (
            f"Universe: {counts['candidates']:.0f} ordered pairs of genes, {counts['true_edges']:.0f} of them true."
        )
    ours = median_row(list(rows.values()))
    shown = {"grn_l0 (median)": ours, **rows} | {k: median_row([f[k] for f in floors]) for k in floors[0]}
    if prior is not None:
        shown["prior alone"] = _prior_alone(prior, test)
    notes = (
        ("Shuffled prior: the prior with its targets' names permuted, as many edges; median.",)
        if prior is not None
        else ()
    )
    about = {"noise": settings.noise, "prior": settings.prior or "none", "threads": settings.threads}
    return BenchmarkTable(
        title=f"SIM350, noise {settings.noise:g}, {'prior ' + settings.prior if settings.prior else 'no prior'}",
        rows=shown,
        notes=(
            universe,
            "MSE on the ten published noise-free test trajectories.",
            *notes,
            *reliability_lines("Scores of all seeds", sum(counts_by_score[1:], counts_by_score[0])),
            f"Peak memory {peak_rss() / 2**20:.0f} MiB.",
        ),
        about=about | {"machine": machine()},
    )


def shuffled(prior: pd.DataFrame, genes: tuple[str, ...], seed: int) -> pd.DataFrame:
    """The prior with the names of its targets permuted: as many edges, as many per regulator, none known to be right.

    A permutation that gives a gene itself as regulator is drawn again, so that no edge is lost (in a small dense
    network, where there is hardly another one, such edges are left out after a thousand draws).
    """
    rng = np.random.default_rng(seed)
    for _ in range(1000):
        names = dict(zip(genes, rng.permutation(genes).tolist(), strict=True))
        wrong = prior.assign(target=prior["target"].map(names))
        if (wrong["source"] != wrong["target"]).all():
            break
    return wrong[wrong["source"] != wrong["target"]].reset_index(drop=True)


def _inferred(result: tl.Inference, test: AnnData, spent: float) -> dict[str, float]:
    figures, forecast = _figures(tl.evaluate(result, test.varp["truth"]), "result"), result.forecast(test)
    row = figures | errors(forecast)
    return {c: row[c] for c in COLUMNS if c in row} | {"time_s": spent}


def _figures(table: pd.DataFrame, row: str) -> dict[str, float]:
    values = table.loc[row].to_dict()
    return {c: float(values[c]) for c in COLUMNS if c in values}


def _quick(adata: AnnData, test: AnnData) -> dict[str, dict[str, float]]:
    """Ranking metrics of the quick methods; trees take longer than everything else together and are left out."""
    series = pp.to_timeseries(adata, trajectory_key="trajectory")
    rows = {}
    for name, method in baselines.NETWORK_BASELINES.items():
        if name == "trees":
            continue
        began = time.perf_counter()
        scores = method(series, None)
        spent = time.perf_counter() - began
        network = ranking_only(series.genes, series.genes, scores)
        figures = _figures(tl.evaluate(network, test.varp["truth"]), "result")
        rows[name] = {c: figures[c] for c in ("auprc", "auroc", "epr")} | {"time_s": spent}
    return rows


def _prior_alone(prior: pd.DataFrame, test: AnnData) -> dict[str, float]:
    genes = list(map(str, test.var_names))
    return _figures(tl.evaluate(prior, tl.edges_of(test, "truth"), regulators=genes, genes=genes), "result")

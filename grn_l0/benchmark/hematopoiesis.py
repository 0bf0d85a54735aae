"""Hematopoiesis: learn a lineage from two donors, forecast the cells of others, score the network of TFs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from grn_l0 import baselines, datasets, metrics, pp
from grn_l0._errors import GrnWarning
from grn_l0._typing import Float, Progress, ndarray
from grn_l0.benchmark.machine import machine, peak_rss
from grn_l0.benchmark.scoring import Rows, against, medians, positions, ranking_only, size, timed_infer
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.table import BenchmarkTable
from grn_l0.timeseries import TimeSeries

if TYPE_CHECKING:
    from anndata import AnnData

TRAIN = (11, 12)
#: Test donors. Erythroid cells of donor 24 are on the network only, so that a mirror is enough without them.
TEST = {"B": (21, 24, 36), "erythroid": (21, 36), "monocytes": (21, 24, 36)}


def hematopoiesis(settings: Settings, progress: Progress | None = None) -> BenchmarkTable:
    """Forecast errors per lineage and test donor, and the network of each lineage against its reference.

    Raises
    ------
    DatasetError
        If the published files cannot be had.
    """
    forecasts: Rows = {}
    networks: Rows = {}
    for lineage, donors in TEST.items():
        of_donors, of_networks = _lineage(lineage, donors, settings, progress)
        forecasts |= of_donors
        networks |= of_networks
    return BenchmarkTable(
        title="Hematopoiesis, 529 genes, three lineages",
        rows=forecasts | networks,
        notes=(
            "Trained on donors 11 and 12; expression scaled to 0-1 per gene and donor, pseudotime divided by the "
            "donor's maximum. One-step MSE over the single cells of the test donor in the order of pseudotime. "
            "mse_filtered: from the state filtered from the cells of the donor so far (with the process by which genes "
            "deviate from the model, learned from the bins of the training donors), hard gates; mse_filtered_expected: "
            "the same with expected gates; mse_present: from the present cell alone, projected on the states of the "
            "training donors. "
            "Gene mean is the test donor's own mean, which no forecast can know; mse_training_mean is that of the "
            "training donors. Figures of grn_l0 are medians over seeds.",
            "Networks: transcription factors of the reference among the candidate regulators × 529 genes, no "
            "self-pairs. Correlation is that of the training bins.",
            f"Peak memory {peak_rss() / 2**20:.0f} MiB.",
        ),
        about={"seeds": settings.seeds, "threads": settings.threads, "machine": machine()},
    )


def _lineage(lineage: str, donors: tuple[int, ...], settings: Settings, progress: Progress | None) -> tuple[Rows, Rows]:
    """Rows of one lineage: one per test donor, and its networks."""
    train = scaled(datasets.hematopoiesis(lineage, TRAIN))
    genes = tuple(map(str, train.var_names))
    panel = {*genes}
    regulators = tuple(dict.fromkeys(g for g in datasets.hematopoiesis_regulators() if g in panel))
    reference = datasets.restrict(datasets.hematopoiesis_reference(lineage), genes, regulators)
    tests = {f"{lineage} {donor}": cells(datasets.hematopoiesis(lineage, donor)) for donor in donors}
    keys: dict[str, Any] = {"pseudotime_key": "dpt_pseudotime", "trajectory_key": "donor"}
    seeds: list[Rows] = []
    with warnings.catch_warnings():
        # Genes that no cell of the training donors has are known, and stay: the published panel is the panel.
        warnings.filterwarnings("ignore", message=".*constant", category=GrnWarning)
        for seed in range(settings.seeds):
            result, spent = timed_infer(train, settings, regulators=regulators, seed=seed, progress=progress, **keys)
            own = size(result.network, spent)
            rows: Rows = {}
            for name, test in tests.items():
                filtered = result.fit.forecast(test, measurement="noisy")
                expected = result.fit.forecast(test, measurement="noisy", gates="expected")
                present = result.fit.forecast(test, measurement="present")
                rows[name] = {
                    "mse_filtered": filtered.mse_one_step,
                    "mse_filtered_expected": expected.mse_one_step,
                    "mse_present": present.mse_one_step,
                    "mse_persistence": present.mse_persistence,
                    "mse_gene_mean": metrics.mse(baselines.gene_mean(test, test), test.values),
                    "mse_training_mean": present.mse_gene_mean,
                    **own,
                }
            rows[f"{lineage} network: grn_l0"] = against(result.network, reference, p_value=True)
            seeds.append(rows)
        series = pp.to_timeseries(train, **keys)
    ours = medians(seeds)
    networks = {k: ours.pop(k) for k in list(ours) if "network" in k}
    for name in ("correlation", "lagged correlation"):
        scores = baselines.NETWORK_BASELINES[name](series, positions(regulators, genes))
        ranked = against(ranking_only(regulators, genes, scores), reference, chosen=False, p_value=True)
        networks[f"{lineage} network: {name}"] = ranked
    return ours, networks


def scaled(adata: AnnData) -> AnnData:
    """The cells with each gene scaled to 0-1 and pseudotime to a maximum of 1, donor by donor."""
    values = np.asarray(adata.X.toarray(), dtype=np.float32)
    time = adata.obs["dpt_pseudotime"].to_numpy(dtype=np.float64).copy()
    donor = adata.obs["donor"].astype(str).to_numpy()
    for one in pd.unique(donor):
        here = donor == one
        low, high = values[here].min(axis=0), values[here].max(axis=0)
        values[here] = (values[here] - low) / np.where(high > low, high - low, 1.0)
        time[here] /= time[here].max()
    adata.X = values
    adata.obs["dpt_pseudotime"] = time
    return adata


def cells(adata: AnnData) -> TimeSeries:
    """One donor's cells as one series, scaled, in the order of pseudotime."""
    adata = scaled(adata)
    time = adata.obs["dpt_pseudotime"].to_numpy(dtype=np.float64)
    order = np.argsort(time, kind="stable")
    return TimeSeries(
        genes=tuple(map(str, adata.var_names)),
        trajectories=("cells",),
        values=np.asarray(adata.X, dtype=np.float64)[order][None],
        times=increasing(time[order])[None],
    )


def increasing(times: Float[ndarray, " cells"]) -> Float[ndarray, " cells"]:
    """Sorted times with ties moved apart by the least that is safe (1e-9 of pseudotime's range)."""
    moved = times.copy()
    for k in range(1, len(moved)):
        moved[k] = max(moved[k], moved[k - 1] + 1e-9)
    return moved

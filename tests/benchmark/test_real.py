"""The benchmarks of published data from data to table, on small made-up data in their place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.sparse import csr_matrix

from grn_l0 import benchmark, datasets
from grn_l0.benchmark import breast_cancer, hematopoiesis, yeast
from grn_l0.datasets.reference import reference_table

GENES = [f"g{k:02d}" for k in range(24)]
TFS = GENES[:6]


def reference(targets, sign=False):
    edges = pd.DataFrame({"source": TFS * 3, "target": GENES[6:24]})
    if sign:
        edges["sign"] = 1.0
    return reference_table(edges, [*TFS, "elsewhere"], targets)


def prior():
    listed = {"source": [*TFS, "elsewhere", "g00"], "target": [*GENES[6:12], "g03", "g00"], "weight": 1.0}
    return pd.DataFrame(listed)


def course(seed, times):
    """A relaxing walk of all genes along one series."""
    rng = np.random.default_rng(seed)
    values = np.zeros((len(times), len(GENES)))
    for k in range(1, len(times)):
        values[k] = 0.7 * values[k - 1] + rng.normal(size=len(GENES))
    obs = pd.DataFrame({"time": times}, index=[f"t{k}" for k in range(len(times))])
    return AnnData(values.astype(np.float32), obs=obs, var=pd.DataFrame(index=GENES))


@pytest.fixture
def small_yeast(monkeypatch):
    monkeypatch.setattr(datasets, "yeast", lambda replicate: course(replicate == "test", 5.0 * np.arange(24)))
    monkeypatch.setattr(datasets, "yeast_regulators", lambda: ("elsewhere", *TFS))
    monkeypatch.setattr(datasets, "yeast_motif_prior", prior)
    monkeypatch.setattr(datasets, "yeast_gold_standard", lambda: reference(GENES, sign=True))
    monkeypatch.setattr(datasets, "yeast_yeastract", lambda: reference([*GENES[:20], "other"]))


def test_yeast_shows_both_standards_beside_the_motif_prior_and_the_floors(small_yeast):
    rows = benchmark.run("yeast", benchmark.Settings(seeds=1)).frame()
    floors = {"persistence", "gene mean", "mean reversion", "PHOENIX (published)"}
    assert floors <= set(rows.index)
    for way in (yeast.HARD, yeast.EXPECTED, yeast.BALANCED, yeast.EXACT):
        assert rows.loc[way, "mse_one_step"] < rows.loc["persistence", "mse_one_step"]
    assert rows.loc["grn_l0 with motif prior (seed 0)", "time_s"] > 0
    for standard, candidates in (("gold standard", 6 * 24 - 6), ("YEASTRACT", 6 * 20 - 6)):
        for network in ("grn_l0", "grn_l0 with motif prior (seed 0)", "motif prior alone", "correlation"):
            row = rows.loc[f"{standard}: {network}"]
            assert row["candidates"] == candidates
            assert 0 < row["p_value"] <= 1
    # 6 of the 18 true pairs are listed by the prior, and nothing else of it lies inside.
    assert rows.loc["gold standard: motif prior alone", "precision"] == 1
    assert rows.loc["gold standard: motif prior alone", "recall"] == pytest.approx(1 / 3)
    assert np.isnan(rows.loc["gold standard: correlation", "precision"])


@pytest.fixture
def small_breast(monkeypatch):
    times = np.arange(60) / 60
    parts = {"train": course(0, np.delete(times, range(28, 32))), "test": course(1, times[28:32])}
    monkeypatch.setattr(datasets, "breast_cancer", lambda genes, part: parts[part].copy())
    monkeypatch.setattr(datasets, "breast_cancer_reference", lambda: reference(None))
    monkeypatch.setattr(datasets, "breast_cancer_prior", lambda genes: prior())


def test_breast_cancer_has_a_row_per_seed_and_the_chip_network(small_breast):
    table = benchmark.run("breast-cancer", benchmark.Settings(seeds=2))
    rows = table.frame()
    ways = {f"{way}, seed {k}" for way in breast_cancer.ROWS for k in (0, 1)}
    larger = {f"2000 genes: {way}" for way in (*breast_cancer.ROWS, "persistence")}
    assert ways | larger | {"persistence", "ChIP: prior alone", "ChIP: correlation"} <= {*rows.index}
    assert (rows.loc[[*breast_cancer.ROWS], "sparsity"] <= 1).all()
    assert rows.loc["ChIP: grn_l0", "true_edges"] == 18
    assert table.about["command"] == "grn-l0 benchmark breast-cancer --seeds 2"
    assert "`grn-l0 benchmark breast-cancer --seeds 2`" in table.to_markdown()


def donors(lineage, wanted):
    """120 cells per donor; the last gene is silent in all of them, and pseudotimes are tied."""
    parts = []
    for donor in wanted if isinstance(wanted, tuple) else (wanted,):
        rng = np.random.default_rng(donor)
        time = np.round(rng.uniform(0, donor, 120), 1)
        values = rng.poisson(1 + 3 * (time / donor)[:, None] * np.linspace(0, 1, len(GENES))) * 50.0
        values[:, -1] = 0.0
        obs = pd.DataFrame({"dpt_pseudotime": time, "donor": str(donor)}, index=[f"{donor}_{k}" for k in range(120)])
        parts.append((values, obs))
    values, obs = np.concatenate([v for v, _ in parts]), pd.concat([o for _, o in parts])
    return AnnData(csr_matrix(values.astype(np.float32)), obs=obs, var=pd.DataFrame(index=GENES))


def test_hematopoiesis_has_a_row_per_lineage_and_donor(monkeypatch):
    monkeypatch.setattr(datasets, "hematopoiesis", donors)
    monkeypatch.setattr(datasets, "hematopoiesis_regulators", lambda: ("elsewhere", *TFS))
    monkeypatch.setattr(datasets, "hematopoiesis_reference", lambda lineage: reference(GENES))
    rows = benchmark.run("hematopoiesis", benchmark.Settings(seeds=1)).frame()
    expected = [f"{lineage} {donor}" for lineage, some in hematopoiesis.TEST.items() for donor in some]
    assert list(rows.index[:8]) == expected
    errors = rows.loc[expected]
    assert (errors["mse_filtered"] < errors["mse_persistence"]).all()
    assert errors["mse_gene_mean"].notna().all()
    assert rows.loc["B network: correlation", "candidates"] == 6 * 24 - 6


def test_cells_are_scaled_and_ties_move_apart():
    series = hematopoiesis.cells(donors("B", 21))
    times, values = series.times[0], series.values[0]
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(1.0)
    assert values[:, :-1].max(axis=0) == pytest.approx(1.0)
    assert values.min() == 0 == values[:, -1].max()

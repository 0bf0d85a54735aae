"""The SIM350 benchmark from data to table, on a small system in its place."""

from __future__ import annotations

import pandas as pd
import pytest

from grn_l0 import benchmark, datasets, tl
from grn_l0.benchmark.sim350 import shuffled


@pytest.fixture
def small(monkeypatch):
    def data(noise=0.0, seed=0):
        return datasets.simulated(genes=8, trajectories=15, noise=noise, seed=7)

    monkeypatch.setattr(datasets, "sim350", data)
    monkeypatch.setattr(datasets, "sim350_test", data)
    truth = tl.edges_of(data(), "truth")
    prior = pd.DataFrame({"source": truth["source"], "target": truth["target"], "weight": 1.0})
    monkeypatch.setattr(datasets, "sim350_prior", lambda level: prior)


def test_table_has_our_rows_and_the_floors(small):
    table = benchmark.run("sim350", benchmark.Settings(seeds=2, prior="0.05"))
    rows = table.frame()
    ours = {"grn_l0 (median)", "seed 0", "seed 1"}
    floors = {
        "persistence",
        "gene mean",
        "correlation",
        "lagged correlation",
        "lasso",
        "shuffled network",
        "prior alone",
        "grn_l0, no prior",
        "grn_l0, shuffled prior",
    }
    assert set(rows.index) == ours | floors
    assert rows.loc["seed 0", "mse_one_step"] < rows.loc["persistence", "mse_one_step"]
    assert rows.loc["prior alone", "balanced_accuracy"] == 1
    assert "56 ordered pairs" in table.notes[0]
    assert {"ece", "ece_above_0.1", "brier"} <= set(rows.columns)
    assert rows.loc["lasso", ["ece", "brier"]].isna().all()
    about, reliability = table.notes[-3:-1]
    assert about.startswith("Scores of all seeds: expected calibration error")
    counted = [int(line.split("|")[2]) for line in reliability.splitlines()[2:]]
    assert sum(counted) == 2 * 56


def test_shuffled_prior_keeps_the_edges_of_each_regulator_and_none_on_itself():
    genes = tuple(f"g{k}" for k in range(30))
    prior = pd.DataFrame({"source": ["g0"] * 5 + ["g1"] * 3, "target": genes[2:10], "weight": 1.0})
    wrong = shuffled(prior, genes, seed=0)
    assert wrong["source"].tolist() == prior["source"].tolist()
    assert (wrong["source"] != wrong["target"]).all()
    assert set(wrong["target"]) != set(prior["target"])
    assert not wrong.duplicated(["source", "target"]).any()

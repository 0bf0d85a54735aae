"""Every command, end to end."""

from __future__ import annotations

import json

import anndata
import networkx as nx
import numpy as np
import pandas as pd
import pytest

import grn_l0
from grn_l0 import benchmark, tl
from grn_l0.benchmark import accuracy


def test_version_and_help(grn):
    assert grn("--version").out.strip() == f"grn-l0 {grn_l0.__version__}"
    for command in ("infer", "forecast", "evaluate", "compare", "simulate", "data", "benchmark", "demo"):
        assert grn(command, "--help").status == 0


def test_infer_writes_every_candidate_and_the_survivors(fitted, simulated):
    scores = pd.read_parquet(fitted / "scores.parquet")
    assert list(scores) == ["source", "target", "score", "weight", "sign"]
    assert len(scores) == 8 * 7
    graph = nx.read_graphml(fitted / "network.graphml")
    assert set(graph) == set(simulated.var_names)
    alive = scores[scores["weight"] != 0]
    assert set(graph.edges) == set(zip(alive["source"], alive["target"], strict=True))
    for _, _, edge in graph.edges(data=True):
        assert set(edge) == {"score", "weight", "sign", "interaction"}
        assert edge["interaction"] == {1: "activates", -1: "represses"}[edge["sign"]]


def test_annotated_file_keeps_the_network(fitted, simulated):
    back = anndata.read_h5ad(fitted / "annotated.h5ad")
    alive = (pd.read_parquet(fitted / "scores.parquet")["weight"] != 0).sum()
    assert back.varp["grn_l0"].nnz == alive
    np.testing.assert_array_equal(back.X, simulated.X)


def test_infer_says_what_it_did_on_stderr_only(grn, h5ad, tmp_path):
    done = grn("infer", h5ad, "--trajectory-key", "trajectory", "--start", "none", "--out", tmp_path / "n.csv")
    assert done.status == 0
    assert done.out == ""
    assert "12 trajectories, 60 observations, 8 genes" in done.err
    assert "of 56 candidate edges" in done.err
    assert "n.csv" in done.err
    assert "loss" in done.err


def test_forecast_json_and_file(grn, fitted):
    done = grn("forecast", fitted / "model.safetensors", fitted / "data.h5ad", "--out", fitted / "f.h5ad", "--json")
    figures = json.loads(done.out)
    assert set(figures) == {"mse_one_step", "mse_full", "mse_persistence", "mse_gene_mean", "n"}
    assert figures["n"] == 12 * 4 * 8
    assert figures["mse_one_step"] < figures["mse_persistence"]
    assert {"one_step", "full"} <= set(anndata.read_h5ad(fitted / "f.h5ad").layers)
    text = grn("forecast", fitted / "model.safetensors", fitted / "data.h5ad").out
    assert "mse_one_step" in text


def test_forecast_with_a_gene_held_and_the_other_options(grn, fitted, simulated):
    gene, other = simulated.var_names[1], simulated.var_names[4]
    model, data, out = fitted / "model.safetensors", fitted / "data.h5ad", fitted / "held.h5ad"
    done = grn("forecast", model, data, "--hold", f"{gene}=0", "--hold", f"{other}=0.5", "--measurement", "noisy",
               "--out", out, "--json")  # fmt: skip
    assert done.status == 0, done.err
    held = anndata.read_h5ad(out)
    assert (held[:, gene].layers["full"] == 0).all() and (held[:, other].layers["one_step"] == 0.5).all()
    same = tl.forecast(tl.load(model), anndata.read_h5ad(data), measurement="noisy", hold={gene: 0.0, other: 0.5})
    np.testing.assert_array_equal(held.layers["one_step"], same.layers["one_step"])
    assert json.loads(done.out)["n"] == 12 * 4 * 6
    for words, said in (
        (("--hold", "GX1=0"), "not one of the model's 8 genes"),
        (("--hold", gene), "--hold GATA1=0"),
        (("--hold", f"{gene}=0", "--hold", f"{gene}=1"), "once for each gene"),
        (("--hold", f"{gene}=low"), "GENE=VALUE"),
        (("--gates", "expected"), "no posterior"),
        (("--context", data), "context"),
    ):
        done = grn("forecast", model, data, *words)
        assert done.status == 2 and said in done.err, done.err


@pytest.fixture
def truth(simulated, tmp_path):
    tl.edges_of(simulated, "truth").to_csv(tmp_path / "truth.csv", index=False)
    return tmp_path / "truth.csv"


def test_evaluate_json_is_what_python_says(grn, fitted, simulated, truth):
    figures = json.loads(grn("evaluate", fitted / "scores.parquet", "--truth", truth, "--json").out)
    scores = pd.read_parquet(fitted / "scores.parquet")
    own = tl.evaluate(scores, tl.edges_of(simulated, "truth")).loc["result"]
    assert figures["auprc"] == pytest.approx(own["auprc"])
    assert figures["candidates"] == 56
    assert set(figures["baselines"]) == {"random", "shuffled"}
    assert figures["baselines"]["random"]["auprc"] == pytest.approx(figures["density"])


def test_evaluate_prints_the_universe_and_takes_lists(grn, fitted, simulated, truth, tmp_path):
    names = list(simulated.var_names)
    (tmp_path / "genes.txt").write_text("\n".join(names))
    done = grn("evaluate", fitted / "network.graphml", "--truth", truth, "--genes", tmp_path / "genes.txt",
               "--regulators", tmp_path / "genes.txt")  # fmt: skip
    assert done.status == 0, done.err
    assert done.out.startswith("universe: 56 candidate edges")
    assert "balanced_accuracy" in done.out


def test_evaluate_states_the_calibration_and_draws_it(grn, fitted, simulated, truth, tmp_path):
    scores, plot = fitted / "scores.parquet", tmp_path / "r.png"
    known = tl.reliability(pd.read_parquet(scores), tl.edges_of(simulated, "truth"))
    figures = json.loads(grn("evaluate", scores, "--truth", truth, "--json").out)
    assert figures["ece"] == pytest.approx(known.error())
    assert sum(row["candidates"] for row in figures["reliability"]) == 56
    done = grn("evaluate", scores, "--truth", truth, "--reliability", plot)
    assert done.status == 0, done.err
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert f"calibration: expected error {known.error():.3g} over all candidates" in done.out
    assert "0 to 0.1" in done.out
    # Survivors say nothing about the calibration of the others.
    words = ("evaluate", fitted / "network.graphml", "--truth", truth)
    assert json.loads(grn(*words, "--json").out)["reliability"] == []
    assert "calibration:" not in grn(*words).out
    refused = grn(*words, "--reliability", tmp_path / "s.png")
    assert refused.status == 2 and "every candidate" in refused.err and not (tmp_path / "s.png").exists()
    assert grn("evaluate", scores, "--truth", truth, "--reliability", tmp_path / "r.doc").status == 2


def test_simulate_writes_the_truth_beside_the_data(grn, tmp_path):
    words = ("--genes", 12, "--trajectories", 3, "--seed", 4)
    assert grn("simulate", tmp_path / "a.h5ad", *words).status == 0
    assert grn("simulate", tmp_path / "b.h5ad", *words, "--quiet").err == ""
    data = anndata.read_h5ad(tmp_path / "a.h5ad")
    assert data.n_vars == 12
    assert data.obs["trajectory"].nunique() == 3
    truth = pd.read_csv(tmp_path / "a.truth.csv")
    assert len(truth) == data.varp["truth"].nnz
    pd.testing.assert_frame_equal(truth, pd.read_csv(tmp_path / "b.truth.csv"))
    np.testing.assert_array_equal(data.X, anndata.read_h5ad(tmp_path / "b.h5ad").X)
    assert grn("simulate", tmp_path / "c.h5ad", "--noise", "inf").status == 2


def test_data_list_and_fetch(grn, monkeypatch):
    from grn_l0 import datasets

    listed = json.loads(grn("data", "list", "--json").out)
    assert len(listed) >= 49
    assert listed[0]["name"] in grn("data", "list").out
    monkeypatch.setattr(datasets, "fetch", lambda name: f"here/{name}")
    assert grn("data", "fetch", "x.csv").out.strip() == "here/x.csv"
    monkeypatch.undo()
    done = grn("data", "fetch", "no-such-file")
    assert done.status == 2
    assert "no-such-file" in done.err


def test_benchmark_prints_and_writes_its_table(grn, monkeypatch, tmp_path):
    table = benchmark.BenchmarkTable(
        title="A title", rows={"ours": {"auprc": 0.5, "edges": 12}, "floor": {"auprc": 0.1}}
    )
    monkeypatch.setattr(benchmark, "run", lambda name, settings, progress: table)
    done = grn("benchmark", "sim350", "--json", "--out", tmp_path / "t.md")
    assert json.loads(done.out)["rows"]["ours"] == {"auprc": 0.5, "edges": 12}
    assert "| floor | 0.100 | – |" in (tmp_path / "t.md").read_text()
    assert "A title" in grn("benchmark", "sim350").out
    assert grn("benchmark", "sim305").status == 2


def test_accuracy_lists_runs_and_says_what_it_wrote(grn, monkeypatch, tmp_path):
    words = ("benchmark", "accuracy", "--only", "own simulations/6 series*", "--methods", "lasso", "--seeds", 1)
    assert grn(*words, "--list").out == "Own simulations/6 series x 10 times, 50 genes: lasso x1\n"
    assert "--out" in grn(*words).err
    done = grn(*words, "--out", tmp_path / "r", "--processes", 0, "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["cells"] == 1
    assert "finished before" in done.err
    assert "| lasso | 1 |" in (tmp_path / "r" / "accuracy.md").read_text()
    again = grn(*words, "--out", tmp_path / "r", "--processes", 0)
    assert "1 cells, 1 of them finished before" in again.err
    assert grn("benchmark", "accuracy", "--only", "nothing like it", "--list").status == 2
    monkeypatch.setattr(accuracy.suite, "run_cell", lambda *_: 1 / 0)
    failed = grn(*words, "--out", tmp_path / "r", "--processes", 0, "--again")
    assert failed.status == 2
    assert "1 cells failed" in failed.err


def test_calibration_runs_the_designs_that_are_asked_for(grn, monkeypatch, tmp_path):
    from grn_l0.benchmark import calibration

    designs = tuple(calibration.Design(kind=k, genes=6, series=30, noise=0.05, systems=3) for k in ("one", "other"))
    monkeypatch.setattr(calibration, "DESIGNS", designs)
    assert "--out" in grn("benchmark", "calibration").err
    words = ("benchmark", "calibration", "--seeds", 1, "--out", tmp_path / "r")
    refused = grn(*words, "--only", "neither*")
    assert refused.status == 2 and "one, 6 genes" in refused.err
    done = grn(*words, "--only", "other*")
    assert done.status == 0, done.err
    text = (tmp_path / "r" / "calibration.md").read_text()
    assert "`grn-l0 benchmark calibration --seeds 1 --only 'other*'`" in text
    assert "| other, 6 genes" in text and "| one, 6 genes" not in text


def test_demo_writes_six_files_and_prints_the_baselines(grn, tmp_path):
    done = grn("demo", "--out", tmp_path / "d", "--genes", 8, "--trajectories", 10)
    assert done.status == 0, done.err
    assert {p.name for p in (tmp_path / "d").iterdir()} == {
        "network.graphml", "scores.parquet", "network.png", "fit.png", "reliability.png", "metrics.csv"
    }  # fmt: skip
    methods = pd.read_csv(tmp_path / "d" / "metrics.csv", index_col="method").index
    assert {"grn_l0", "random", "shuffled", "correlation", "lagged correlation", "lasso", "trees"} == set(methods)
    assert "lasso" in done.out and "calibration: expected error" in done.out
    (tmp_path / "file").write_text("")
    assert grn("demo", "--out", tmp_path / "file").status == 2


def test_evaluate_takes_the_universe_from_graphml(tmp_path):
    import json

    import numpy as np
    from typer.testing import CliRunner

    from grn_l0.cli.app import app
    from grn_l0.network import Network

    weights = np.zeros((2, 4))
    weights[0, 1] = 1.0
    network = Network(regulators=("a", "b"), targets=("a", "b", "c", "d"), scores=weights, weights=weights)
    network.write(tmp_path / "n.graphml")
    (tmp_path / "truth.csv").write_text("TF,gene\na,b\nb,c\n")
    done = CliRunner().invoke(
        app, ["evaluate", str(tmp_path / "n.graphml"), "--truth", str(tmp_path / "truth.csv"), "--json"]
    )
    assert json.loads(done.stdout)["candidates"] == 6

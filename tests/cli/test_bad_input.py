"""Each kind of bad input: status 2, one readable line, no output file, no traceback."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

FLAGS = ("--time-key", "time", "--trajectory-key", "trajectory", "--start", "none")


def _no_time(a):
    del a.obs["time"]


def _text_time(a):
    a.obs["time"] = ["day one"] * a.n_obs


def _nan_time(a):
    a.obs.loc[a.obs.index[2], "time"] = np.nan


def _one_point(a):
    a.obs.loc[a.obs.index[:4], "trajectory"] = a.obs["trajectory"].iloc[10]
    a.obs.loc[a.obs.index[:4], "time"] = [20.0, 21, 22, 23]


def _same_time_twice(a):
    a.obs.loc[a.obs.index[1], "time"] = a.obs["time"].iloc[0]


def _infinite(a):
    a.X[3, 2] = np.inf


def _twin_genes(a):
    a.var_names = ["g0", "g0", *a.var_names[2:]]


BAD = {
    "no time": (_no_time, "'time'"),
    "text time": (_text_time, "day one"),
    "NaN time": (_nan_time, "time"),
    "one time point": (_one_point, "time point"),
    "same time twice": (_same_time_twice, "eplicate"),
    "infinite": (_infinite, "inf"),
    "twin genes": (_twin_genes, "g0"),
}


def _outputs(folder):
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(("network", ".network", "scores")))


def _is_one_line(done, word):
    assert done.status == 2
    assert done.out == ""
    assert "Traceback" not in done.err
    errors = [line for line in done.err.splitlines() if not line.startswith("grn-l0: warning")]
    assert len(errors) == 1, done.err
    assert word in errors[0]
    assert len(errors[0]) < 700


@pytest.mark.parametrize("name", BAD)
def test_bad_data(grn, simulated, tmp_path, name):
    spoil, word = BAD[name]
    adata = simulated.copy()
    spoil(adata)
    adata.write_h5ad(tmp_path / "bad.h5ad")
    done = grn("infer", tmp_path / "bad.h5ad", *FLAGS, "--out", tmp_path / "network.tsv")
    _is_one_line(done, word)
    assert _outputs(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--out", "network.docx"), ".docx"),
        (("--out", "network"), "suffix"),
        (("--out", "missing/network.tsv"), "missing"),
        (("--out", "network.tsv", "--scores", "scores.graphml"), "--scores"),
        (("--out", "network.tsv", "--model", "network.pt"), ".safetensors"),
        (("--out", "network.tsv", "--scores", "network.tsv"), "--scores"),
        (("--out", "network.tsv", "--regulators", "tfs.txt"), "FOXP3"),
        (("--out", "network.tsv", "--regulators", "nowhere.txt"), "nowhere.txt"),
        (("--out", "network.tsv", "--prior", "prior.csv"), "--start posterior"),
        (("--out", "network.tsv", "--prior", "prior.csv", "--start", "posterior"), "GATA1"),
        (("--out", "network.tsv", "--prior", "columns.csv", "--start", "posterior"), "source"),
        (("--out", "network.tsv", "--layer", "counts"), "counts"),
        (("--out", "network.tsv", "--pseudotime-key", "dpt"), "exclude"),
        (("--out", "network.tsv", "--treads", "2"), "--threads"),
        (("--out", "network.tsv", "--threads", "0"), "--threads"),
        (("--out", "network.tsv", "--seed", "x"), "--seed"),
    ],
)
def test_bad_options(grn, h5ad, tmp_path, options, word):
    (tmp_path / "tfs.txt").write_text("FOXP3\nGATA1\n")
    (tmp_path / "prior.csv").write_text("source,target\nGATA1,TAL1\n")
    (tmp_path / "columns.csv").write_text("from,to\nGATA1,TAL1\n")
    words = [tmp_path / o if "." in o or o == "network" else o for o in options]
    _is_one_line(grn("infer", h5ad, *FLAGS, *words), word)
    assert _outputs(tmp_path) == []


@pytest.mark.parametrize("text", ["not a file", ""])
def test_a_file_that_is_not_anndata(grn, tmp_path, text):
    (tmp_path / "in.h5ad").write_text(text)
    _is_one_line(grn("infer", tmp_path / "in.h5ad", *FLAGS, "--out", tmp_path / "network.tsv"), "in.h5ad")
    _is_one_line(grn("infer", tmp_path / "none.h5ad", *FLAGS, "--out", tmp_path / "network.tsv"), "none.h5ad")
    assert _outputs(tmp_path) == []


def _negative(a):
    a.X -= 0.5


def _missing(a):
    a.X[3, 2] = np.nan


def _constant(a):
    a.X[:, 1] = 0.5


def _counts(a):
    a.X = np.round(np.abs(a.X) * 5000).astype(np.int64)


def _sparse(a):
    a.X = sparse.csr_matrix(a.X)


@pytest.mark.parametrize(
    ("change", "warned"),
    [(_negative, ""), (_missing, ""), (_constant, "constant"), (_counts, "normalize"), (_sparse, "")],
)
def test_unusual_data_work_with_a_warning_where_due(grn, simulated, tmp_path, change, warned):
    adata = simulated.copy()
    change(adata)
    adata.write_h5ad(tmp_path / "odd.h5ad")
    done = grn("infer", tmp_path / "odd.h5ad", *FLAGS, "--out", tmp_path / "network.tsv", "--quiet")
    assert done.status == 0, done.err
    warnings = [line for line in done.err.splitlines() if line.startswith("grn-l0: warning")]
    assert any(warned in line for line in warnings) if warned else True
    assert _outputs(tmp_path) == ["network.tsv"]


def test_evaluate_and_forecast_refuse_what_they_cannot_read(grn, fitted, tmp_path):
    (tmp_path / "truth.csv").write_text("source,target\nGATA1,TAL1\n")
    _is_one_line(grn("evaluate", fitted / "scores.parquet", "--truth", tmp_path / "truth.csv"), "GATA1")
    _is_one_line(grn("evaluate", tmp_path / "none.tsv", "--truth", tmp_path / "truth.csv"), "none.tsv")
    _is_one_line(grn("forecast", fitted / "data.h5ad", fitted / "data.h5ad"), "model")

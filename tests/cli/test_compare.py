"""``grn-l0 compare`` from files to stdout."""

from __future__ import annotations

import json

import numpy as np
import pytest

from grn_l0 import tl
from grn_l0.network import Network


@pytest.fixture
def files(tmp_path):
    genes = tuple(f"g{k}" for k in range(6))
    paths = []
    for k in range(3):
        scores = np.random.default_rng(k).random((6, 6))
        net = Network(regulators=genes, targets=genes, scores=scores, weights=np.where(scores > 0.6, scores, 0.0))
        paths.append(tmp_path / f"run{k}.parquet")
        net.write_scores(paths[-1])
    return paths


def test_table_and_json_are_what_python_says(grn, files):
    row = tl.compare(*files[:2]).table.iloc[0]
    told = json.loads(grn("compare", *files[:2], "--json").out)
    assert told["candidates"] == 30 and told["networks"] == ["run0", "run1"] and told["notes"] == []
    assert told["pairs"][0]["jaccard"] == pytest.approx(row["jaccard"])
    assert "differences" not in told
    done = grn("compare", *files[:2])
    assert done.status == 0 and done.err == ""
    assert done.out.startswith("universe: 6 regulators, 6 genes, 30 candidate edges in common")
    assert f"{row['jaccard']:.3f}" in done.out and "run0 | run1" in done.out


def test_three_files_and_their_differences(grn, files):
    out = grn("compare", *files, "--differences", 2).out
    assert "run1 | run2" in out
    assert "3 of them: " in out
    assert "run0, not run2" in out
    told = json.loads(grn("compare", *files, "--differences", 2, "--json").out)
    assert len(told["pairs"]) == 3 and len(told["differences"]) <= 12
    assert sum(told["found_by"].values()) == len({(d["source"], d["target"]) for d in _union(files)})


def _union(files):
    from grn_l0.network import read_edges

    return [edge for path in files for edge in read_edges(path).query("weight != 0").to_dict("records")]


def test_lists_narrow_the_universe(grn, files, tmp_path):
    (tmp_path / "tfs.txt").write_text("g0\ng1\n")
    assert grn("compare", *files[:2], "--regulators", tmp_path / "tfs.txt").out.startswith("universe: 2 regulators")
    (tmp_path / "tfs.txt").write_text("g0\ng77\n")
    done = grn("compare", *files[:2], "--regulators", tmp_path / "tfs.txt")
    assert done.status == 2 and "'g77'" in done.err


def test_mistakes_are_one_line(grn, files, tmp_path):
    for words in (files[:1], [files[0], tmp_path / "none.csv"], [files[0], files[0]]):
        done = grn("compare", *words)
        assert done.status == 2 and len(done.err.strip().splitlines()) == 1, done.err

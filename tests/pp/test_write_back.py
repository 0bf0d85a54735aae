from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from pp_samples import series
from scipy import sparse

from grn_l0 import _errors as e
from grn_l0 import pp


def arrays(regulators: list[int], n: int = 6):
    rng = np.random.default_rng(0)
    scores = rng.random((len(regulators), n))
    scores[np.arange(len(regulators)), regulators] = 0.0
    return {"scores": scores, "weights": np.where(scores > 0.7, scores - 0.9, 0.0), "regulators": np.array(regulators)}


@pytest.mark.parametrize("regulators", [[4, 1], [5, 0, 1, 2, 3, 4]])
def test_survives_the_file(regulators: list[int], tmp_path: Path) -> None:
    a, found = series(), arrays(regulators)
    info = {
        "seed": 0,
        "status": "done",
        "nothing": None,
        "names": ("a", "b"),
        "numbers": [1, 2.5],
        "none": [],
        "mixed": ["a", 1],
        "kinds": {"b", "a"},
        "scalar": np.float32(2),
        "path": Path("x"),
        "texts": np.array(["a"]),
        "nested": {"a/b": True},
        "history": pd.DataFrame({"loss": [1.0]}),
    }
    pp.write_back(a, **found, info=info)
    a.write_h5ad(tmp_path / "a.h5ad")
    b = ad.read_h5ad(tmp_path / "a.h5ad")
    positions, scores, weights = pp.read_back(b)
    assert positions.tolist() == regulators
    np.testing.assert_allclose(scores, found["scores"], rtol=1e-6)
    np.testing.assert_allclose(weights, found["weights"], rtol=1e-6)
    uns = b.uns["grn_l0"]
    assert uns["n_edges"] == (found["weights"] != 0).sum() and uns["scores"] == "all candidates"
    assert uns["n_candidates"] == len(regulators) * 5
    assert uns["seed"] == 0 and uns["status"] == "done" and "nothing" not in uns and uns["nested"]["a_b"]
    assert list(uns["names"]) == ["a", "b"] and list(uns["mixed"]) == ["a", "1"] and list(uns["kinds"]) == ["a", "b"]
    assert uns["numbers"].tolist() == [1, 2.5] and uns["scalar"] == 2 and uns["path"] == "x"
    assert uns["history"]["loss"].tolist() == [1.0]
    assert sparse.issparse(b.varp["grn_l0"]) and sparse.issparse(b.varp["grn_l0_score"]) == (len(regulators) == 2)


def test_large_networks_keep_the_scores_of_survivors() -> None:
    a, found = series(), arrays([0, 1, 2, 3])
    pp.write_back(a, **found, key="net", keep_scores=10)
    _, scores, _ = pp.read_back(a, "net")
    np.testing.assert_allclose(scores, np.where(found["weights"] != 0, found["scores"], 0), rtol=1e-6)
    assert a.uns["net"]["scores"] == "surviving edges"


@pytest.mark.parametrize("regulators", [[4, 1], [5, 0, 1, 2, 3, 4]])
@pytest.mark.parametrize("keep", [10, 100])
def test_sparse_weights_are_the_same(regulators: list[int], keep: int) -> None:
    found = arrays(regulators)
    one, two = series(), series()
    pp.write_back(one, **found, keep_scores=keep)
    pp.write_back(two, **{**found, "weights": sparse.csr_matrix(found["weights"])}, keep_scores=keep)
    for first, second in zip(pp.read_back(one), pp.read_back(two), strict=True):
        np.testing.assert_array_equal(first, second)
    assert one.uns["grn_l0"]["n_edges"] == two.uns["grn_l0"]["n_edges"] > 0


def test_genes_may_be_taken_out_later() -> None:
    a, found = series(), arrays([4, 1])
    pp.write_back(a, **found)
    positions, scores, _ = pp.read_back(a[:, 2:].copy())
    assert positions.tolist() == [2]
    np.testing.assert_allclose(scores, found["scores"][:1, 2:], rtol=1e-6)


@pytest.mark.parametrize("regulators", [[0], [1, 1], [0, 6], [0, -1]])
def test_wrong_positions(regulators: list[int]) -> None:
    found = arrays([4, 1])
    with pytest.raises(e.OptionError, match="distinct positions"):
        pp.write_back(series(), **{**found, "regulators": np.array(regulators)})


def test_nothing_to_read() -> None:
    a = series()
    with pytest.raises(e.MissingKeyError, match="there are none"):
        pp.read_back(a)
    pp.write_back(a, **arrays([0]))
    with pytest.raises(e.MissingKeyError, match="did you mean 'grn_l0'"):
        pp.read_back(a, "grn_l1")


def test_networks_without_an_edge_are_kept() -> None:
    a, found = series(), arrays([4, 1])
    nothing = np.zeros_like(found["scores"])
    for form in (np.asarray, sparse.csr_matrix, sparse.csr_array):
        pp.write_back(a, scores=found["scores"], weights=form(nothing), regulators=[4, 1], frequencies=form(nothing))
        assert a.uns["grn_l0"]["n_edges"] == a.varp["grn_l0"].nnz == a.varp["grn_l0_frequency"].nnz == 0


def test_frequencies_are_kept_and_do_not_outlive_their_network(tmp_path: Path) -> None:
    a, found = series(), arrays([4, 1])
    often = np.where(found["scores"] > 0.5, 0.25, 0.0)
    for given in (often, sparse.csr_matrix(often)):
        pp.write_back(a, **found, frequencies=given)
        a.write_h5ad(tmp_path / "a.h5ad")
        stored = ad.read_h5ad(tmp_path / "a.h5ad").varp["grn_l0_frequency"].toarray()
        np.testing.assert_array_equal(stored[[4, 1]], often)
        assert stored.sum() == often.sum()
    pp.write_back(a, **found)
    assert "grn_l0_frequency" not in a.varp

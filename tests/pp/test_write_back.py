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

"""Metrics on an explicit universe, against a case counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from grn_l0 import GrnWarning, tl
from grn_l0._errors import MissingKeyError, NameMatchError, OptionError, TableError
from grn_l0.network import Network

GENES = ("a", "b", "c")
TRUTH = pd.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "sign": [1, -1]})


@pytest.fixture
def network():
    # a->b right, with the right sign; a->c wrong; b->c missed, ranked third
    scores = np.array([[0.0, 0.9, 0.8], [0.1, 0.0, 0.4], [0.2, 0.3, 0.0]])
    weights = np.array([[0.0, 2.0, -1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    return Network(regulators=GENES, targets=GENES, scores=scores, weights=weights)


def test_hand_counted_case(network):
    table = tl.evaluate(network, TRUTH)
    own = table.loc["result"]
    assert own["candidates"] == 6
    assert own["true_edges"] == 2
    assert own["auprc"] == pytest.approx((1 + 2 / 3) / 2)
    assert own["auroc"] == pytest.approx(7 / 8)
    assert own["precision"] == own["recall"] == 0.5
    assert own["balanced_accuracy"] == pytest.approx((0.5 + 0.75) / 2)
    assert own["sign_accuracy"] == 1
    assert table.loc["random", "auprc"] == table.loc["random", "precision"] == pytest.approx(1 / 3)
    assert set(table.index) == {"result", "random", "shuffled"}


@pytest.mark.parametrize("form", [lambda m: m, csr_matrix])
def test_matrix_and_table_say_the_same(network, form):
    matrix = np.zeros((3, 3))
    matrix[0, 1], matrix[1, 2] = 1, -1
    pd.testing.assert_frame_equal(tl.evaluate(network, form(matrix)), tl.evaluate(network, TRUTH))


def test_table_of_all_scores_says_the_same_as_the_network(network):
    pd.testing.assert_frame_equal(
        tl.evaluate(network.all_edges(), TRUTH).loc[["result"]], tl.evaluate(network, TRUTH).loc[["result"]]
    )


def test_survivors_alone_leave_the_universe_open_and_say_so(network):
    with pytest.warns(GrnWarning, match="universe"):
        table = tl.evaluate(network.edges(), TRUTH)
    assert table.loc["result", "candidates"] == 6
    named = tl.evaluate(network.edges(), TRUTH, regulators=["a", "b"], genes=["a", "b", "c", "d"])
    assert named.loc["result", "candidates"] == 6
    assert named.loc["result", "precision"] == 0.5


def test_self_pairs_and_true_edges_outside_do_not_count(network):
    more = pd.concat([TRUTH, pd.DataFrame({"source": ["a", "z"], "target": ["a", "b"], "sign": [1, 1]})])
    with pytest.warns(GrnWarning, match="1 of 3 true edges"):
        table = tl.evaluate(network, more)
    assert table.loc["result", "true_edges"] == 2


@pytest.mark.parametrize(
    ("truth", "error", "word"),
    [
        (np.zeros((2, 2)), OptionError, "shape"),
        (pd.DataFrame({"a": ["a"], "to": ["b"], "x": [1]}), TableError, "source.*df.rename"),
        (None, OptionError, "path"),
        ({"a": "b"}, OptionError, "dict"),
        (pd.DataFrame({"source": ["x"], "target": ["y"]}), NameMatchError, "x"),
        (1 - np.eye(3), NameMatchError, "every candidate"),
    ],
)
def test_references_that_cannot_be_used(network, truth, error, word):
    with pytest.raises(error, match=word):
        tl.evaluate(network, truth)


def test_a_matrix_needs_a_network_that_knows_its_genes(network):
    with pytest.raises(OptionError, match="genes"):
        tl.evaluate(network.all_edges(), np.eye(3))


def test_what_infer_returns_is_taken(inference, adata):
    table = tl.evaluate(inference, adata.varp["truth"])
    assert table.loc["result", "edges"] == inference.network.n_edges
    assert table.loc["result", "auroc"] > 0.6


def test_edges_of_a_matrix_in_varp(adata):
    edges = tl.edges_of(adata, "truth")
    assert len(edges) == adata.varp["truth"].nnz
    with pytest.raises(MissingKeyError, match="truth"):
        tl.edges_of(adata, "truht")


@pytest.mark.parametrize("columns", [("TF", "gene", "score"), ("TF", "target"), ("from", "to")])
def test_a_reference_under_other_names_and_as_a_path(network, columns, tmp_path):
    truth = pd.DataFrame({"s": ["a", "b", "c"], "t": ["b", "c", "b"], "x": [1.0, 1.0, 1.0]}).iloc[:, : len(columns)]
    truth.columns = list(columns)
    truth.to_csv(tmp_path / "truth.csv", index=False)
    table = tl.evaluate(network, truth)
    assert table.loc["result", "true_edges"] == 3
    pd.testing.assert_frame_equal(tl.evaluate(network, tmp_path / "truth.csv"), table)
    pd.testing.assert_frame_equal(tl.evaluate(network, str(tmp_path / "truth.csv")), table)


def test_calibration_by_hand(network):
    # In bins: .9 (true), .8 (false), .1 (false), .4 (true), .2 (false), .3 (false).
    error = (0.1 + 0.8 + 0.1 + 0.6 + 0.2 + 0.3) / 6
    table = tl.evaluate(network, TRUTH)
    assert table.loc["result", "ece"] == table.loc["result", "ece_above_0.1"] == pytest.approx(error)
    squares = 0.1**2 + 0.8**2 + 0.1**2 + 0.6**2 + 0.2**2 + 0.3**2
    assert table.loc["result", "brier"] == pytest.approx(squares / 6)
    assert np.isnan(table.loc["random", "ece"])
    assert table.loc["random", "brier"] == pytest.approx(1 / 3 * 2 / 3)
    assert np.isfinite(table.loc["shuffled", "ece"])
    counts = tl.reliability(network, TRUTH)
    assert counts.error() == pytest.approx(error)
    assert counts.count.sum() == 6
    assert tl.reliability(network, TRUTH.iloc[:1], regulators=["a"], bins=2).hits.tolist() == [0, 1]


def test_calibration_needs_probabilities_of_all_candidates(network):
    named = {"regulators": ["a", "b", "c"], "genes": ["a", "b", "c"]}
    log_odds = Network(regulators=GENES, targets=GENES, scores=5 * network.scores, weights=network.weights)
    survivors = Network(
        regulators=GENES, targets=GENES, scores=network.scores * network.selected, weights=network.weights
    )
    for result in (log_odds, survivors, network.edges()):
        assert tl.evaluate(result, TRUTH, **named).loc["result", ["ece", "ece_above_0.1", "brier"]].isna().all()
        with pytest.raises(OptionError, match="every candidate"):
            tl.reliability(result, TRUTH, **named)

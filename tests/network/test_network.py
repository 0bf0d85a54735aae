from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from grn_l0._errors import DataError, GeneNameError, OptionError, TableError
from grn_l0.network import Network, all_candidates, edges_to_matrix


def small() -> Network:
    """Two regulators, three genes, `t` regulates only."""
    return Network(
        regulators=("t", "a"),
        targets=("a", "b", "c"),
        scores=np.array([[0.9, 0.2, 0.9], [0.5, 0.6, 0.1]]),
        weights=np.array([[-1.0, 0.0, 2.0], [7.0, 0.5, 0.0]]),
        effects=np.array([[-1.0, -0.1, 2.0], [7.0, 0.5, 0.2]]),
    )


def test_counts() -> None:
    network = small()
    assert network.genes == ("a", "b", "c", "t")
    assert network.n_candidates == 5  # a -> a is none
    assert network.n_edges == 3
    assert network.density == pytest.approx(0.6)
    assert network.sparsity == pytest.approx(0.4)
    assert network.selected.tolist() == [[True, False, True], [False, True, False]]
    assert network.weights[1, 0] == network.scores[1, 0] == 0  # set to 0 outside the candidates


def test_edges_are_sorted_by_score_then_strength() -> None:
    expected = pd.DataFrame(
        {
            "source": ["t", "t", "a"],
            "target": ["c", "a", "b"],
            "score": [0.9, 0.9, 0.6],
            "weight": [2.0, -1.0, 0.5],
            "sign": [1, -1, 1],
        }
    )
    pd.testing.assert_frame_equal(small().edges(), expected, check_dtype=False)


def test_all_edges_leaves_none_out() -> None:
    table = small().all_edges()
    assert list(table.columns) == ["source", "target", "score", "weight", "sign"]
    assert len(table) == 5
    assert not (table["source"] == table["target"]).any()
    closed = table[table["weight"] == 0].set_index(["source", "target"])["sign"]
    assert closed["t", "b"] == -1  # the sign of an effect whose gate is closed
    assert closed["a", "c"] == 1
    assert (table["score"].diff().dropna() <= 0).all()


def test_effects_are_the_weights_by_default() -> None:
    network = Network(regulators=("a",), targets=("a", "b"), scores=np.zeros((1, 2)), weights=np.array([[0, -3]]))
    assert network.effects is network.weights
    assert network.weights.dtype == np.float64
    assert network.all_edges()["sign"].tolist() == [-1]


def test_own_candidates_never_include_a_gene_on_itself() -> None:
    network = Network(
        regulators=("a", "b"),
        targets=("a", "b", "c"),
        scores=np.full((2, 3), -np.inf),
        weights=np.ones((2, 3)),
        candidates=np.array([[True, True, False], [True, True, True]]),
    )
    assert network.n_candidates == network.n_edges == 3


def test_nothing_can_be_changed_from_outside() -> None:
    scores = np.ones((1, 2))
    network = Network(regulators=("a",), targets=("b", "c"), scores=scores, weights=np.ones((1, 2)))
    scores[:] = 0
    assert network.scores.tolist() == [[1, 1]]
    for array in (network.scores, network.weights, network.effects, network.candidates, network.selected):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0


def test_empty_networks() -> None:
    empty = Network(regulators=(), targets=("a",), scores=np.zeros((0, 1)), weights=np.zeros((0, 1)))
    assert empty.density == 0
    assert len(empty.edges()) == len(empty.all_edges()) == 0
    assert list(empty.edges().columns) == ["source", "target", "score", "weight", "sign"]
    only_self = Network(regulators=("a",), targets=("a",), scores=np.ones((1, 1)), weights=np.ones((1, 1)))
    assert only_self.n_candidates == only_self.n_edges == 0
    assert only_self.sparsity == 1


def test_refusals() -> None:
    one = np.ones((1, 2))
    with pytest.raises(GeneNameError, match="'b' occurs more than once among the targets"):
        Network(regulators=("a",), targets=("b", "b"), scores=one, weights=one)
    with pytest.raises(OptionError, match=r"scores have shape \(2, 1\); expected \(1, 2\), regulators x targets"):
        Network(regulators=("a",), targets=("b", "c"), scores=one.T, weights=one)
    with pytest.raises(OptionError, match="candidates have shape"):
        Network(regulators=("a",), targets=("b", "c"), scores=one, weights=one, candidates=np.ones((3, 3), dtype=bool))
    with pytest.raises(DataError, match=r"scores of 1 candidate edges are not finite numbers, such as a -> c \(nan\)"):
        Network(regulators=("a",), targets=("b", "c"), scores=np.array([[1, np.nan]]), weights=one)
    with pytest.raises(DataError, match="weights of 1 candidate edges"):
        Network(regulators=("a",), targets=("b", "c"), scores=one, weights=np.array([[1, np.inf]]))
    # What is no candidate needs no score.
    Network(regulators=("a",), targets=("a", "c"), scores=np.array([[np.nan, 1]]), weights=one)


def test_graph_holds_every_gene_and_says_what_an_edge_does() -> None:
    graph = small().to_networkx()
    assert set(graph) == {"a", "b", "c", "t"}
    assert graph.nodes["b"] == {"name": "b", "regulator": False}
    assert graph.edges["t", "a"] == {"score": 0.9, "weight": -1.0, "sign": -1, "interaction": "represses"}
    assert graph.edges["a", "b"]["interaction"] == "activates"
    kinds = {type(value) for _, _, data in graph.edges(data=True) for value in data.values()}
    assert kinds == {float, int, str}


def test_all_candidates() -> None:
    assert all_candidates(("x", "b"), ("a", "b")).tolist() == [[True, True], [True, False]]
    assert all_candidates((), ("a",)).shape == (0, 1)


def test_matrix_from_a_table() -> None:
    table = pd.DataFrame(
        {
            "source": ["a", "a", "b", "z", "b"],
            "target": ["b", "b", "a", "a", "c"],
            "weight": [-2.0, 1.0, 0.5, 9, np.nan],
        }
    )
    assert edges_to_matrix(table, ["a", "b"], ["a", "b"]).tolist() == [[0, 1], [1, 0]]
    matrix = edges_to_matrix(table, ["a", "b"], ["a", "b", "c"], column="weight", fill=-1)
    assert matrix.tolist() == [[-1, -2, -1], [0.5, -1, -1]]  # of two values the larger one in size; NaN says nothing
    with pytest.raises(TableError, match="no column 'score'; it has source, target, weight"):
        edges_to_matrix(table, ["a"], ["b"], column="score")


def test_a_table_gives_its_network_back() -> None:
    network = small()
    table = network.all_edges()
    for column, matrix in (("score", network.scores), ("weight", network.weights)):
        assert (edges_to_matrix(table, network.regulators, network.targets, column=column) == matrix).all()


def test_frequencies_are_one_more_column() -> None:
    often = np.array([[0.4, 0.0, 1.0], [0.7, 0.25, 0.0]])
    network = small().with_frequencies(often)
    table = network.edges()
    assert list(table)[:5] == list(small().edges())
    assert table["frequency"].tolist() == [1.0, 0.4, 0.25]
    assert network.frequencies is not None
    assert network.frequencies[1, 0] == 0  # outside the candidates, as scores
    assert not network.frequencies.flags.writeable
    assert network.to_networkx()["t"]["a"]["frequency"] == 0.4
    with pytest.raises(DataError, match="frequencies of 1 candidate"):
        small().with_frequencies(np.where(often == 1, np.nan, often))

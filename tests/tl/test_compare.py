"""Comparing networks: universes, files, differences, and two seeds of the real thing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from grn_l0 import datasets, tl
from grn_l0._errors import FileFormatError, NameMatchError, OptionError, TableError
from grn_l0.network import Network

GENES = ("a", "b", "c", "d")


def network(*weights, genes=GENES, scores=None):
    matrix = np.zeros((len(genes), len(genes)))
    for source, target, weight in weights:
        matrix[genes.index(source), genes.index(target)] = weight
    if scores is None:
        scores = np.abs(matrix) + 0.01 * np.arange(1, matrix.size + 1).reshape(matrix.shape)
    return Network(regulators=genes, targets=genes, scores=scores, weights=matrix)


@pytest.fixture
def pair():
    # shared: a->b (same sign), b->c (other sign), c->d; only in the first: a->d; only in the second: d->a, d->b
    first = network(("a", "b", 2.0), ("b", "c", 1.0), ("c", "d", 0.5), ("a", "d", 0.3))
    second = network(("a", "b", 1.8), ("b", "c", -0.9), ("c", "d", 0.6), ("d", "a", 0.2), ("d", "b", -0.7))
    return first, second


def test_hand_counted_pair(pair):
    found = tl.compare(*pair)
    row = found.table.loc[("A", "B")]
    assert (row["candidates"], row["edges_first"], row["edges_second"], row["shared"]) == (12, 4, 5, 3)
    assert row["jaccard"] == pytest.approx(3 / 6)
    assert row["overlap"] == pytest.approx(3 / 4)
    assert row["sign_agreement"] == pytest.approx(2 / 3)
    assert row["weight_correlation"] == pytest.approx(np.corrcoef([2, 1, 0.5], [1.8, -0.9, 0.6])[0, 1])
    assert found.found_by.tolist() == [3, 3]
    assert found.notes == ()
    same = tl.compare(pair[0], pair[0]).table.iloc[0]
    assert same["jaccard"] == same["sign_agreement"] == 1
    assert same["rank_correlation"] == pytest.approx(1)


def test_what_is_printed_is_the_table_and_what_it_leaves_out(pair):
    lines = repr(tl.compare(*pair)).splitlines()
    assert any(line.split() == ["jaccard", "0.5"] for line in lines)
    assert len(lines) < 30 and not any("array" in line or "..." in line for line in lines)


def test_differences_are_the_surest_first(pair):
    found = tl.compare(*pair, names=["one", "two"]).differences()
    assert found["only_in"].tolist() == ["one", "two", "two"]
    assert found[["source", "target"]].to_numpy().tolist() == [["a", "d"], ["d", "b"], ["d", "a"]]
    assert found["score"].is_monotonic_increasing is False
    assert found.loc[0, "weight"] == 0.3
    assert found.loc[0, "other_score"] == pytest.approx(pair[1].scores[0, 3])
    assert len(tl.compare(*pair).differences(1)) == 2
    assert tl.compare(*pair).differences(0).empty
    with pytest.raises(OptionError, match="-1"):
        tl.compare(*pair).differences(-1)


@pytest.mark.parametrize(
    ("suffix", "all_scores"),
    [(".graphml", False), *((s, a) for s in (".tsv", ".csv", ".parquet") for a in (False, True))],
)
def test_every_file_says_the_same_of_edges(pair, tmp_path, suffix, all_scores):
    paths = [tmp_path / f"{name}{suffix}" for name in ("one", "two")]
    for path, one in zip(paths, pair, strict=True):
        one.write_scores(path) if all_scores else one.write(path)
    found, known = tl.compare(*paths), tl.compare(*pair).table.iloc[0]
    row = found.table.loc[("one", "two")]
    columns = ["candidates", "shared", "jaccard", "jaccard_by_chance", "sign_agreement", "weight_correlation"]
    pd.testing.assert_series_equal(row[columns], known[columns], check_names=False)
    if all_scores:
        assert row["rank_correlation"] == pytest.approx(known["rank_correlation"])
        assert found.notes == ()
    else:
        assert np.isnan(row["rank_correlation"]) and np.isfinite(row["rank_correlation_edges"])
        assert "no score of every candidate" in " ".join(found.notes)
        assert ("every pair of genes" in " ".join(found.notes)) == (suffix != ".graphml")


def test_survivors_take_the_candidates_of_the_others(pair):
    found = tl.compare(pair[0], pair[1].edges().assign(source=lambda t: t["source"].replace("d", "z")))
    assert found.table.iloc[0]["candidates"] == 12
    notes = " ".join(found.notes)
    assert "B: survivors only" in notes
    assert "2 edges of B are no candidates of the others" in notes


def test_networks_of_other_genes_are_compared_where_both_are(pair):
    other = network(("b", "c", 1.0), ("c", "e", 1.0), genes=("b", "c", "e"))
    found = tl.compare(pair[0], other)
    assert found.common.genes == found.common.regulators == ("b", "c")
    row = found.table.iloc[0]
    assert (row["candidates"], row["edges_first"], row["edges_second"], row["shared"]) == (2, 1, 1, 1)
    named = tl.compare(*pair, regulators=["a"], genes=["b", "d"]).table.iloc[0]
    assert (named["candidates"], named["edges_first"], named["edges_second"]) == (2, 2, 1)
    # A pair that is no candidate of one does not count.
    fewer = Network(
        regulators=GENES, targets=GENES, scores=pair[1].scores, weights=pair[1].weights,
        candidates=np.arange(16).reshape(4, 4) < 12,
    )  # fmt: skip
    assert tl.compare(pair[0], fewer).table.iloc[0]["candidates"] == 9


def test_three_networks_in_pairs(pair):
    found = tl.compare(*pair, pair[0])
    assert found.table.index.tolist() == [("A", "B"), ("A", "C"), ("B", "C")]
    assert found.table.loc[("A", "C"), "jaccard"] == 1
    assert found.found_by.to_dict() == {1: 2, 2: 1, 3: 3}


def test_mistakes(pair, tmp_path):
    with pytest.raises(NameMatchError, match=r"no gene in common.*did you mean 'GATA1'"):
        tl.compare(network(genes=("gata1", "b")), network(genes=("GATA1", "B")))
    with pytest.raises(NameMatchError, match="no candidate edge in common"):
        tl.compare(network(genes=("a", "b")), network(genes=("b", "c")))
    with pytest.raises(NameMatchError, match="'GATA1'"):
        tl.compare(*pair, regulators=["a", "GATA1"])
    with pytest.raises(OptionError, match="2 different ones"):
        tl.compare(*pair, names=["x", "x"])
    with pytest.raises(OptionError, match="not int"):
        tl.compare(pair[0], 3)
    with pytest.raises(TableError, match="target"):
        tl.compare(pair[0], pd.DataFrame({"source": ["a"]}))
    with pytest.raises(FileFormatError, match="no file"):
        tl.compare(pair[0], tmp_path / "none.tsv")


def test_no_table_of_all_candidates_is_made(pair, monkeypatch):
    expected = tl.compare(*pair)

    def refuse(self):
        raise AssertionError("a genome's has 125 million rows")

    monkeypatch.setattr(Network, "all_edges", refuse)
    found = tl.compare(*pair)
    pd.testing.assert_frame_equal(found.table, expected.table)
    assert tl.evaluate(pair[0], pair[1].edges()).loc["result", "auprc"] > 0


def test_networks_and_tables_of_all_their_candidates_are_compared_alike(pair):
    fewer = Network(
        regulators=GENES[:3], targets=GENES, scores=-pair[1].scores[:3], weights=pair[1].weights[:3],
        candidates=np.arange(12).reshape(3, 4) != 7,
    )  # fmt: skip
    for genes in (None, ["d", "b", "a"]):
        networks = tl.compare(pair[0], fewer, genes=genes)
        tables = tl.compare(pair[0].all_edges(), fewer, genes=genes)
        pd.testing.assert_frame_equal(networks.table, tables.table)
        pd.testing.assert_frame_equal(networks.differences(), tables.differences())


def test_an_empty_network_shares_nothing(pair):
    row = tl.compare(pair[0], network()).table.iloc[0]
    assert (row["edges_second"], row["jaccard"]) == (0, 0)
    assert tl.compare(pair[0], network().edges()).table.iloc[0]["jaccard"] == 0


def test_two_seeds_of_the_default_agree():
    adata = datasets.simulated(genes=40, trajectories=150, seed=9005)
    one, two = (tl.infer(adata, trajectory_key="trajectory", seed=seed) for seed in (0, 1))
    row = tl.compare(one, two).table.iloc[0]
    assert row["edges_first"] > 40
    assert row["jaccard"] >= 0.9
    assert row["sign_agreement"] == 1
    assert row["weight_correlation"] > 0.9
    assert row["rank_correlation_edges"] > 0.8
    assert row["jaccard_by_chance"] < 0.1

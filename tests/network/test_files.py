from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from grn_l0._errors import FileFormatError, NameMatchError, OutputError, TableError
from grn_l0.network import NETWORK_SUFFIXES, Network, check_suffix, read_edges, read_network, read_universe, tables
from grn_l0.network import write as writers

SUFFIXES = [*NETWORK_SUFFIXES]


def random_network(regulators: int, targets: int, density: float) -> Network:
    rng = np.random.default_rng(0)
    shape = (regulators, targets)
    weights = np.where(rng.random(shape) < density, rng.normal(size=shape), 0)
    return Network(
        regulators=tuple(f"g{k}" for k in range(regulators)),
        targets=tuple(f"g{k}" for k in range(targets)),
        scores=rng.random(shape),
        weights=weights,
        effects=np.where(weights == 0, 0.01 * rng.normal(size=shape), weights),
    )


def odd_names() -> Network:
    """Names that files like to spoil."""
    names = ("NA", "nan", "1", "01", "MT-ND1", 'quote"d', "a,b", "a\tb", "<&>", "Ü β")
    scores = np.arange(100, dtype=float).reshape(10, 10) / 300  # thirds: do not end in decimal digits
    return Network(regulators=names, targets=names, scores=scores, weights=scores - 0.1)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("network", [odd_names(), random_network(5, 30, 0.2)], ids=["odd", "random"])
def test_what_is_written_is_what_is_read(tmp_path: Path, suffix: str, network: Network) -> None:
    path = tmp_path / f"network{suffix}"
    network.write(path)
    table, expected = read_edges(path), network.edges()
    if suffix == ".graphml":  # its edges stand in the order of the nodes
        table, expected = (t.sort_values(["source", "target"], ignore_index=True) for t in (table, expected))
    pd.testing.assert_frame_equal(table, expected, check_exact=True, check_dtype=False)
    again = read_network(path, regulators=network.regulators, targets=network.targets)
    assert (again.weights == network.weights).all()
    assert (again.scores == np.where(network.selected, network.scores, 0)).all()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s != ".graphml"])
def test_scores_hold_every_candidate(tmp_path: Path, suffix: str) -> None:
    network = random_network(5, 30, 0.2)
    network.write_scores(tmp_path / f"scores{suffix}")
    table = read_edges(tmp_path / f"scores{suffix}")
    assert len(table) == network.n_candidates == 145
    pd.testing.assert_frame_equal(table, network.all_edges(), check_exact=True, check_dtype=False)
    again = read_network(tmp_path / f"scores{suffix}", regulators=network.regulators, targets=network.targets)
    assert (again.scores == network.scores).all()


def test_suffix_in_capitals(tmp_path: Path) -> None:
    random_network(3, 3, 0.5).write(tmp_path / "a.TSV")
    assert (tmp_path / "a.TSV").read_text().startswith("source\ttarget\tscore\tweight\tsign\n")


def test_graphml_as_networkx_and_cytoscape_read_it(tmp_path: Path) -> None:
    network = random_network(5, 30, 0.2)
    network.write(tmp_path / "n.graphml")
    graph: Any = nx.read_graphml(tmp_path / "n.graphml")
    assert graph.is_directed() and not graph.is_multigraph()
    assert dict(graph.nodes(data="name")) == {name: name for name in network.genes}
    expected = network.to_networkx()
    assert {(u, v): d for u, v, d in graph.edges(data=True)} == {(u, v): d for u, v, d in expected.edges(data=True)}
    text = (tmp_path / "n.graphml").read_text(encoding="utf-8")
    for key, kind in (("score", "double"), ("weight", "double"), ("sign", "long"), ("interaction", "string")):
        assert f'attr.name="{key}" attr.type="{kind}"' in text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_edges_at_all(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"empty{suffix}"
    random_network(3, 4, 0).write(path)
    table = read_edges(path)
    assert len(table) == 0 and list(table.columns[:2]) == ["source", "target"]
    assert read_network(path).n_edges == 0


def test_genome_size(tmp_path: Path) -> None:
    network = random_network(200, 20_000, 0.005)
    assert len(network.all_edges()) == 200 * 20_000 - 200
    network.write(tmp_path / "n.graphml")
    assert len(read_edges(tmp_path / "n.graphml")) == network.n_edges > 19_000


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failure_half_way_leaves_no_file_and_keeps_the_old(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"n{suffix}"
    random_network(3, 4, 0.5).write(path)
    old = path.read_bytes()
    done = writers.WRITERS[suffix]

    def halfway(network: Network, temporary: Path) -> None:
        done(network, temporary)
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(writers, "WRITERS", {suffix: halfway})
    for target in (path, tmp_path / f"new{suffix}"):
        with pytest.raises(RuntimeError, match="disk on fire"):
            random_network(5, 5, 0.5).write(target)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == old


def test_places_and_suffixes_that_are_refused(tmp_path: Path) -> None:
    network = random_network(3, 3, 0.5)
    with pytest.raises(
        FileFormatError, match=r"n\.docx: the suffix '\.docx' is not known; use one of \.graphml, \.tsv"
    ):
        network.write(tmp_path / "n.docx")
    with pytest.raises(FileFormatError, match="the name has no suffix"):
        network.write(tmp_path / "n")
    with pytest.raises(FileFormatError, match=r"use one of \.tsv, \.csv, \.parquet$"):
        network.write_scores(tmp_path / "n.graphml")
    with pytest.raises(OutputError, match="missing does not exist"):
        network.write(tmp_path / "missing" / "n.tsv")
    with pytest.raises(FileFormatError, match="no file"):
        read_edges(tmp_path / "n.tsv")
    bad = Network(regulators=("a\x00",), targets=("b",), scores=np.ones((1, 1)), weights=np.ones((1, 1)))
    with pytest.raises(FileFormatError, match=r"'a\\x00' has a character that GraphML cannot hold"):
        bad.write(tmp_path / "n.graphml")
    assert list(tmp_path.iterdir()) == []
    assert check_suffix("x.h5ad", [".h5ad"]) == ".h5ad"


# --- tables from elsewhere ---


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_beeline_tables(tmp_path: Path) -> None:
    truth = read_edges(write(tmp_path / "refNetwork.csv", "Gene1,Gene2,Type\nA,B,+\nB,C,-\n"))
    assert truth.to_dict("list") == {"source": ["A", "B"], "target": ["B", "C"], "sign": [1, -1]}
    # Called .csv, separated by tabs.
    ranked = read_edges(write(tmp_path / "rankedEdges.csv", "Gene1\tGene2\tEdgeWeight\nA\tB\t-0.5\nB\tC\t0.25\n"))
    assert ranked["score"].tolist() == [0.5, 0.25]
    assert ranked["weight"].tolist() == [-0.5, 0.25]


def test_stray_spaces_byte_order_mark_and_index_column(tmp_path: Path) -> None:
    table = read_edges(write(tmp_path / "motif.csv", '\ufeff"", reg , aff, extra\n1, A ,B,x\n2,B, C,y\n'))
    assert table.to_dict("list") == {"source": ["A", "B"], "target": ["B", "C"]}
    table = read_edges(write(tmp_path / "excel.csv", "Source;Target;Weight\r\nA;B;1e-3\r\nB;C;\r\n"))
    assert table["weight"].tolist()[0] == 1e-3
    assert np.isnan(table["weight"].tolist()[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,to\na,b\n", r"t\.csv has no column 'source' \(nor tf, .*\); it has 'x', 'to'.*columns=\{'x': 'source'\}"),
        (
            "GATA1,TAL1\nGATA1,KLF1\n",
            r"No header\? If 'GATA1' and 'TAL1' are an edge, put a line",
        ),
        ("source,other\na,b\n", "has no column 'target'"),
        ("source,target\na,b\n ,c\n", "column 'source' is empty in row 2"),
        ("source,target,weight\na,b,much\n", "column 'weight' has a value that is not a number.*much"),
        ("source,target,sign\na,b,up\n", "'up' is not a sign"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_edges(write(tmp_path / "t.csv", text))


@pytest.mark.parametrize(
    ("suffix", "content"), [(".csv", b""), (".tsv", b"\xff\xfe\x00"), (".parquet", b"PAR1"), (".csv", b'a,b\n"')]
)
def test_files_that_are_not_what_they_say(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"t{suffix}").write_bytes(content)
    with pytest.raises(FileFormatError, match="cannot be read as a"):
        read_edges(tmp_path / f"t{suffix}")


def test_parquet_with_numbers_as_numbers(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"source": pd.Categorical(["a", "b"]), "target": ["b", "c"], "sign": [1.0, -1.0], "weight": [1, 2]}
    )
    frame.to_parquet(tmp_path / "p.parquet")
    table = read_edges(tmp_path / "p.parquet")
    assert table["sign"].tolist() == [1, -1]
    assert table["weight"].tolist() == [1.0, 2.0]


def test_network_from_a_plain_list_of_edges(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", "source\ttarget\tsign\na\tb\t-\nb\tc\t\n")
    network = read_network(path)
    assert network.regulators == ("a", "b")
    assert network.targets == ("b", "c", "a")
    assert network.edges()["weight"].tolist() == [-1, 1]
    assert network.edges()["score"].tolist() == [1, 1]
    plain = read_network(write(tmp_path / "u.tsv", "source\ttarget\na\tb\n"))
    assert plain.edges()["weight"].tolist() == [1]
    with pytest.raises(NameMatchError, match="1 targets are not targets, such as 'c'"):
        read_network(path, targets=["a", "b"])
    with pytest.raises(NameMatchError, match="1 sources are not regulators"):
        read_network(path, regulators=["a"])


# --- GraphML from elsewhere ---


def test_other_errors_of_the_file_system_pass_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(pd, "read_parquet", refuse)
    with pytest.raises(PermissionError):
        tables.read_table(tmp_path / "p.parquet", ".parquet")


def test_graphml_remembers_what_the_edges_were_chosen_from(tmp_path: Path) -> None:
    weights = np.zeros((2, 3))
    weights[0, 1] = 0.5
    network = Network(regulators=("a", "x"), targets=("a", "b", "c"), scores=np.abs(weights), weights=weights)
    path = tmp_path / "n.graphml"
    network.write(path)
    assert network.to_networkx().graph == {"candidates": 5, "regulators": 2, "targets": 3}
    assert read_universe(path) == (network.regulators, network.targets)
    again = read_network(path)
    assert (again.regulators, again.targets, again.n_candidates) == (network.regulators, network.targets, 5)
    network.write(tmp_path / "n.tsv")
    assert read_universe(tmp_path / "n.tsv") is None


def test_closed_gates_weigh_zero_without_a_sign() -> None:
    weights = np.array([[0.0, -0.0], [-0.0, 0.0]])
    table = Network(regulators=("a", "b"), targets=("a", "b"), scores=weights + 0.5, weights=weights).all_edges()
    assert not np.signbit(table["weight"]).any()

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from grn_l0 import _errors as e
from grn_l0 import pp

GENES = ["a", "b", "c", "d"]


def table(*rows: tuple[object, ...], columns: tuple[str, ...] = ("source", "target", "weight")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def test_order_and_default_weight() -> None:
    found = pp.match_prior(table(("b", "d"), ("b", "a"), ("a", "c"), columns=("source", "target")), GENES)
    assert found.to_dict("list") == {"source": ["a", "b", "b"], "target": ["c", "a", "d"], "weight": [1.0, 1.0, 1.0]}


@pytest.mark.parametrize(
    "columns",
    [
        ("TF", "gene", "score"),
        ("Gene1", "Gene2", "EdgeWeight"),
        ("reg", "aff", "MOR"),
        ("From", "To", "weight"),
        ("TF_name", "Target_gene", "weight"),
        ("TF_name", "gene_symbol", "weight"),
    ],
)
def test_names_of_columns_that_others_use(columns: tuple[str, ...]) -> None:
    edges = table(("a", "b", 2), ("a", "c", 0), ("c", "b", 2), columns=columns)
    assert pp.match_prior(edges, GENES).values.tolist() == [["a", "b", 2.0], ["c", "b", 2.0]]


def test_weights_that_differ_make_no_difference_and_it_is_said() -> None:
    with pytest.warns(
        e.GrnWarning, match="only the presence of edges of the prior is used, not their weights or signs"
    ):
        assert len(pp.match_prior(table(("a", "b", 1), ("a", "c", -1)), GENES)) == 2


def test_strange_headers_and_types() -> None:
    odd = table((1, " 2 ", "-1", "x"), columns=("source ", " target", "weight", "note"))
    found = pp.match_prior(odd, ["1", "2"])
    assert found.values.tolist() == [["1", "2", -1.0]]


def test_regulators_restrict_sources() -> None:
    edges = table(("a", "b", 1), ("c", "b", 1))
    assert pp.match_prior(edges, GENES, ["c"]).values.tolist() == [["c", "b", 1.0]]
    with pytest.raises(e.NameMatchError, match="the list of regulators leaves them out"):
        pp.match_prior(edges, GENES, ["d"])


def test_repeats_are_merged() -> None:
    edges = table(("a", "b", 0.5), ("a", "b", -2), ("a", "c", 1), ("a", "c", 1))
    with (
        pytest.warns(e.GrnWarning, match="only the presence"),
        pytest.warns(e.GrnWarning, match="2 repeated edges.*1 of them have both signs"),
    ):
        found = pp.match_prior(edges, GENES)
    assert found["weight"].tolist() == [-2.0, 1.0]


def test_self_pairs_are_left_out() -> None:
    with pytest.warns(e.GrnWarning, match="1 edges of the prior from a gene to itself"):
        assert len(pp.match_prior(table(("a", "a", 1), ("a", "b", 1)), GENES)) == 1
    with pytest.warns(e.GrnWarning), pytest.raises(e.TableError, match="two different genes"):
        try:
            pp.match_prior(table(("a", "a", 1)), GENES)
        finally:
            pp.match_prior(table(("a", "a", 1), ("a", "b", 1)), GENES)


def test_rows_without_name_or_weight_are_left_out() -> None:
    edges = table(("a", "b", 1), (None, "c", 1), ("a", np.nan, 1), ("a", "c", 0))
    assert len(pp.match_prior(edges, GENES)) == 1


def test_few_match() -> None:
    edges = table(("a", "b", 1), *[(f"x{k}", "b", 1) for k in range(9)])
    with pytest.warns(e.GrnWarning, match="1 of 10 edges.*source: 1 of 10 names.*target: 1 of 1 names"):
        assert len(pp.match_prior(edges, GENES)) == 1


@pytest.mark.parametrize(
    ("edges", "error", "words"),
    [
        (table(("A", "B", 1)), e.NameMatchError, "match but for case: 'A' is 'a'"),
        (table(("a", "b"), columns=("sourc", "target")), e.TableError, "no column 'source'.*did you mean 'sourc'"),
        (table(("a", "b"), columns=("x", "y")), e.TableError, "'x', 'y'.*columns={'x': 'source', 'y': 'target'}"),
        (pd.DataFrame(np.zeros((2, 12)), columns=[*"abcdefghijkl"]), e.TableError, "looks like a matrix"),
        (table(("a", "b", "yes")), e.TableError, "1 edges of the prior is not a finite number .such as 'yes'"),
        (table(("a", "b", np.inf)), e.TableError, "finite"),
        (table(("a", "b", 0)), e.TableError, "no rows"),
        (table().iloc[:0], e.TableError, "no rows"),
        ([("a", "b")], e.TableError, "list; give a DataFrame"),
    ],
)
def test_bad_tables(edges, error, words: str) -> None:
    with pytest.raises(error, match=words):
        pp.match_prior(edges, GENES)


def test_source_and_target_exchanged() -> None:
    with pytest.raises(e.NameMatchError, match="Exchanged, they would match"):
        pp.match_prior(table(("d", "a", 1)), GENES, ["a"])


def test_the_proposed_reshaping_works() -> None:
    m = pd.DataFrame(np.eye(4)[[1, 2]], index=["a", "b"], columns=GENES)
    long = m.rename_axis("source").reset_index().melt("source", var_name="target", value_name="weight")
    assert pp.match_prior(long, GENES).values.tolist() == [["a", "b", 1.0], ["b", "c", 1.0]]

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from grn_l0 import _errors as e
from grn_l0 import pp
from grn_l0.pp._identifiers import kind_of

HUMAN = ["GATA1", "TP53", "SPI1", "FOXP3", "C9orf72", "HLA-DRA", "NKX2-1", "AC002454.1"]


def test_order_of_the_data_and_duplicates(caplog) -> None:
    caplog.set_level("INFO", logger="grn_l0")
    assert pp.match_regulators(HUMAN, [" SPI1", "GATA1", "SPI1", ""]) == ("GATA1", "SPI1")
    assert "2 of 2 regulators are among the 8 genes" in caplog.text
    assert pp.match_regulators(HUMAN, pd.Series(["TP53"])) == ("TP53",)
    assert pp.match_regulators(HUMAN, np.array(["TP53"])) == ("TP53",)


def test_report() -> None:
    match = pp.find_regulators(HUMAN, ["SPI1", "GATA1", "NONE1"])
    assert (match.found, match.missing, match.n_given, match.n_found) == (("GATA1", "SPI1"), ("NONE1",), 3, 2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["Gata1", "Tp53"], "upper-case symbols.*2 more match but for case: 'Gata1' is 'GATA1'"),
        (["GATA11", "TP533"], "nearest: 'GATA1' for 'GATA11', 'TP53' for 'TP533'"),
        (["ENSG00000102145", "ENSG00000141510"], r"look like Ensembl gene ids \(human\)"),
        (["2623", "7157"], "Entrez"),
        ([2623, 7157], "Entrez"),
        (["YAL001C", "YBR049W"], "yeast systematic"),
        (["zzz"], "none of 1 regulators is among.*not found: 'zzz'; the data hold 'GATA1'"),
    ],
)
def test_nothing_matches(given, words: str) -> None:
    with pytest.raises(e.NameMatchError, match=words):
        pp.match_regulators(HUMAN, given)


def test_versions_of_ensembl_ids() -> None:
    with pytest.raises(e.NameMatchError, match="but for the version after the dot"):
        pp.match_regulators(["ENSG00000102145.5", "ENSG00000141510.18"], ["ENSG00000102145"])


def test_another_column_matches() -> None:
    var = pd.DataFrame({"n": [3, 4], "symbol": pd.Categorical(["GATA1", "TP53"]), "entrez": [2623.0, np.nan]})
    genes = ["ENSG00000102145", "ENSG00000141510"]
    with pytest.raises(e.NameMatchError, match=r"column 'symbol' of adata\.var matches 2: adata\.var_names ="):
        pp.match_regulators(genes, ["GATA1", "TP53"], var)
    with pytest.raises(e.NameMatchError, match="column 'entrez'"):
        pp.match_regulators(genes, ["2623"], var)


def test_few_match() -> None:
    with pytest.warns(e.GrnWarning, match="1 of 3 regulators are among") as seen:
        assert pp.match_regulators(HUMAN, ["GATA1", "ABCD", "EFGH"]) == ("GATA1",)
    assert len(seen) == 1


def test_not_a_list_of_names() -> None:
    with pytest.raises(e.OptionError, match="read_names"):
        pp.match_regulators(HUMAN, "GATA1")
    with pytest.raises(e.OptionError, match="True and False"):
        pp.match_regulators(HUMAN, [True, False])
    with pytest.raises(e.NameMatchError, match="empty"):
        pp.match_regulators(HUMAN, [])


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (HUMAN, "upper-case"),
        (["Gata1", "Trp53", "Nkx2-1", "1700010I14Rik", "Foxp3"], "capitalised"),
        (["ENSMUSG00000031162.15"], "with a version .mouse"),
        (["ENST00000376670.9"], "transcript"),
        (["ENSDARG00000013477"], "Ensembl gene ids"),
        (["YAL001C", "YBR160W-A"], "yeast"),
        (["FBgn0000166"], "FlyBase"),
        (["WBGene00000001"], "WormBase"),
        (["AT1G01060"], "Arabidopsis"),
        (["b0034"], "E. coli"),
        (["201131_s_at"], "probe"),
    ],
)
def test_kinds(names: list[str], kind: str) -> None:
    assert pd.Series([kind_of(names)]).str.contains(kind).all()


def test_no_kind() -> None:
    assert kind_of([]) is None and kind_of(["g1", "g2"]) is None and kind_of(["GATA1", "Gata1"]) is None


def test_a_few_that_are_missing_are_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="grn_l0"):
        assert pp.match_regulators(["G1", "G2", "G3"], ["G1", "G2", "g3"]) == ("G1", "G2")
    assert "2 of 3 regulators are among the 3 genes of the data; not 'g3'" in caplog.text

"""Yeast, hematopoiesis and breast cancer: shapes, times, names and universes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from grn_l0 import datasets
from grn_l0._errors import DatasetError, GrnWarning, OptionError
from grn_l0.datasets import restrict


def candidates(reference: pd.DataFrame) -> int:
    """Number of pairs in the universe, self-pairs left out."""
    rows, columns = reference.attrs["regulators"], reference.attrs["targets"]
    return len(rows) * len(columns) - len({*rows} & {*columns})


@pytest.mark.parametrize("genes", [3551, 500])
def test_yeast_replicates(data_dir: Path, genes: int) -> None:
    train, test = datasets.yeast("train", genes), datasets.yeast("test", genes)
    assert train.shape == test.shape == (24, genes)
    assert list(train.obs["time"]) == list(test.obs["time"]) == [5 * k for k in range(25) if k != 21]
    assert train.var_names.is_unique
    assert train.var_names.equals(test.var_names)
    assert np.isfinite(train.X).all()
    assert np.abs(train.X - test.X).max() > 0.5


def test_yeast_names_and_regulators(data_dir: Path) -> None:
    adata = datasets.yeast()
    assert adata.var.loc["YAL001C", "name"] == "TFC3"
    assert len({*datasets.yeast_regulators()} & {*adata.var_names}) == 138


def test_yeast_networks(data_dir: Path) -> None:
    genes = datasets.yeast().var_names
    motif = datasets.yeast_motif_prior()
    assert list(motif.columns) == ["source", "target", "weight"]
    assert (len(motif), motif["source"].nunique()) == (81230, 105)
    gold = restrict(datasets.yeast_gold_standard(), genes)
    assert (len(gold), candidates(gold)) == (573, 38838)
    assert {*gold["sign"]} == {-1, 1}
    yeastract = restrict(datasets.yeast_yeastract(), genes)
    assert (int((yeastract["source"] != yeastract["target"]).sum()), candidates(yeastract)) == (4715, 480352)
    prior = datasets.yeast_prior()
    assert len(prior) == 1146
    assert {*prior["source"]} <= {*datasets.yeast("train", 500).var_names}


@pytest.mark.parametrize(("lineage", "donor", "cells"), [("B", 36, 78), ("eryth", 36, 190), ("monocytes", 36, 345)])
def test_hematopoiesis_cells(data_dir: Path, lineage: str, donor: int, cells: int) -> None:
    adata = datasets.hematopoiesis(lineage, donor)
    assert adata.shape == (cells, 529)
    assert isinstance(adata.X, csr_matrix)
    assert adata.X.dtype == np.float32
    assert {*adata.obs.columns} == {"dpt_pseudotime", "donor", "lineage"}
    assert np.isfinite(adata.obs["dpt_pseudotime"]).all()
    assert 0.75 < 1 - adata.X.nnz / (cells * 529) < 0.93


def test_hematopoiesis_donors_together(data_dir: Path) -> None:
    adata = datasets.hematopoiesis("B", (11, 12))
    assert adata.obs["donor"].value_counts().to_dict() == {"11": 512, "12": 198}
    assert adata.obs_names.is_unique
    assert list(adata.obs["lineage"].cat.categories) == ["B"]


def test_a_donor_that_is_on_the_network_only(data_dir: Path, no_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRN_L0_DATA", str(data_dir))
    if (data_dir / "PathReg/data/data/trajectories/eryth_24_norm.csv").is_file():
        return  # a complete mirror
    with pytest.raises(DatasetError, match="donors 21 and 36"):
        datasets.hematopoiesis("erythroid", 24)
    with pytest.warns(GrnWarning, match="donor 24 is left out"):
        adata = datasets.hematopoiesis("erythroid")
    assert {*adata.obs["donor"]} == {"11", "12", "21", "36"}


@pytest.mark.parametrize(("lineage", "edges", "tfs"), [("B", 378, 32), ("erythroid", 764, 29), ("mono", 537, 23)])
def test_hematopoiesis_references(data_dir: Path, lineage: str, edges: int, tfs: int) -> None:
    reference = datasets.hematopoiesis_reference(lineage)
    inside = restrict(reference, reference.attrs["targets"])
    assert (len(inside), len(inside.attrs["regulators"]), len(inside.attrs["targets"])) == (edges, tfs, 529)


def test_hematopoiesis_tables(data_dir: Path) -> None:
    genes = {*datasets.hematopoiesis("B", 36).var_names}
    assert len(datasets.hematopoiesis_regulators()) == 762
    base, prior = datasets.hematopoiesis_base_network(), datasets.hematopoiesis_prior()
    for table in (base, prior):
        assert list(table.columns) == ["source", "target", "weight"]
        assert {*table["source"]} | {*table["target"]} <= genes
    assert (len(base), len(prior)) == (22689, 31030)
    part = datasets.hematopoiesis_reference("erythroid", "Normoblast")
    assert 0 < len(part) < len(datasets.hematopoiesis_reference("erythroid"))


@pytest.mark.parametrize("genes", [500, 2000])
def test_breast_cancer_points(data_dir: Path, genes: int) -> None:
    train, test = datasets.breast_cancer(genes), datasets.breast_cancer(genes, "test")
    assert train.shape == (178, genes)
    assert test.shape == (8, genes)
    assert train.var_names.is_unique
    # i / 196 to five digits: 6 ... 97 and 106 ... 191 for training, 98 ... 105 held out
    position = [np.rint(a.obs["time"].to_numpy() * 196).astype(int).tolist() for a in (train, test)]
    assert position == [[*range(6, 98), *range(106, 192)], [*range(98, 106)]]
    assert np.abs(train.obs["time"] * 196 - position[0]).max() < 1e-3


def test_breast_cancer_networks(data_dir: Path, no_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRN_L0_DATA", str(data_dir))
    genes = datasets.breast_cancer().var_names
    reference = datasets.breast_cancer_reference()
    inside = restrict(reference, genes)
    assert (len(reference), len(inside), len(inside.attrs["regulators"])) == (226813, 1586, 7)
    assert inside.attrs["targets"] == tuple(genes)
    prior = datasets.breast_cancer_prior()
    assert len(prior) == 7732
    if not list(data_dir.rglob("edge_prior_matrix_desmedt_2000.csv")):
        with pytest.raises(DatasetError, match="500-gene"):
            datasets.breast_cancer_prior(2000)


def test_restrict_to_some_regulators(data_dir: Path) -> None:
    genes = datasets.yeast().var_names
    some = datasets.yeast_regulators()[:40]
    part = restrict(datasets.yeast_yeastract(), genes, some)
    assert {*part["source"]} <= {*part.attrs["regulators"]} <= {*some}


@pytest.mark.parametrize(
    "make",
    [
        lambda: datasets.yeast("third"),
        lambda: datasets.yeast(genes=100),
        lambda: datasets.hematopoiesis("T"),
        lambda: datasets.hematopoiesis("B", 13),
        lambda: datasets.breast_cancer(501),
        lambda: datasets.breast_cancer(part="middle"),
        lambda: datasets.hematopoiesis_reference("B", "Normoblast"),
    ],
)
def test_unknown_variants(make: object) -> None:
    with pytest.raises(OptionError, match="choose one of"):
        make()  # type: ignore[operator]

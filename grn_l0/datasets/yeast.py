"""Yeast cell cycle (Pramila et al. 2006): two replicates, 24 times from 0 to 120 min, log ratios.

105 min was not measured. Priors and gold standards use systematic ORF names, which are the gene names here.
"""

from __future__ import annotations

import pandas as pd
from anndata import AnnData

from grn_l0.datasets._annotate import annotate
from grn_l0.datasets._options import one_of
from grn_l0.datasets.fetch import fetch
from grn_l0.datasets.reference import edges_of_matrix, read_prior_matrix, reference_table
from grn_l0.datasets.trajectory_file import read_trajectories

_SIZES = (3551, 500)
_REPLICATES = {"train": "1sample", "test": "1VALsample"}


def yeast(replicate: str = "train", genes: int = 3551) -> AnnData:
    """One replicate of the time course.

    Parameters
    ----------
    replicate
        "train", or "test" for the other one.
    genes
        3551, or 500 for the published subset.

    Returns
    -------
    24 observations; ``obs["time"]`` in minutes, ``obs["trajectory"]`` the replicate; ``var_names`` are systematic
    names, ``var["name"]`` common ones.
    """
    which = one_of("replicate", replicate, _REPLICATES)
    size = one_of("panel of genes", genes, _SIZES)
    names = _names(size)
    values, times = read_trajectories(fetch(f"pramila_{size}genes_{_REPLICATES[which]}_24T.csv"))
    about: dict[str, str | float | int] = {"name": "yeast", "replicate": which, "time_unit": "min"}
    adata = annotate(values, times, names["x"].tolist(), trajectories=[which], about=about)
    adata.var["name"] = names["name"].to_numpy(dtype=object)
    return adata


def _names(size: str) -> pd.DataFrame:
    return pd.read_csv(fetch(f"pramila{size}_gene_names.csv"), dtype=str)


def yeast_regulators() -> tuple[str, ...]:
    """Systematic names of transcription factors: those of YEASTRACT and of the motif prior.

    138 of them are among the 3551 genes.
    """
    listed = fetch("tf_names_yeastract.txt").read_text(encoding="utf-8").split()
    return tuple(sorted({*listed, *yeast_motif_prior()["source"]}))


def yeast_motif_prior() -> pd.DataFrame:
    """Binding motifs in promoters: table source, target, weight (1); 81,230 edges of 105 regulators."""
    table = pd.read_csv(fetch("motif_prior.csv"), skipinitialspace=True)
    return table.set_axis(["source", "target", "weight"], axis=1)


def yeast_prior() -> pd.DataFrame:
    """The published prior of the 500-gene panel: table source, target, weight."""
    return read_prior_matrix(fetch("edge_prior_matrix_pramila_500.csv"), _names("500")["x"].tolist())


def yeast_gold_standard() -> pd.DataFrame:
    """Literature edges of the inferelator package: table source, target, sign; universe in ``attrs``."""
    return _by_target(pd.read_csv(fetch("gold_standard.tsv"), sep="\t", index_col=0))


def yeast_yeastract() -> pd.DataFrame:
    """YEASTRACT 2019, binding and expression evidence: table source, target, sign (1); universe in ``attrs``."""
    return _by_target(pd.read_csv(fetch("YEASTRACT_20190713_BOTH.tsv"), sep="\t", index_col=0))


def _by_target(matrix: pd.DataFrame) -> pd.DataFrame:
    # The files have targets as rows.
    edges = edges_of_matrix(matrix.T, column="sign")
    return reference_table(edges, matrix.columns.astype(str), matrix.index.astype(str))

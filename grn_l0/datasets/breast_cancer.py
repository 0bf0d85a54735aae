"""Breast tumours of 198 patients ordered in pseudotime (Desmedt et al. 2007, as prepared by PHOENIX).

Expression is a moving average over neighbours in that order, so consecutive points are not independent.
"""

from __future__ import annotations

import pandas as pd
from anndata import AnnData

from grn_l0.datasets._annotate import annotate
from grn_l0.datasets._options import one_of
from grn_l0.datasets.fetch import fetch
from grn_l0.datasets.reference import read_prior_matrix, reference_table
from grn_l0.datasets.trajectory_file import read_trajectories

_SIZES = (500, 2000)
_PARTS = {"train": "1sample_178T", "test": "1TESTsample_8middleT"}


def breast_cancer(genes: int = 500, part: str = "train") -> AnnData:
    """Expression along pseudotime.

    Parameters
    ----------
    genes
        500 or 2000.
    part
        "train": 178 points; "test": the 8 points in the middle that were held out of them.

    Returns
    -------
    One observation per point; ``obs["time"]`` is pseudotime (0.0306 to 0.9745), ``obs["trajectory"]`` is one series.
    """
    size, which = one_of("panel of genes", genes, _SIZES), one_of("part", part, _PARTS)
    values, times = read_trajectories(fetch(f"desmedt_{size}genes_{_PARTS[which]}.csv"))
    about: dict[str, str | float | int] = {"name": "breast_cancer", "part": which, "time_unit": "pseudotime"}
    return annotate(values, times, _genes(size), trajectories=[which], about=about)


def _genes(size: str) -> list[str]:
    return [str(g) for g in pd.read_csv(fetch(f"desmedt_gene_names_{size}.csv"), dtype=str)["gene"]]


def breast_cancer_reference() -> pd.DataFrame:
    """ChIP network: table source, target (226,813 distinct edges of 226,844); universe in ``attrs``.

    ChIP sees the whole genome, so a gene that is not listed is one that no regulator was found at.
    """
    table = pd.read_csv(fetch("validation_network.csv"), dtype=str, keep_default_na=False)
    edges = table.set_axis(["source", "target"], axis=1)
    return reference_table(edges, edges["source"], None)


def breast_cancer_prior(genes: int = 500) -> pd.DataFrame:
    """The published prior: table source, target, weight. That of the 2000 genes is on the network only."""
    size = one_of("panel of genes", genes, _SIZES)
    return read_prior_matrix(fetch(f"edge_prior_matrix_desmedt_{size}.csv"), _genes(size))

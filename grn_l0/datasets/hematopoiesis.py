"""Human bone marrow cells along diffusion pseudotime (PathReg): 529 genes, three lineages, five donors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import anndata
import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.sparse import csr_matrix

from grn_l0._errors import DatasetError, GrnWarning
from grn_l0.datasets._options import one_of
from grn_l0.datasets.fetch import fetch
from grn_l0.datasets.reference import edges_of_matrix, read_prior_matrix, reference_table

DONORS = (11, 12, 21, 24, 36)
TRAIN_DONORS = (11, 12)
TEST_DONORS = (21, 24, 36)
_FILES = {"B": "B", "erythroid": "eryth", "monocytes": "mono"}
_CELL_TYPES = {
    "B": ("Naive CD20+ B",),
    "erythroid": ("Proerythroblast", "Erythroblast", "Normoblast"),
    "monocytes": ("CD14+ Mono",),
}


def _lineage(name: str) -> str:
    short = {file: lineage for lineage, file in _FILES.items()}
    return short[name] if name in short else one_of("lineage", name, _FILES)


def hematopoiesis(lineage: str, donor: int | Sequence[int] | None = None) -> AnnData:
    """Cells of one lineage, in the order of the files (not sorted by pseudotime).

    Parameters
    ----------
    lineage
        "B", "erythroid" (or "eryth"), "monocytes" (or "mono").
    donor
        One or several of 11, 12 (training) and 21, 24, 36 (test). By default all that can be had: erythroid cells of
        donor 24 are on the network only, and a :class:`~grn_l0._errors.GrnWarning` says when they are left out.

    Returns
    -------
    Sparse float32 expression (normalised, not logarithms, 80-90 % zeros), ``obs`` with ``dpt_pseudotime``, ``donor``
    and ``lineage``. Ranges of pseudotime differ between donors.

    Raises
    ------
    OptionError
        If the lineage or a donor does not exist.
    DatasetError
        If the file of a donor that was asked for can be had nowhere.
    """
    lineage = _lineage(lineage)
    wanted = DONORS if donor is None else (donor,) if isinstance(donor, int | str | np.integer) else tuple(donor)
    parts = []
    for one in wanted:
        try:
            parts.append(_cells(lineage, one_of("donor", one, DONORS)))
        except DatasetError as error:
            if donor is not None:
                raise
            warnings.warn(f"donor {one} is left out: {error}", GrnWarning, stacklevel=2)
    if not parts:
        raise DatasetError(f"no donor of lineage {lineage!r} can be had; see the warnings")
    together = anndata.concat(parts)
    for column in ("donor", "lineage"):
        together.obs[column] = together.obs[column].astype("category")
    together.uns["dataset"] = {"name": "hematopoiesis", "lineage": lineage}
    return together


def _cells(lineage: str, donor: str) -> AnnData:
    table = pd.read_csv(fetch(f"{_FILES[lineage]}_{donor}_norm.csv"), sep="\t", dtype=np.float64)
    obs = pd.DataFrame(
        {"dpt_pseudotime": table["dpt_pseudotime"].to_numpy(), "donor": donor, "lineage": lineage},
        index=[f"{lineage}_{donor}_{k}" for k in range(len(table))],
    )
    genes = table.drop(columns="dpt_pseudotime")
    return AnnData(csr_matrix(genes.to_numpy(np.float32)), obs=obs, var=pd.DataFrame(index=genes.columns.astype(str)))


def _genes() -> tuple[str, ...]:
    return tuple(pd.read_csv(fetch("hema_gene_names_529.csv"), dtype=str)["gene"])


def hematopoiesis_reference(lineage: str, cell_type: str | None = None) -> pd.DataFrame:
    """TF-target pairs with evidence in the lineage's cell types.

    Parameters
    ----------
    lineage
        As in :func:`hematopoiesis`.
    cell_type
        "Naive CD20+ B"; "Proerythroblast", "Erythroblast" or "Normoblast"; "CD14+ Mono". All of the lineage by
        default.

    Returns
    -------
    Table source, target; universe in ``attrs``: the TFs of the files and the 529 genes of the panel.
    """
    known = _CELL_TYPES[_lineage(lineage)]
    chosen = known if cell_type is None else (one_of("cell type", cell_type, known),)
    files = [pd.read_csv(fetch(f"{one}.csv.gz"), usecols=["tf.name", "target.gene.name"]) for one in chosen]
    table = pd.concat(files).rename(columns={"tf.name": "source", "target.gene.name": "target"})
    return reference_table(table[["source", "target"]], sorted(table["source"]), _genes())


def hematopoiesis_regulators() -> tuple[str, ...]:
    """Human transcription factors: the rows of the published base network."""
    table = pd.read_csv(fetch("tf_targets_baseGRN_human_matrix.csv.gz"), usecols=["TF.human"], dtype=str)
    return tuple(table["TF.human"])


def hematopoiesis_base_network() -> pd.DataFrame:
    """Base network from motifs in open chromatin, inside the panel: table source, target, weight; universe in attrs."""
    genes = _genes()
    path = fetch("tf_targets_baseGRN_human_matrix.csv.gz")
    panel = {*genes, "TF.human"}
    matrix = pd.read_csv(path, usecols=lambda name: name in panel).set_index("TF.human")
    inside = matrix.loc[[tf for tf in matrix.index if tf in panel]]
    return reference_table(edges_of_matrix(inside, column="weight"), inside.index.astype(str), genes)


def hematopoiesis_prior() -> pd.DataFrame:
    """The published prior of the 529 genes: table source, target, weight."""
    return read_prior_matrix(fetch("edge_prior_matrix_hema_529.csv"), _genes())

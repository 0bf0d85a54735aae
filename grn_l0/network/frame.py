"""Matrices to tables of edges, and back, without a loop over edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0._errors import TableError
from grn_l0._typing import Bool, Float, ndarray
from grn_l0.network.columns import find_columns

if TYPE_CHECKING:
    from grn_l0.network.network import Network

COLUMNS = ("source", "target", "score", "weight", "sign")


def edge_table(network: Network, chosen: Bool[ndarray, "regulators targets"]) -> pd.DataFrame:
    """The chosen pairs as a table, by descending score, then descending |weight|, then position.

    Returns
    -------
    Columns source, target (str), score, weight (float), sign (-1, 0 or 1). ``sign`` is that of the weight, and
    for a closed gate that of the effect.
    """
    rows, columns = np.nonzero(chosen)
    score, weight = network.scores[rows, columns], network.weights[rows, columns]
    order = np.lexsort((-np.abs(weight), -score))
    rows, columns, score, weight = rows[order], columns[order], score[order], weight[order]
    effects = network.weights if network.effects is None else network.effects
    sign = np.sign(np.where(weight != 0, weight, effects[rows, columns])).astype(np.int64)
    return pd.DataFrame(
        {
            # Object arrays share one string per gene, so a genome-size table holds pointers, not copies.
            "source": np.array(network.regulators, dtype=object)[rows],
            "target": np.array(network.targets, dtype=object)[columns],
            "score": score,
            "weight": weight,
            "sign": sign,
        }
    )


def edges_to_matrix(
    table: pd.DataFrame,
    regulators: Sequence[str],
    targets: Sequence[str],
    *,
    column: str | None = None,
    fill: float = 0.0,
) -> Float[ndarray, "regulators targets"]:
    """A table of edges as a matrix, regulators x targets.

    Parameters
    ----------
    table
        With columns source and target, or any of their other names (`read_edges`).
    regulators, targets
        Names of rows and columns. Edges with other names are left out.
    column
        What to put into the matrix. None puts 1 for every edge listed.
    fill
        What to put where the table lists no edge.

    Returns
    -------
    Shape (R, N). Of several rows about one pair the largest absolute value counts.

    Raises
    ------
    TableError
        If a column is missing.
    """
    found = find_columns(table.columns, "the table of edges")
    if column is not None and column not in table:
        raise TableError(f"the table of edges has no column {column!r}; it has {', '.join(map(str, table))}")
    rows = pd.Index(list(regulators)).get_indexer(pd.Index(table.iloc[:, found["source"]].astype(str)))
    columns = pd.Index(list(targets)).get_indexer(pd.Index(table.iloc[:, found["target"]].astype(str)))
    value = np.ones(len(table)) if column is None else table[column].to_numpy(dtype=np.float64)
    keep = np.flatnonzero((rows >= 0) & (columns >= 0) & ~np.isnan(value))
    keep = keep[np.argsort(np.abs(value[keep]), kind="stable")]
    matrix = np.full((len(regulators), len(targets)), fill, dtype=np.float64)
    matrix[rows[keep], columns[keep]] = value[keep]  # the last assignment to a pair stays
    return matrix

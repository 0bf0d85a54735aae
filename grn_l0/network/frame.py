"""Matrices to tables of edges, and back, without a loop over edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from grn_l0._errors import TableError
from grn_l0._typing import Array, Float, Int, ndarray
from grn_l0.network.columns import find_columns
from grn_l0.network.matrix import values_at
from grn_l0.network.order import every_candidate, survivors

if TYPE_CHECKING:
    from grn_l0.network.network import Network

COLUMNS = ("source", "target", "score", "weight", "sign")
#: Further columns that a table may have.
MORE = ("frequency",)


def edge_table(network: Network, *, every: bool = False) -> pd.DataFrame:
    """The survivors, or every candidate, as a table, by descending score, then descending |weight|, then position.

    Returns
    -------
    Columns source, target (str), score, weight (float), sign (-1, 0 or 1), and frequency (float) where the network has
    them. ``sign`` is that of the weight, and for a closed gate that of the effect.
    """
    blocks = [edge_columns(network, *pairs) for pairs in (every_candidate(network) if every else [survivors(network)])]
    blocks = blocks or [edge_columns(network, *survivors(network))]
    joined = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    # Object arrays share one string per gene, so a large table holds pointers, not copies.
    for name, names in (("source", network.regulators), ("target", network.targets)):
        joined[name] = np.array(names, dtype=object)[joined[name]]
    return pd.DataFrame(joined)


def edge_columns(network: Network, rows: Int[ndarray, " pairs"], columns: Int[ndarray, " pairs"]) -> dict[str, Array]:
    """What the table says of these pairs; source and target are positions of their names."""
    score, weight = (values_at(network.matrix(name), rows, columns) for name in ("scores", "weights"))
    effect = values_at(network.matrix("effects"), rows, columns)
    sign = np.sign(np.where(weight != 0, weight, effect)).astype(np.int64)
    table = {"source": rows, "target": columns, "score": score, "weight": weight, "sign": sign}
    often = network.matrix("frequencies")
    return table if often is None else {**table, "frequency": values_at(often, rows, columns)}


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
    rows, columns, value = _entries(table, regulators, targets, column)
    matrix = np.full((len(regulators), len(targets)), fill, dtype=np.float64)
    matrix[rows, columns] = value
    return matrix


def edges_to_sparse(
    table: pd.DataFrame, regulators: Sequence[str], targets: Sequence[str], *, column: str
) -> sparse.csr_matrix:
    """The same as sparse rows, 0 where the table lists no edge."""
    rows, columns, value = _entries(table, regulators, targets, column)
    return sparse.csr_matrix((value, (rows, columns)), shape=(len(regulators), len(targets)))


def _entries(
    table: pd.DataFrame, regulators: Sequence[str], targets: Sequence[str], column: str | None
) -> tuple[Int[ndarray, " pairs"], Int[ndarray, " pairs"], Float[ndarray, " pairs"]]:
    """Rows, columns and values, each pair once."""
    found = find_columns(table.columns, "the table of edges")
    if column is not None and column not in table:
        raise TableError(f"the table of edges has no column {column!r}; it has {', '.join(map(str, table))}")
    rows = pd.Index(list(regulators)).get_indexer(pd.Index(table.iloc[:, found["source"]].astype(str)))
    columns = pd.Index(list(targets)).get_indexer(pd.Index(table.iloc[:, found["target"]].astype(str)))
    value = np.ones(len(table)) if column is None else table[column].to_numpy(dtype=np.float64)
    keep = np.flatnonzero((rows >= 0) & (columns >= 0) & ~np.isnan(value))
    pair = rows[keep].astype(np.int64) * len(targets) + columns[keep]
    order = np.lexsort((np.abs(value[keep]), pair))
    # Of several rows about one pair the last one, which is the largest, and of equal ones the later.
    last = order[np.append(np.diff(pair[order]) != 0, True)[: len(order)]]
    keep = keep[last]
    return rows[keep], columns[keep], value[keep]

"""Networks, priors and truths from files, by suffix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from grn_l0._errors import FileFormatError, NameMatchError, TableError
from grn_l0._typing import PathLikeStr
from grn_l0.network.columns import find_columns
from grn_l0.network.frame import COLUMNS, edges_to_matrix
from grn_l0.network.graphml import GraphUniverse, read_graphml
from grn_l0.network.network import Network
from grn_l0.network.suffix import NETWORK_SUFFIXES, check_suffix
from grn_l0.network.tables import read_table

SIGNS = {
    **dict.fromkeys(("+", "1", "+1", "1.0", "activates", "activation"), 1),
    **dict.fromkeys(("-", "-1", "-1.0", "represses", "repression", "inhibits", "inhibition"), -1),
    **dict.fromkeys(("", "0", "0.0", "nan", "none", "?", "unknown"), 0),
}


def read_edges(path: PathLikeStr) -> pd.DataFrame:
    """Read a table of edges from .graphml, .tsv, .csv or .parquet.

    Columns are found whatever the case and the spaces around their names: ``source`` (or ``TF``, ``regulator``,
    ``reg``, ``Gene1``, ``from``), ``target`` (or ``gene``, ``aff``, ``Gene2``, ``to``), ``score``, ``weight`` (or
    ``EdgeWeight``, ``mor``) and ``sign`` (or ``Type``, ``interaction``). Spaces around the genes' names are removed.

    Returns
    -------
    Columns source, target (str), then those the file has of score, weight (float) and sign (-1, 0, 1; 0 when
    unknown), in this order. BEELINE's ``EdgeWeight`` is the weight, and its absolute value the score when there is
    no other; its ``Type`` is the sign. Rows are as in the file: a pair may occur more than once.

    Raises
    ------
    FileFormatError
        If the file is not there, its suffix is not known, or it cannot be read as what its suffix says.
    TableError
        If a column is missing, a name is empty, or a number is not one.
    """
    return _read(path)[0]


def read_network(
    path: PathLikeStr, *, regulators: Sequence[str] | None = None, targets: Sequence[str] | None = None
) -> Network:
    """Read a network that `Network.write` or `Network.write_scores` wrote, or any table of edges.

    Parameters
    ----------
    path
        .graphml, .tsv, .csv or .parquet, see `read_edges`.
    regulators, targets
        Names of the rows and columns, which a table cannot know when they have no edge. By default those that a
        GraphML file of ours remembers; otherwise the sources, and all names in the file.

    Returns
    -------
    A network in which every pair but those of a gene with itself is a candidate. Without a column weight, an edge
    weighs its sign, or 1. Without a column score, the score is the absolute weight. Pairs that are not in the file
    score 0; of a pair that occurs twice the larger absolute value counts.

    Raises
    ------
    FileFormatError, TableError
        As `read_edges`.
    NameMatchError
        If the file names a gene that is not among those given.
    """
    table, nodes, kept = _read(path)
    if kept is None:
        kept = tuple(dict.fromkeys(table["source"])), tuple(dict.fromkeys((*nodes, *table["target"], *table["source"])))
    rows = kept[0] if regulators is None else tuple(regulators)
    columns = kept[1] if targets is None else tuple(targets)
    for column, known, role in (("source", rows, "regulators"), ("target", columns, "targets")):
        other = set(table[column]).difference(known)
        if other:
            raise NameMatchError(f"{Path(path).name}: {len(other)} {column}s are not {role}, such as {min(other)!r}")
    if "weight" not in table:
        sign = table["sign"].replace(0, 1) if "sign" in table else pd.Series(1.0, index=table.index)
        table = table.assign(weight=sign.astype(float))
    if "score" not in table:
        table = table.assign(score=table["weight"].abs())
    return Network(
        regulators=rows,
        targets=columns,
        scores=edges_to_matrix(table, rows, columns, column="score"),
        weights=edges_to_matrix(table, rows, columns, column="weight"),
    )


def read_universe(path: PathLikeStr) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Regulators and targets that a GraphML file of `Network.write` remembers; None for any other file."""
    return _read(path)[2] if check_suffix(path, NETWORK_SUFFIXES) == ".graphml" else None


def _read(path: PathLikeStr) -> tuple[pd.DataFrame, tuple[str, ...], GraphUniverse | None]:
    path = Path(path)
    suffix = check_suffix(path, NETWORK_SUFFIXES)
    if not path.is_file():
        raise FileFormatError(f"there is no file {path}; check the path")
    nodes: tuple[str, ...] = ()
    kept: GraphUniverse | None = None
    if suffix == ".graphml":
        raw, nodes, kept = read_graphml(path)
    else:
        raw = read_table(path, suffix)
    return tidy_edges(raw, path.name), nodes, kept


def tidy_edges(raw: pd.DataFrame, origin: str = "the table") -> pd.DataFrame:
    """A table of edges under any of the accepted column names, as `read_edges` returns it.

    Parameters
    ----------
    raw
        The table; it stays as it is.
    origin
        Its name in messages.

    Raises
    ------
    TableError
        As `read_edges`.
    """
    found = find_columns(raw.columns, origin)
    table = pd.DataFrame(index=pd.RangeIndex(len(raw)))
    for name in COLUMNS:
        if name not in found:
            continue
        column = raw.iloc[:, found[name]].reset_index(drop=True)
        if name in ("source", "target"):
            table[name] = _names(column, name, origin)
        elif name == "sign":
            table[name] = _signs(column, origin)
        else:
            table[name] = _numbers(column, name, origin)
    weight = str(raw.columns[found["weight"]]).strip().casefold() if "weight" in found else ""
    if "score" not in found and weight == "edgeweight":
        table.insert(2, "score", table["weight"].abs())
    return table


def _names(column: pd.Series[Any], name: str, origin: str) -> pd.Series[Any]:
    text = column.astype(str).str.strip()
    empty = (text == "") | column.isna()
    if empty.any():
        raise TableError(f"{origin}: column {name!r} is empty in row {int(np.argmax(empty.to_numpy())) + 1}")
    return text.astype(object)


def _numbers(column: pd.Series[Any], name: str, origin: str) -> pd.Series[Any]:
    if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
        # float() rounds correctly, so what was written is what is read; pandas' own parser may be off by one bit.
        text = column.astype(str).str.strip().replace(["", "None"], "nan")
        try:
            return text.astype(object).astype(np.float64)
        except ValueError as error:
            raise TableError(f"{origin}: column {name!r} has a value that is not a number: {error}") from error
    return column.astype(np.float64)


def _signs(column: pd.Series[Any], origin: str) -> pd.Series[Any]:
    text = column.astype(str).str.strip().str.casefold()
    sign = text.map(SIGNS)
    if sign.isna().any():
        wrong = text[sign.isna()].iloc[0]
        raise TableError(f"{origin}: {wrong!r} is not a sign; use 1, -1, 0, or +, -")
    return sign.astype(np.int64)

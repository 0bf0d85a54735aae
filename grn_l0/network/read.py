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
from grn_l0.network.frame import COLUMNS, MORE, edges_to_sparse
from grn_l0.network.graphml import GraphUniverse, read_graphml
from grn_l0.network.network import Network
from grn_l0.network.suffix import NETWORK_SUFFIXES, check_suffix
from grn_l0.network.tables import read_table

SIGNS = {
    **dict.fromkeys(("+", "1", "+1", "1.0", "activates", "activation"), 1),
    **dict.fromkeys(("-", "-1", "-1.0", "represses", "repression", "inhibits", "inhibition"), -1),
    **dict.fromkeys(("", "0", "0.0", "nan", "none", "?", "unknown"), 0),
}


def read_edges(path: PathLikeStr, *, categorical: bool = False) -> pd.DataFrame:
    """Read a table of edges from .graphml, .tsv, .csv or .parquet.

    Columns are found whatever the case and the spaces around their names: ``source`` (or ``TF``, ``regulator``,
    ``reg``, ``Gene1``, ``from``), ``target`` (or ``gene``, ``aff``, ``Gene2``, ``to``), ``score``, ``weight`` (or
    ``EdgeWeight``, ``mor``), ``sign`` (or ``Type``, ``interaction``) and ``frequency``. Spaces around the genes' names
    are removed.

    Parameters
    ----------
    path
        The file.
    categorical
        Give source and target as categories, which take little memory in tables of millions of rows.

    Returns
    -------
    Columns source, target (str), then those the file has of score, weight (float), sign (-1, 0, 1; 0 when unknown)
    and frequency (float), in this order. BEELINE's ``EdgeWeight`` is the weight, and its absolute value the score when
    there is no other; its ``Type`` is the sign. Rows are as in the file: a pair may occur more than once.

    Raises
    ------
    FileFormatError
        If the file is not there, its suffix is not known, or it cannot be read as what its suffix says.
    TableError
        If a column is missing, a name is empty, or a number is not one.
    """
    return _read(path, categorical)[0]


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
    score 0 (and have frequency 0, where there is such a column); of a pair that occurs twice the larger absolute value
    counts.

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
        scores=edges_to_sparse(table, rows, columns, column="score"),
        weights=edges_to_sparse(table, rows, columns, column="weight"),
        frequencies=edges_to_sparse(table, rows, columns, column="frequency") if "frequency" in table else None,
    )


def read_universe(path: PathLikeStr) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Regulators and targets that a GraphML file of `Network.write` remembers; None for any other file."""
    return _read(path)[2] if check_suffix(path, NETWORK_SUFFIXES) == ".graphml" else None


def _read(path: PathLikeStr, categorical: bool = False) -> tuple[pd.DataFrame, tuple[str, ...], GraphUniverse | None]:
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
    return tidy_edges(raw, path.name, categorical=categorical), nodes, kept


def tidy_edges(raw: pd.DataFrame, origin: str = "the table", *, categorical: bool = False) -> pd.DataFrame:
    """A table of edges under any of the accepted column names, as `read_edges` returns it.

    Parameters
    ----------
    raw
        The table; it stays as it is.
    origin
        Its name in messages.
    categorical
        As in `read_edges`.

    Raises
    ------
    TableError
        As `read_edges`.
    """
    found = find_columns(raw.columns, origin)
    table = pd.DataFrame(index=pd.RangeIndex(len(raw)))
    for name in (*COLUMNS, *MORE):
        if name not in found:
            continue
        column = raw.iloc[:, found[name]].reset_index(drop=True)
        if name in ("source", "target"):
            table[name] = _names(column, name, origin, categorical)
        elif name == "sign":
            table[name] = _signs(column, origin)
        else:
            table[name] = _numbers(column, name, origin)
    weight = str(raw.columns[found["weight"]]).strip().casefold() if "weight" in found else ""
    if "score" not in found and weight == "edgeweight":
        table.insert(2, "score", table["weight"].abs())
    return table


def _names(column: pd.Series[Any], name: str, origin: str, categorical: bool) -> pd.Series[Any]:
    values = pd.Categorical(column)
    texts = pd.Index([str(text).strip() for text in values.categories], dtype=object)
    empty = np.append((texts == "") | (texts == "nan") & pd.isna(values.categories), True)  # the last one: missing
    codes = np.asarray(values.codes)
    if empty[codes].any():
        raise TableError(f"{origin}: column {name!r} is empty in row {int(np.argmax(empty[codes])) + 1}")
    place, kept = pd.factorize(texts)  # two texts may be one without their spaces
    if categorical:
        codes = codes if len(kept) == len(texts) else place[codes]
        return pd.Series(pd.Categorical.from_codes(codes, categories=kept))
    return pd.Series(np.asarray(texts)[codes] if len(texts) else np.array([], dtype=object), dtype=object)


def _numbers(column: pd.Series[Any], name: str, origin: str) -> pd.Series[Any]:
    if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
        # float() rounds correctly, so what was written is what is read; pandas' own parser may be off by one bit.
        text = column.astype(str).str.strip().replace(["", "None"], "nan")
        try:
            return text.astype(object).astype(np.float64)
        except ValueError as error:
            raise TableError(f"{origin}: column {name!r} has a value that is not a number: {error}") from error
    return column if column.dtype == np.float32 else column.astype(np.float64)


def _signs(column: pd.Series[Any], origin: str) -> pd.Series[Any]:
    # Of each text once: there are few, whatever the length of the table.
    values = pd.Categorical(column.astype(object).where(column.notna(), "") if column.isna().any() else column)
    texts = pd.Index([str(text).strip().casefold() for text in values.categories], dtype=object)
    known = texts.map(SIGNS).to_numpy(dtype=np.float64)
    if np.isnan(known).any():
        code = np.asarray(values.codes)
        wrong = texts[code[np.argmax(np.isnan(known)[code])]]
        raise TableError(f"{origin}: {wrong!r} is not a sign; use 1, -1, 0, or +, -")
    return pd.Series(known.astype(np.int64)[values.codes] if len(texts) else np.zeros(0, np.int64))

"""Networks, priors and truths from files, by suffix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from grn_l0._errors import FileFormatError, NameMatchError, TableError
from grn_l0._typing import PathLikeStr
from grn_l0.network.frame import COLUMNS, edges_to_matrix
from grn_l0.network.graphml import read_graphml
from grn_l0.network.network import Network
from grn_l0.network.suffix import NETWORK_SUFFIXES, check_suffix
from grn_l0.network.tables import read_table

#: Names under which a column is found, in lower case, the preferred one first. Gene1, Gene2, EdgeWeight and Type are
#: BEELINE's (Pratapa et al. 2020), reg and aff PHOENIX's.
ALIASES = {
    "source": ("source", "gene1", "regulator", "reg", "tf"),
    "target": ("target", "gene2", "aff"),
    "score": ("score",),
    "weight": ("weight", "edgeweight"),
    "sign": ("sign", "type", "interaction"),
}
SIGNS = {
    **dict.fromkeys(("+", "1", "+1", "1.0", "activates", "activation"), 1),
    **dict.fromkeys(("-", "-1", "-1.0", "represses", "repression", "inhibits", "inhibition"), -1),
    **dict.fromkeys(("", "0", "0.0", "nan", "none", "?", "unknown"), 0),
}


def read_edges(path: PathLikeStr) -> pd.DataFrame:
    """Read a table of edges from .graphml, .tsv, .csv or .parquet.

    Columns are found whatever the case and the spaces around their names: ``source`` and ``target``, or
    ``Gene1`` and ``Gene2`` (BEELINE), ``reg`` and ``aff`` (PHOENIX). Spaces around the genes' names are removed.

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
        Names of the rows and columns, which a table cannot know when they have no edge. By default the sources, and
        all names in the file.

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
    table, nodes = _read(path)
    names = tuple(dict.fromkeys((*nodes, *table["target"], *table["source"])))
    rows = tuple(dict.fromkeys(table["source"])) if regulators is None else tuple(regulators)
    columns = names if targets is None else tuple(targets)
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


def _read(path: PathLikeStr) -> tuple[pd.DataFrame, tuple[str, ...]]:
    path = Path(path)
    suffix = check_suffix(path, NETWORK_SUFFIXES)
    if not path.is_file():
        raise FileFormatError(f"there is no file {path}; check the path")
    nodes: tuple[str, ...] = ()
    if suffix == ".graphml":
        raw, nodes = read_graphml(path)
    else:
        raw = read_table(path, suffix)
    return tidy_edges(raw, path.name), nodes


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
    header: dict[str, Any] = {}
    for label in raw.columns:
        header.setdefault(str(label).strip().casefold(), label)
    found = {name: next((header[a] for a in aliases if a in header), None) for name, aliases in ALIASES.items()}
    for name in ("source", "target"):
        if found[name] is None:
            raise TableError(
                f"{origin} has no column {name!r} (nor {', '.join(ALIASES[name][1:])}); "
                f"it has {', '.join(repr(str(c)) for c in raw.columns) or 'none'}"
            )
    table = pd.DataFrame(index=pd.RangeIndex(len(raw)))
    for name in COLUMNS:
        if found[name] is None:
            continue
        column = raw[found[name]].reset_index(drop=True)
        if name in ("source", "target"):
            table[name] = _names(column, name, origin)
        elif name == "sign":
            table[name] = _signs(column, origin)
        else:
            table[name] = _numbers(column, name, origin)
    if found["score"] is None and str(found["weight"]).strip().casefold() == "edgeweight":
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

"""Tables (priors, truths) and lists of names from files."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd

from grn_l0._errors import FileFormatError, TableError
from grn_l0._typing import PathLikeStr
from grn_l0.pp._say import existing_file

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_TABLES = (".csv", ".tsv", ".txt", ".parquet")

#: Headers under which lists of transcription factors carry their names, the likelier ones first.
_HEADERS = (
    *("symbol", "gene symbol", "gene_symbol", "hgnc symbol", "hgnc_symbol", "gene_name", "gene name", "tf", "tfs"),
    *("tf_name", "regulator", "regulators", "source", "gene", "genes", "name", "names"),
)

#: Headers only where there are several columns: alone they may be the name of a gene.
_TABLE_HEADERS = ("gene1", "x")


def _kind(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def read_table(path: PathLikeStr) -> pd.DataFrame:
    """Table from .csv, .tsv, .txt (tabs) or .parquet, the first three also as .gz.

    Spaces around headers and texts are removed. Only empty cells are missing: a gene may be called NA.

    Raises
    ------
    FileFormatError
        If nothing is there, the suffix is unknown, or the content does not fit it.
    TableError
        If the table has no rows.
    """
    path = existing_file(path, "one table")
    kind = _kind(path)
    if kind not in _TABLES:
        raise FileFormatError(f"{path} has an unknown suffix; tables are read from {', '.join(_TABLES)}")
    try:
        if kind == ".parquet":
            table = pd.read_parquet(path)
        else:
            table = pd.read_csv(
                path, sep=_SEPARATORS[kind], keep_default_na=False, na_values=[""], encoding="utf-8-sig"
            )
    except pd.errors.EmptyDataError as error:
        raise TableError(f"{path} is empty") from error
    except (ValueError, OSError, EOFError) as error:  # parser, arrow, decoding and gzip errors
        text = " ".join(str(error).split())[:200]
        raise FileFormatError(f"{path} cannot be read as {kind} ({text})") from error
    if table.empty:
        raise TableError(f"{path} has no rows")
    table.columns = pd.Index([str(c).strip() for c in table.columns])
    for column in table.select_dtypes(include=["object", "string"]).columns:
        table[column] = [v.strip() if isinstance(v, str) else v for v in table[column]]
    return table


def read_names(path: PathLikeStr) -> tuple[str, ...]:
    """Names, such as transcription factors, from a text file: one per line, or a column of a table with a header.

    Empty lines and everything after ``#`` are ignored, and so are repeats. In a table the column is found by its
    header (symbol, gene_name, TF, regulator, source, gene …), otherwise the first one is taken; of a single line
    without a header, such as ``GATA1,SPI1``, every name.

    Raises
    ------
    FileFormatError
        If nothing is there, the content is not text, or no name is in it.
    """
    path = existing_file(path, "one list of names")
    if _kind(path) == ".parquet":
        raise FileFormatError(f"{path} is a parquet file; names are read from text, one per line, or .csv and .tsv")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path} is not a text file; it must hold one name per line") from error
    lines = [line.partition("#")[0] for line in text.splitlines()]
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise FileFormatError(f"{path} holds no names; it must hold one per line")
    separator = "\t" if "\t" in lines[0] else ","
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
    header = [re.sub(r"\s+", " ", cell.casefold()) for cell in rows[0]]
    headers = _HEADERS + _TABLE_HEADERS if len(header) > 1 else _HEADERS
    known = [header.index(h) for h in headers if h in header]
    column = known[0] if known else 0
    if len(rows) == 1 and not known:
        rows = [[cell] for cell in rows[0]]
    names = [row[column] for row in (rows[1:] if known else rows) if column < len(row)]
    names = list(dict.fromkeys(n for n in names if n))
    if not names:
        raise FileFormatError(f"{path} holds a header but no names")
    return tuple(names)

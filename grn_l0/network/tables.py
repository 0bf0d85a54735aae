"""Tables of edges on disk: .tsv, .csv, .parquet."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from grn_l0._errors import FileFormatError

SEPARATORS = {".tsv": "\t", ".csv": ","}


def write_table(table: pd.DataFrame, path: Path, suffix: str) -> None:
    """Write a table; numbers so that reading gives the same ones."""
    if suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, sep=SEPARATORS[suffix], index=False, lineterminator="\n")


def read_table(path: Path, suffix: str) -> pd.DataFrame:
    """Read a table as it is; text files as text, so that a gene called NA stays one.

    The separator is that of the suffix, unless the first line has none of it but another: files called .csv are
    often separated by tabs (BEELINE's rankedEdges.csv) or semicolons.

    Raises
    ------
    FileFormatError
        If the file cannot be read as what its suffix says.
    """
    try:
        if suffix == ".parquet":
            return pd.read_parquet(path)
        with path.open(encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
        own = SEPARATORS[suffix]
        separator = next((s for s in (own, "\t", ",", ";") if s in first), own)
        return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except (ValueError, csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError, OSError) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FileFormatError(f"{path.name} cannot be read as a {suffix} table: {reason}") from error

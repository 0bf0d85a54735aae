"""Tables of edges on disk: .tsv, .csv, .parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0._errors import FileFormatError
from grn_l0._typing import Array
from grn_l0.network.frame import edge_columns
from grn_l0.network.order import every_candidate, survivors

if TYPE_CHECKING:
    from grn_l0.network.network import Network

SEPARATORS = {".tsv": "\t", ".csv": ","}
_NAMED = {"source": "regulator", "target": "target"}


def write_edges(network: Network, path: Path, suffix: str, *, every: bool = False) -> None:
    """Write the survivors, or every candidate, in blocks; numbers so that reading gives the same ones."""
    blocks = every_candidate(network) if every else iter([survivors(network)])
    # At least one block, if an empty one, for the names of the columns.
    blocks = chain([next(blocks, (np.zeros(0, np.int64), np.zeros(0, np.int64)))], blocks)
    columns = (edge_columns(network, *pairs) for pairs in blocks)
    if suffix == ".parquet":
        _write_parquet(network, columns, path)
        return
    for number, block in enumerate(columns):
        table = pd.DataFrame(block)
        for name, names in (("source", network.regulators), ("target", network.targets)):
            table[name] = pd.Categorical.from_codes(block[name], categories=pd.Index(names, dtype=object))
        table.to_csv(
            path,
            sep=SEPARATORS[suffix],
            index=False,
            lineterminator="\n",
            mode="a" if number else "w",
            header=not number,
        )


def _write_parquet(network: Network, columns: Iterator[dict[str, Array]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = {role: pa.array(getattr(network, f"{where}s"), pa.string()) for role, where in _NAMED.items()}
    writer = None
    try:
        for block in columns:
            # One text per gene, and numbers: a genome's names, as texts, would take tens of gigabytes.
            arrays = {
                name: pa.DictionaryArray.from_arrays(pa.array(values.astype(np.int32)), names[name])
                if name in names
                else pa.array(values)
                for name, values in block.items()
            }
            table = pa.table(arrays)
            # Without Arrow's own schema a reader finds plain texts.
            writer = writer or pq.ParquetWriter(path, table.schema, store_schema=False)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


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
            # Names of ours, at least, as categories: one text per gene.
            return pd.read_parquet(path, read_dictionary=list(_NAMED))
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

"""Small files that accompany the data: lists of names, and tables of edges."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from grn_l0._errors import FileFormatError, OptionError, TableError


def read_names(path: Path | None) -> list[str] | None:
    """Names, one per line (the first word before a comma or tab); lines that start with ``#`` are comments.

    Raises
    ------
    FileFormatError
        If the file does not exist or is not text.
    TableError
        If it holds no name.
    """
    if path is None:
        return None
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FileFormatError(f"{path} is not a text file; give a list of names, one per line") from None
    words = (line.replace("\t", ",").split(",")[0].strip().strip('"') for line in lines)
    names = list(dict.fromkeys(w for w in words if w and not w.startswith("#")))
    if not names:
        raise TableError(f"{path} holds no name; give a list of names, one per line")
    return names


def read_table(path: Path | None) -> pd.DataFrame | None:
    """Edges (source, target and what else there is) from a table or a GraphML file.

    Raises
    ------
    FileFormatError, TableError
        If the file cannot be read, or lacks the columns.
    """
    if path is None:
        return None
    from grn_l0.network import read_edges

    return read_edges(path)


def check_threads(threads: int) -> None:
    """Refuse a number of threads below one.

    Raises
    ------
    OptionError
        If `threads` is not positive.
    """
    if threads < 1:
        raise OptionError(f"--threads {threads}: use at least one thread")

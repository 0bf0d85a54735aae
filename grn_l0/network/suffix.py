"""What a file is, by the end of its name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grn_l0._errors import FileFormatError
from grn_l0._typing import PathLikeStr

#: Files that hold a table of edges.
TABLE_SUFFIXES = (".tsv", ".csv", ".parquet")
#: Files that hold a network.
NETWORK_SUFFIXES = (".graphml", *TABLE_SUFFIXES)


def check_suffix(path: PathLikeStr, known: Iterable[str] = NETWORK_SUFFIXES) -> str:
    """The suffix of a path, in lower case, if it is a known one.

    Parameters
    ----------
    path
        Any path; the file need not exist.
    known
        Suffixes in lower case, with their dot.

    Returns
    -------
    The suffix.

    Raises
    ------
    FileFormatError
        If it is not among the known ones; the message lists them.
    """
    known = tuple(known)
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        what = f"the suffix {suffix!r} is not known" if suffix else "the name has no suffix"
        raise FileFormatError(f"{Path(path).name}: {what}; use one of {', '.join(known)}")
    return suffix


def name_of_file(path: PathLikeStr) -> str:
    """What a table is called by its file: without folder and suffix, nor .gz behind it."""
    name = Path(path).name
    return name.removesuffix(".gz").rpartition(".")[0] or name

"""Wording that several messages share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grn_l0._errors import FileFormatError, nearest
from grn_l0._typing import PathLikeStr


def some(names: Iterable[object], limit: int = 3) -> str:
    """``'a', 'b', 'c' and 5 more``: enough names to find the trouble, few enough to read."""
    quoted = [repr(str(n)) for n in names]
    more = f" and {len(quoted) - limit:,} more" if len(quoted) > limit else ""
    return ", ".join(quoted[:limit]) + more


def listed(names: Iterable[object], limit: int = 20) -> str:
    """``there are: 'a', 'b'``, or ``there are none``."""
    names = list(names)
    return f"there are: {some(names, limit)}" if names else "there are none"


def existing_file(path: PathLikeStr, kind: str) -> Path:
    """The path, if a file is there.

    Raises
    ------
    FileFormatError
        If nothing is there (with the nearest name in the folder), or a folder.
    """
    path = Path(path)
    if path.is_file():
        return path
    if path.is_dir():
        raise FileFormatError(f"{path} is a folder; give the path of {kind}")
    folder = path.parent
    if not folder.is_dir():
        raise FileFormatError(f"{path} does not exist, nor does the folder {folder}")
    close = nearest(path.name, (p.name for p in folder.iterdir() if p.is_file()))
    raise FileFormatError(f"{path} does not exist{close}")

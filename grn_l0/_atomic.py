"""Files that are either whole or not there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grn_l0._errors import OutputError
from grn_l0._typing import PathLikeStr

__all__ = ["atomic_path", "check_output"]


def check_output(path: PathLikeStr) -> Path:
    """Refuse a place that cannot be written to, before any work is done for it.

    Parameters
    ----------
    path
        The file to be written. A link is followed: what it points to is written.

    Returns
    -------
    The absolute path.

    Raises
    ------
    OutputError
        If the folder does not exist or cannot be written to, or if the path is a folder.
    """
    target = Path(os.path.realpath(path))
    folder = target.parent
    if target.is_dir():
        raise OutputError(f"{target} is a folder; add a file name")
    if not folder.is_dir():
        raise OutputError(f"cannot write {target.name}: the folder {folder} does not exist; create it (mkdir -p)")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {target.name}: no permission to write in {folder}; choose another folder")
    return target


@contextmanager
def atomic_path(path: PathLikeStr) -> Iterator[Path]:
    """A temporary path that becomes `path` when the block ends well, and disappears otherwise.

    It lies in the same folder (so that moving it is one step of the file system) and ends in the same suffixes
    (writers look at them). An older file at `path` stays as it is until then. What the block writes gets the
    permissions that any new file would get, whatever its writer gave it (some make files that nobody else may read).

    Parameters
    ----------
    path
        The file to be written.

    Yields
    ------
    The path to write to.

    Raises
    ------
    OutputError
        As `check_output`; also when the block wrote nothing, or the file cannot be moved to its place.
    """
    target = check_output(path)
    suffixes = "".join(target.suffixes)
    # 40 characters of the name, so that a long one does not pass the limit of the file system.
    stem = target.name.removesuffix(suffixes)[:40]
    temporary = target.with_name(f".{stem}.{secrets.token_hex(4)}{suffixes}")
    try:
        yield temporary
        try:
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, target)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """What new files may not be; it can only be read by setting it."""
    now = os.umask(0o077)
    os.umask(now)
    return now

"""Where results go is checked before any work is done; stdout carries results only."""

from __future__ import annotations

import json
import logging
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grn_l0._errors import FileFormatError, OptionError, OutputError

if TYPE_CHECKING:
    import pandas as pd

    from grn_l0.metrics import Reliability


def check_outputs(*outputs: tuple[str, Path | None, Sequence[str]]) -> None:
    """Refuse output paths that cannot be written, before any work is done.

    Parameters
    ----------
    *outputs
        Option, path (None where not asked for) and the suffixes that are known for it.

    Raises
    ------
    FileFormatError
        If a suffix is unknown.
    OutputError
        If a folder does not exist or cannot be written to, or the path is a folder.
    OptionError
        If two options name the same file.
    """
    seen: dict[Path, str] = {}
    for option, path, suffixes in outputs:
        if path is None:
            continue
        if path.suffix.lower() not in suffixes:
            what = f"the suffix {path.suffix!r} is unknown" if path.suffix else "there is no suffix"
            raise FileFormatError(f"{option} {path}: {what}; use {_either(suffixes)}")
        folder = path.parent
        if not folder.is_dir():
            raise OutputError(f"{option} {path}: the folder {str(folder)!r} does not exist; make it first")
        if path.is_dir():
            raise OutputError(f"{option} {path} is a folder; name a file")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"{option} {path}: the folder {str(folder)!r} cannot be written to")
        twin = seen.setdefault(path.resolve(), option)
        if twin != option:
            raise OptionError(f"{twin} and {option} both name {path}; give each a file of its own")


def _either(suffixes: Sequence[str]) -> str:
    return suffixes[0] if len(suffixes) == 1 else f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"


def say(text: str, quiet: bool = False) -> None:
    """One line for the person at the terminal, on stderr."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)


def tell(quiet: bool = False) -> None:
    """Show what this package notes by the way, such as how many names it found, on stderr, a line each."""
    log = logging.getLogger("grn_l0")
    if not quiet and not log.handlers:
        log.addHandler(_Lines())
        log.setLevel(logging.INFO)


class _Lines(logging.Handler):
    """Writes to whatever stderr is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        print(record.getMessage(), file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """JSON on stdout; numbers that are not finite become null."""
    print(json.dumps(_plain(value), indent=2))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def print_table(table: pd.DataFrame) -> None:
    """A table on stdout, with as many digits as mean something."""
    print(table.map(_cell).to_string())


def print_reliability(counts: Reliability) -> None:
    """The reliability table on stdout, with a line that says how to read it."""
    from grn_l0.metrics import LIKELY

    errors = counts.error(), counts.error(LIKELY)
    print(
        f"\ncalibration: expected error {errors[0]:.3g} over all candidates, {errors[1]:.3g} over those that score "
        f"{LIKELY:g} or more (predicted: mean score; observed: share of true edges, with its 95 % interval)"
    )
    table = counts.table()
    where = [f"{low:g} to {high:g}" for low, high in zip(table.pop("from"), table.pop("to"), strict=True)]
    print_table(table.set_axis(where, axis=0))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(value):
        return "–"
    if float(value).is_integer() and abs(value) < 1e9 and (abs(value) > 1 or isinstance(value, int)):
        return f"{int(value)}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.3g}" if abs(value) < 0.01 else f"{value:.3f}"

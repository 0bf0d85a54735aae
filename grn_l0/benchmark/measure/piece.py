"""Pieces of work that are measured, and functions that processes of their own call."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from grn_l0.benchmark.measure.limits import Limits

#: In arguments, and in words of a command, it stands for a folder that all pieces of one run share.
SHARED = "{shared}"
#: Parts of the benchmarks that pieces come from, and modules there that no cell depends on.
_SUITES, _READERS = ("measure", "scale", "speed"), ("model", "points", "report", "summary")


@cache
def suites_code() -> str:
    """Checksum of the code that makes, measures and judges pieces; what only reads cells is left out."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for file in sorted(file for part in _SUITES for file in (root / part).glob("*.py")):
        if file.stem not in _READERS:
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Call:
    """A call in a new Python.

    Attributes
    ----------
    function
        "module:function".
    arguments
        By name; plain values.
    """

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def command(self, folder: Path, shared: str) -> list[str]:
        """The command line; what the function returns goes to answer.json in `folder`."""
        given = {k: v.replace(SHARED, shared) if isinstance(v, str) else v for k, v in self.arguments.items()}
        (folder / "arguments.json").write_text(json.dumps(given), encoding="utf-8")
        files = [str(folder / name) for name in ("arguments.json", "answer.json")]
        return [sys.executable, "-m", "grn_l0.benchmark.measure.child", self.function, *files]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of work that is measured in a process of its own.

    Attributes
    ----------
    name
        As the tables show it.
    call
        What it does; the answer are the figures of the cell.
    command
        In place of `call`: arguments of Python that are measured as they are.
    judge
        Called in another process after `command`, not measured: it returns the figures, such as the accuracy of the
        files that were written.
    before
        Called before the first cell that is missing, each in another process, not measured; once in a run, whichever
        pieces ask for it.
    repeats
        Number of cells.
    limits
        Of each.
    threads
        Threads of the libraries.
    fresh
        Variables of the environment that name a folder, which is empty in every cell: a cache that knows nothing.
    """

    name: str
    call: Call | None = None
    command: tuple[str, ...] = ()
    judge: Call | None = None
    before: tuple[Call, ...] = ()
    repeats: int = 3
    limits: Limits = field(default_factory=Limits)
    threads: int = 1
    fresh: tuple[str, ...] = ()

    @property
    def work(self) -> str:
        """Checksum of what is done, and by which code, whatever the piece is called and how often it is repeated."""
        parts = asdict(self) | {"suites": suites_code()}
        for name in ("name", "repeats", "limits", "threads"):
            del parts[name]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]

"""Cells of a suite of measurements: one piece of work, one repeat; kept when done, so that a stopped run goes on."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import grn_l0
from grn_l0._atomic import atomic_path
from grn_l0._errors import FileFormatError
from grn_l0.benchmark.machine import machine
from grn_l0.benchmark.measure.limits import Limits
from grn_l0.benchmark.measure.usage import run_measured

#: What became of a cell, as JSON keeps it: name, repeat, status, reason, wall_s, cpu_s, peak_bytes, load, figures,
#: code, machine, threads.
Record = dict[str, Any]
#: Parts of the package that no measured process spends time in.
_ASIDE = ("benchmark", "pl")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of work that is measured in a process of its own.

    Attributes
    ----------
    name
        As the tables show it.
    call
        "module:function", called in a new Python; what it returns are the figures of the cell.
    arguments
        Of the function; plain values.
    command
        In place of `call`: a command line that is measured as it is.
    judge
        "module:function", called in another process after `command`, not measured: it returns the figures, such as the
        accuracy of the files that were written.
    judge_arguments
        Of that function.
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
    call: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    judge: str = ""
    judge_arguments: Mapping[str, Any] = field(default_factory=dict)
    repeats: int = 3
    limits: Limits = field(default_factory=Limits)
    threads: int = 1
    fresh: tuple[str, ...] = ()


class Cells:
    """Records in one file, written anew as a whole after every cell.

    Parameters
    ----------
    path
        A .json file, made with the first record.

    Raises
    ------
    FileFormatError
        If the file is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._records: dict[str, Record] = {}
        if path.is_file():
            try:
                self._records = {_key(r["name"], r["repeat"]): r for r in json.loads(path.read_text("utf-8"))["cells"]}
            except (ValueError, KeyError, TypeError) as error:
                raise FileFormatError(f"{path} holds no cells of a benchmark ({error}); move it away") from None

    def __iter__(self) -> Any:
        return iter(self._records.values())

    def of(self, name: str) -> list[Record]:
        """Records of one piece, by repeat."""
        return sorted((r for r in self if r["name"] == name), key=lambda r: int(r["repeat"]))

    def get(self, name: str, repeat: int) -> Record:
        """The record of one cell that is there."""
        return self._records[_key(name, repeat)]

    def finished(self, piece: Piece, repeat: int) -> bool:
        """Whether a cell need not be run: this code ended it on this machine, or it ran out under no wider limits."""
        record = self._records.get(_key(piece.name, repeat))
        here = {"code": current_code(), "machine": machine(), "threads": piece.threads}
        if record is None or any(record.get(k) != v for k, v in here.items()):
            return False
        bound = {"time limit": piece.limits.seconds, "memory limit": piece.limits.bytes}.get(record["status"])
        return record["status"] == "done" or (bound is not None and bound <= record["limit"])

    def keep(self, record: Record) -> None:
        """Put a record in place of an older one of the same cell; the file is whole at any time."""
        self._records[_key(record["name"], record["repeat"])] = record
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.path) as temporary:
            temporary.write_text(json.dumps({"cells": list(self)}, indent=1) + "\n", encoding="utf-8")


def run_pieces(
    pieces: Sequence[Piece], cells: Cells, *, again: bool = False, say: Callable[[str], None] = lambda _: None
) -> int:
    """Measure the cells that are not finished, in turns: the first repeat of every piece, then the second, ...

    Drift of the machine then hits all pieces alike. A piece that ran out of a limit is not repeated.

    Returns
    -------
    Number of cells that failed.
    """
    failed = 0
    out: set[str] = set()
    for repeat in range(max((p.repeats for p in pieces), default=0)):
        for piece in pieces:
            if repeat >= piece.repeats or piece.name in out:
                continue
            if again or not cells.finished(piece, repeat):
                cells.keep(measure(piece, repeat))
            record = cells.get(piece.name, repeat)
            say(f"{piece.name}, {repeat + 1} of {piece.repeats}: {record['status']}, {record['wall_s']:.1f} s")
            failed += record["status"] == "failed"
            if record["status"] != "done":
                out.add(piece.name)
    return failed


def measure(piece: Piece, repeat: int) -> Record:
    """Measure one cell."""
    with tempfile.TemporaryDirectory(prefix="grn-l0-") as folder:
        command = list(piece.command) or python_command(piece.call, piece.arguments, Path(folder))
        empty = {name: str(Path(folder) / name) for name in piece.fresh}
        used = run_measured(command, limits=piece.limits, threads=piece.threads, env=empty)
        figures, reason = {}, "" if used.status == "done" else used.words
        status = used.status
        if status == "done" and piece.command and piece.judge:
            judged = run_measured(python_command(piece.judge, piece.judge_arguments, Path(folder)), limits=Limits())
            status, reason = judged.status, "" if judged.status == "done" else judged.words
        answer = Path(folder) / "answer.json"
        if status == "done" and answer.is_file():
            figures = json.loads(answer.read_text("utf-8"))
    record: Record = {"name": piece.name, "repeat": repeat, "status": status, "reason": reason}
    limit = {"time limit": piece.limits.seconds, "memory limit": piece.limits.bytes}.get(status)
    return record | ({} if limit is None else {"limit": limit}) | {
        "wall_s": used.wall_s, "cpu_s": used.cpu_s, "peak_bytes": used.peak_bytes, "load": list(used.load),
        "figures": figures, "code": current_code(), "machine": machine(), "threads": piece.threads,
        "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
    }  # fmt: skip


def python_command(call: str, arguments: Mapping[str, Any], folder: Path) -> list[str]:
    """The command line that calls "module:function" in a new Python; its answer goes to answer.json in `folder`."""
    (folder / "arguments.json").write_text(json.dumps(dict(arguments)), encoding="utf-8")
    files = [str(folder / name) for name in ("arguments.json", "answer.json")]
    return [sys.executable, "-m", "grn_l0.benchmark.measure.child", call, *files]


@cache
def current_code() -> str:
    """Checksum of the package's code, that of the benchmarks and plots left out."""
    root, digest = Path(grn_l0.__file__).parent, hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        inside = file.relative_to(root)
        if inside.parts[0] not in _ASIDE:
            digest.update(inside.as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _key(name: str, repeat: int) -> str:
    return f"{name}#{repeat}"

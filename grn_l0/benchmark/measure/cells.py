"""Cells of a suite of measurements: one piece of work, one repeat; kept when done, so that a stopped run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import grn_l0
from grn_l0._atomic import atomic_path
from grn_l0._errors import FileFormatError
from grn_l0.benchmark.machine import machine
from grn_l0.benchmark.measure.piece import Piece

#: What became of a cell, as JSON keeps it: name, repeat, status, reason, wall_s, cpu_s, peak_bytes, load, figures,
#: code, machine, threads, work, when.
Record = dict[str, Any]
#: Cells of one piece can only be taken together where these are the same.
_SAME = ("code", "machine", "threads", "work")
#: Parts of the package that no measured process spends time in.
_ASIDE = ("benchmark", "pl")


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

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def of(self, name: str) -> list[Record]:
        """Records of one piece, by repeat: those that were measured under the circumstances of the last of them.

        Between two sittings the code may change: a median over both would belong to neither.
        """
        found = [r for r in self if r["name"] == name]
        same = [r for r in found if all(r.get(k) == found[-1].get(k) for k in _SAME)]
        return sorted(same, key=lambda r: int(r["repeat"]))

    def get(self, name: str, repeat: int) -> Record:
        """The record of one cell that is there."""
        return self._records[_key(name, repeat)]

    def finished(self, piece: Piece, repeat: int) -> bool:
        """Whether a cell need not be run: this code ended it on this machine, or it ran out under no wider limits."""
        record = self._records.get(_key(piece.name, repeat))
        here = {"code": current_code(), "machine": machine(), "threads": piece.threads, "work": piece.work}
        if record is None or any(record.get(k) != here[k] for k in _SAME):
            return False
        bound = {"time limit": piece.limits.seconds, "memory limit": piece.limits.bytes}.get(record["status"])
        return record["status"] == "done" or (bound is not None and bound <= record["limit"])

    def keep(self, record: Record) -> None:
        """Put a record behind all others, in place of an older one of its cell; the file is whole at any time."""
        key = _key(record["name"], record["repeat"])
        self._records.pop(key, None)
        self._records[key] = record
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.path) as temporary:
            temporary.write_text(json.dumps({"cells": list(self)}, indent=1) + "\n", encoding="utf-8")


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

"""Records of finished cells, one small file each: a benchmark that was ended goes on where it was."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache, partial
from pathlib import Path
from typing import Any

import grn_l0
from grn_l0._atomic import atomic_path
from grn_l0._errors import OutputError
from grn_l0._typing import PathLikeStr
from grn_l0.benchmark.accuracy.case import Case
from grn_l0.benchmark.accuracy.cell import Record
from grn_l0.benchmark.methods import Method

#: Parts of the package that a method's answer depends on, beside what makes and judges the data.
_OURS = ("_random.py", "dynamics", "fit", "gates", "network", "posterior", "pp", "solve", "sparsity", "tl")
_RIVALS = ("baselines", "benchmark/methods/method.py")
_SHARED = ("datasets", "metrics", "simulate", "timeseries")


class Store:
    """A folder of records, ``case/method/seed.json``.

    Parameters
    ----------
    folder
        Made where it does not exist.
    """

    def __init__(self, folder: PathLikeStr) -> None:
        self.folder = Path(folder)

    def path(self, case: str, method: str, seed: int) -> Path:
        """The file of a cell."""
        return self.folder / _slug(case) / _slug(method) / f"{seed}.json"

    def write(self, record: Record) -> None:
        """Keep a record; the file is whole or not there.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        path = self.path(record["case"], record["method"], record["seed"])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"the folder {path.parent} cannot be made: {error.strerror}") from error
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")

    def read(self, case: str, method: str, seed: int) -> Record | None:
        """The record of a cell; None if there is none, or its file is not one."""
        try:
            record: Record = json.loads(self.path(case, method, seed).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) and record.get("case") == case else None


def finished(record: Record | None, code: str) -> bool:
    """Whether a cell need not be run: it came to an end, with the code that there is now.

    A run that was ended at its time limit counts: it would be ended again. One that failed does not.
    """
    return record is not None and record.get("code") == code and record.get("status") in ("done", "time limit")


def code_of(case: Case, method: Method) -> str:
    """Checksum of the code and settings behind a cell: records of another one are out of date."""
    return hashlib.sha256(f"{_code(method)} {_settings(case.make)}".encode()).hexdigest()[:16]


def _settings(make: Any) -> str:
    """The function that makes the data, with what it is called with."""
    if isinstance(make, partial):
        arguments = ", ".join(f"{k}={_settings(v)}" for k, v in sorted(make.keywords.items()))
        return f"{_settings(make.func)}({arguments})"
    return f"{make.__module__}.{make.__qualname__}" if callable(make) else repr(make)


@cache
def _code(method: Method) -> str:
    ours = method.role in ("ours", "choice", "ablation")
    module = getattr(method.run, "func", method.run).__module__
    own = module.removeprefix("grn_l0.").replace(".", "/") + ".py"
    root = Path(grn_l0.__file__).parent
    digest = hashlib.sha256(repr((method.options, method.limit_s)).encode())
    for part in (*_SHARED, *(_OURS if ours else _RIVALS), own):
        place = root / part
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.is_file() else []:
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _slug(name: str) -> str:
    """The name as a file may be called, told apart from others by a checksum where characters were lost."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return f"{plain[:80]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"

"""How far long work has come, as files in a folder: a run that was killed goes on from there. No pickle."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from grn_l0._atomic import atomic_path
from grn_l0._errors import FileFormatError, OutputError, warn
from grn_l0._tree import pack, unpack

__all__ = ["Journal", "checksum", "checksum_of", "difference", "files"]

FORMAT = "grn_l0 state"
VERSION = "1"

#: Seconds between two writes at least, and how many times as long as the last write took.
EVERY, PATIENCE = 10.0, 20.0

_PREFIX = "state-"

T = TypeVar("T")


@dataclass(eq=False)
class Journal:
    """Keeps states of work under keys.

    Parameters
    ----------
    folder
        Where the files are; None keeps nothing.
    about
        What the work depends on, in words of JSON: a state that says otherwise is not used.
    words
        What each entry of `about` is called in a warning; None for no warning where they differ.
    classes
        Dataclasses that states may consist of.

    Notes
    -----
    A state is written now and then: at most once in ten seconds, and for at most a twentieth of the time. Work must
    come to the same result from any state of itself, or none.
    """

    folder: Path | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] | None = None
    classes: Sequence[type] = ()
    _last: float = field(init=False)
    _wait: float = field(init=False)
    _quiet: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.about = json.loads(json.dumps(self.about))
        self._last, self._wait = time.monotonic(), EVERY

    def clean(self, *patterns: str) -> None:
        """Remove what runs that were killed while they wrote have left: of states, and of these patterns."""
        if self.folder is not None:
            for pattern in (f".{_PREFIX}*.safetensors", *patterns):
                for path in self.folder.glob(pattern):
                    path.unlink(missing_ok=True)

    def load(self, key: str) -> Any | None:
        """The last state under this key if it belongs here; None, with a warning where that surprises, otherwise."""
        if self.folder is None:
            return None
        path = _path(self.folder, key)
        if not path.is_file():
            return None
        try:
            if (there := _read_about(path)) != self.about:
                if self.words is not None:
                    self._complain(path, f"it belongs to {difference(there, self.about, self.words)}")
                return None
            return _read(path, self.classes)
        except FileFormatError as error:
            self._complain(path, str(error))
            return None

    def restore(self, key: str, put: Callable[[Any], T]) -> T | None:
        """What `put` makes of the last state under this key; None, with a warning, if it can make nothing of it."""
        state = self.load(key)
        if state is None or self.folder is None:
            return None
        try:
            return put(state)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            path = _path(self.folder, key)
            self._complain(path, str(_damaged(path, error)))
            return None

    def value(self, key: str, make: Callable[[], T]) -> T:
        """What was kept under this key, or else what is made now, which is then kept."""
        found: tuple[T] | None = self.restore(key, lambda state: (state["value"],))
        if found is not None:
            return found[0]
        out = make()
        self.keep(key, lambda: {"value": out})
        return out

    def keep(self, key: str, state: Callable[[], Any]) -> None:
        """Write this state in place of the last one under this key if it is time to."""
        if self.folder is None or (began := time.monotonic()) - self._last < self._wait:
            return
        try:
            _write(_path(self.folder, key), state(), self.about)
        except OutputError as error:
            # A full disk is no reason to lose what has been done.
            self._complain(_path(self.folder, key), str(error), "cannot be written")
        self._last = time.monotonic()
        self._wait = max(EVERY, PATIENCE * (self._last - began))

    def forget(self, prefix: str = "") -> None:
        """Remove the states under keys that begin so."""
        if self.folder is not None:
            for path in self.folder.glob(f"{_PREFIX}{prefix}*.safetensors"):
                path.unlink(missing_ok=True)

    def _complain(self, path: Path, why: str, what: str = "is not used, and will be written over") -> None:
        if not self._quiet:
            warn(f"the checkpoint {os.fspath(path)!r} {what}: {why}")
        self._quiet = True


def difference(there: Mapping[str, Any], here: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """In words, in what two descriptions of work differ; an empty string for nothing."""
    return " and ".join(word for name, word in words.items() if there.get(name) != here.get(name))


def files(folder: Path, prefix: str = "") -> list[tuple[Path, dict[str, Any] | None]]:
    """States in a folder and what they depend on, None for what cannot be read."""
    out: list[tuple[Path, dict[str, Any] | None]] = []
    for path in sorted(folder.glob(f"{_PREFIX}{prefix}*.safetensors")):
        try:
            out.append((path, _read_about(path)))
        except FileFormatError:
            out.append((path, None))
    return out


def _path(folder: Path, key: str) -> Path:
    return folder / f"{_PREFIX}{key}.safetensors"


def _write(path: Path, state: Any, about: Mapping[str, Any]) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    tree, arrays = pack(state)
    text = json.dumps(tree)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "about": json.dumps(about),
        "tree": text,
        "checksum": checksum_of(text, arrays),
    }
    try:
        with atomic_path(path) as temporary:
            save_file(arrays, str(temporary), header)
    except (SafetensorError, OSError) as error:
        raise error if isinstance(error, OutputError) else OutputError(str(error)) from error


def checksum(tree: Any) -> str:
    """SHA-256 of a tree of arrays, numbers and words."""
    packed, arrays = pack(tree)
    return checksum_of(json.dumps(packed), arrays)


def checksum_of(text: str, arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of what a file holds: the words of its header, and contiguous arrays by name."""
    digest = hashlib.sha256(text.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _header(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            metadata = dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise FileFormatError(f"{str(path)!r} is not a checkpoint written by grn_l0 ({error})") from error
    if metadata.get("format") != FORMAT or metadata.get("version") != VERSION:
        raise FileFormatError(f"{str(path)!r} is not a checkpoint written by this version of grn_l0")
    return metadata


def _read_about(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(_header(path)["about"])
    except (KeyError, ValueError) as error:
        raise error if isinstance(error, FileFormatError) else _damaged(path, error) from error
    if not isinstance(about, dict):
        raise _damaged(path, about)
    return about


def _read(path: Path, classes: Sequence[type]) -> Any:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    header = _header(path)
    try:
        arrays = load_file(str(path))
        if checksum_of(header["tree"], arrays) != header["checksum"]:
            raise ValueError("its checksum is another")
        return unpack(json.loads(header["tree"]), arrays, classes)
    except (SafetensorError, OSError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, why: object) -> FileFormatError:
    return FileFormatError(f"{str(path)!r} is a damaged checkpoint ({why!r})")

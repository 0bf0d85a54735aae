"""Objects as arrays and JSON, and back to the last bit: for files that hold no pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["pack", "unpack"]


def pack(tree: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """A tree of lists, tuples, dictionaries, dataclasses, arrays, CSR arrays, numbers and words, taken apart.

    Returns
    -------
    What JSON can hold, in which every array is named, and the arrays, in C order. An array that occurs twice is one.
    """
    arrays: dict[str, np.ndarray] = {}
    seen: dict[int, tuple[np.ndarray, dict[str, Any]]] = {}
    return _packed(tree, arrays, seen), arrays


def _packed(value: Any, arrays: dict[str, np.ndarray], seen: dict[int, tuple[np.ndarray, dict[str, Any]]]) -> Any:
    def inner(part: Any) -> Any:
        return _packed(part, arrays, seen)

    if isinstance(value, np.generic):
        return {"is": "scalar", "array": inner(np.asarray(value))}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        if id(value) not in seen:
            # The order in which numbers are summed follows the layout in memory, so this is kept, too.
            axes = sorted(range(value.ndim), key=lambda k: (-value.strides[k], k))
            name = str(len(arrays))
            arrays[name] = np.ascontiguousarray(value.transpose(axes)).reshape([value.shape[k] for k in axes])
            # With the array itself, so that no other is made at its address meanwhile.
            seen[id(value)] = value, {"is": "array", "name": name, "axes": axes}
        return seen[id(value)][1]
    if isinstance(value, sparse.csr_array):
        return {"is": "csr", "shape": list(value.shape), "parts": [inner(a) for a in _parts(value)]}
    if isinstance(value, Mapping):
        return {"is": "dict", "items": [[inner(k), inner(v)] for k, v in value.items()]}
    if is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: inner(getattr(value, f.name)) for f in fields(value)}
        return {"is": "object", "of": type(value).__name__, "fields": parts}
    if isinstance(value, tuple):
        return {"is": "tuple", "items": [inner(v) for v in value]}
    if isinstance(value, Sequence):
        return [inner(v) for v in value]
    raise TypeError(f"{type(value).__name__} cannot be kept in a file")


def _parts(matrix: sparse.csr_array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return matrix.data, matrix.indices, matrix.indptr


def unpack(packed: Any, arrays: Mapping[str, np.ndarray], classes: Sequence[type] = ()) -> Any:
    """What `pack` took apart.

    Parameters
    ----------
    packed, arrays
        As `pack` returned them.
    classes
        Dataclasses that may occur; nothing else is ever made.

    Raises
    ------
    ValueError, KeyError, TypeError
        If something is missing, does not fit, or is of a class that may not occur.
    """
    return _unpacked(packed, arrays, {c.__name__: c for c in classes}, {})


def _unpacked(
    packed: Any, arrays: Mapping[str, np.ndarray], classes: Mapping[str, type], made: dict[str, np.ndarray]
) -> Any:
    def inner(part: Any) -> Any:
        return _unpacked(part, arrays, classes, made)

    if isinstance(packed, list):
        return [inner(v) for v in packed]
    if not isinstance(packed, dict):
        return packed
    kind = packed["is"]
    if kind == "array":
        name = packed["name"]
        if name not in made:
            made[name] = arrays[name].transpose(np.argsort(packed["axes"]).tolist())
        return made[name]
    if kind == "scalar":
        return inner(packed["array"])[()]
    if kind == "csr":
        data, indices, indptr = (inner(p) for p in packed["parts"])
        matrix = sparse.csr_array((data, indices, indptr), shape=tuple(packed["shape"]))
        matrix.check_format(full_check=True)
        return matrix
    if kind == "dict":
        return {inner(k): inner(v) for k, v in packed["items"]}
    if kind == "tuple":
        return tuple(inner(v) for v in packed["items"])
    if kind == "object":
        return classes[packed["of"]](**{name: inner(v) for name, v in packed["fields"].items()})
    raise ValueError(f"unknown part {kind!r}")

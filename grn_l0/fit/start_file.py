"""A posterior start as a file, so that a run that was stopped need not compute it again. No pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from grn_l0._atomic import atomic_path
from grn_l0._errors import FileFormatError
from grn_l0._journal import checksum_of
from grn_l0._typing import Bool, Int, PathLikeStr, ndarray
from grn_l0.posterior.projection import Projection
from grn_l0.posterior.start import Covariance, Inputs, Start
from grn_l0.timeseries import TimeSeries

FORMAT = "grn_l0 start"
VERSION = 4
_INPUTS = ("effect", "width", "level")


def canonical(start: Start) -> Start:
    """The same start with every array in one memory layout, that in which it comes back from a file.

    The order in which numbers are summed follows the layout: without this a run that continues from a file would
    differ in the last bits from one that did not stop.
    """
    arrays = {f.name: getattr(start, f.name) for f in fields(Start)}
    plain: dict[str, Any] = {name: np.ascontiguousarray(a) for name, a in arrays.items() if isinstance(a, np.ndarray)}
    parts = tuple(
        Covariance(series=np.ascontiguousarray(c.series), whitener=np.ascontiguousarray(c.whitener))
        for c in start.covariances
    )
    projection = start.projection
    if projection is not None:
        vectors: dict[str, Any] = {n: np.ascontiguousarray(a) for n, a in projection.arrays().items()}
        projection = replace(projection, **vectors)
    inputs = start.inputs
    if inputs is not None:
        tables: dict[str, Any] = {n: np.ascontiguousarray(getattr(inputs, n)) for n in _INPUTS}
        inputs = replace(inputs, **tables)
    return replace(start, **plain, covariances=parts, projection=projection, inputs=inputs)


def data_checksum(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    listed: Bool[ndarray, "regulators genes"] | None = None,
) -> str:
    """SHA-256 of everything that a start is computed from: names, data, conditions, regulators, prior edges."""
    digest = hashlib.sha256()
    for names in (series.genes, series.trajectories, series.stimulus_names):
        digest.update(json.dumps(names).encode())
    arrays = (*series.arrays(), regulators, listed)
    for array in arrays:
        if array is None:
            digest.update(b"none")
            continue
        plain = np.ascontiguousarray(array)
        digest.update(f"{plain.dtype.str}{plain.shape}".encode())
        # NaN has many bit patterns, of which only one means the same thing everywhere.
        digest.update((np.where(np.isnan(plain), np.nan, plain) if plain.dtype.kind == "f" else plain).tobytes())
    return digest.hexdigest()


def save_start(path: PathLikeStr, start: Start, about: dict[str, Any]) -> None:
    """Write `start` to one file: tensors in safetensors, `about` and all else as JSON in its header.

    Parameters
    ----------
    path
        The file; whole or not there.
    start
        What the posterior found.
    about
        What it was computed from: anything that JSON holds.

    Raises
    ------
    OutputError
        If the folder does not exist or cannot be written to.
    """
    from safetensors.numpy import save_file

    tensors: dict[str, ndarray] = {}
    values: dict[str, Any] = {}
    for f in fields(Start):
        value = getattr(start, f.name)
        if isinstance(value, np.ndarray):
            tensors[f.name] = np.ascontiguousarray(value)
        elif f.name not in ("covariances", "projection", "inputs") and value is not None:
            values[f.name] = value
    for k, part in enumerate(start.covariances):
        tensors[f"covariances/{k}/series"] = np.ascontiguousarray(part.series)
        tensors[f"covariances/{k}/whitener"] = np.ascontiguousarray(part.whitener)
    if start.projection is not None:
        arrays = start.projection.arrays().items()
        tensors |= {f"projection/{name}": np.ascontiguousarray(value) for name, value in arrays}
        values["rest"] = start.projection.rest
    if start.inputs is not None:
        tensors |= {f"inputs/{name}": np.ascontiguousarray(getattr(start.inputs, name)) for name in _INPUTS}
        values["stimuli"] = start.inputs.names
    text = json.dumps({"about": about, "values": values, "covariances": len(start.covariances)})
    metadata = {"format": FORMAT, "version": str(VERSION), "header": text, "checksum": checksum_of(text, tensors)}
    with atomic_path(path) as temporary:
        save_file(tensors, str(temporary), metadata)


def read_about(path: PathLikeStr) -> dict[str, Any]:
    """What a file of `save_start` was computed from, without reading its tensors.

    Raises
    ------
    FileFormatError
        If it is something else, damaged, or of another version of the format.
    """
    return dict(_header(Path(path), _metadata(Path(path)))["about"])


def load_start(path: PathLikeStr) -> Start:
    """Read what `save_start` wrote, to the last bit.

    Raises
    ------
    FileFormatError
        As `read_about`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    metadata = _metadata(Path(path))
    header = _header(Path(path), metadata)
    try:
        tensors: dict[str, Any] = load_file(str(path))
        if checksum_of(metadata["header"], tensors) != metadata["checksum"]:
            raise ValueError("its checksum is another")
        parts = tuple(
            Covariance(series=tensors.pop(f"covariances/{k}/series"), whitener=tensors.pop(f"covariances/{k}/whitener"))
            for k in range(header["covariances"])
        )
        loaded, acting = _taken(tensors, "projection/"), _taken(tensors, "inputs/")
        values = dict(header["values"])
        projection = Projection(**loaded, rest=values.pop("rest")) if loaded else None
        inputs = Inputs(**acting, names=tuple(values.pop("stimuli"))) if acting else None
        return Start(**tensors, **values, covariances=parts, projection=projection, inputs=inputs)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"{str(path)!r} is a damaged checkpoint ({error!r})") from error


def _taken(tensors: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Take out what has a name of this kind."""
    return {name.removeprefix(prefix): tensors.pop(name) for name in list(tensors) if name.startswith(prefix)}


def _metadata(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            metadata: dict[str, str] = dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise FileFormatError(f"{str(path)!r} is not a checkpoint written by grn_l0 ({error})") from error
    if metadata.get("format") != FORMAT or metadata.get("version") != str(VERSION):
        raise FileFormatError(f"{str(path)!r} is not a checkpoint written by this version of grn_l0")
    return metadata


def _header(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(metadata["header"])
        return {name: header[name] for name in ("about", "values", "covariances")}
    except (KeyError, ValueError) as error:
        raise FileFormatError(f"{str(path)!r} is a damaged checkpoint ({error!r})") from error

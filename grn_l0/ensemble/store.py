"""Sums over resamples as a file, so that a run that was stopped goes on: safetensors and JSON, no pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grn_l0._atomic import atomic_path
from grn_l0._errors import warn
from grn_l0._journal import checksum_of
from grn_l0.ensemble.tally import Tally

FORMAT = "grn_l0 resamples"
VERSION = 2


def save_tally(path: Path, tally: Tally, about: Mapping[str, Any]) -> None:
    """Write `tally` and what it was computed from (anything that JSON holds) to one file, whole or not at all.

    Raises
    ------
    OutputError
        If the folder does not exist or cannot be written to.
    """
    from safetensors.numpy import save_file

    header = {"about": about, "regulators": tally.regulators, "targets": tally.targets, "done": tally.done}
    text, arrays = json.dumps(header), {name: np.ascontiguousarray(a) for name, a in tally.arrays().items()}
    metadata = {"format": FORMAT, "version": str(VERSION), "header": text, "checksum": checksum_of(text, arrays)}
    with atomic_path(path) as temporary:
        save_file(arrays, str(temporary), metadata)


def take_tally(path: Path, about: Mapping[str, Any], most: int) -> Tally | None:
    """The sums in this file, if they are of the same things and of at most so many resamples; None otherwise.

    Warns
    -----
    GrnWarning
        If there is a file that is of no use; it will be written over.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(str(path), framework="np") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT or metadata.get("version") != str(VERSION):
                raise ValueError("it is not a file of resamples of this version of grn_l0")
            header = json.loads(metadata["header"])
            # As JSON gives it back: lists for tuples.
            if header["about"] != json.loads(json.dumps(about)):
                raise ValueError("it belongs to other data, options, seed or version")
            if header["done"] > most:
                raise ValueError(f"it holds {header['done']} resamples, more than the {most} asked for")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if checksum_of(metadata["header"], arrays) != metadata["checksum"]:
            raise ValueError("it is damaged: its checksum is another")
        return Tally(
            regulators=tuple(header["regulators"]), targets=tuple(header["targets"]), done=int(header["done"]), **arrays
        )
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        warn(f"the resamples in {os.fspath(path)!r} are not used, and will be written over: {error}")
        return None

"""Fitted models as files: tensors in safetensors, everything else as JSON in its header. No pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from grn_l0._atomic import atomic_path
from grn_l0._errors import FileFormatError
from grn_l0._typing import PathLikeStr
from grn_l0.dynamics import FAMILIES, Linear
from grn_l0.fit.deviation import Deviation
from grn_l0.fit.drive import Stimuli
from grn_l0.fit.result import FitResult
from grn_l0.fit.state import Knowledge
from grn_l0.network import Network
from grn_l0.posterior.projection import Projection
from grn_l0.solve import SOLVERS

FORMAT = "grn_l0 model"
VERSION = 5
_VECTORS = ("noise", "mean", "spread", "drift", "initial")
_MATRICES = ("scores", "weights", "effects", "candidates", "frequencies")


def save_model(path: PathLikeStr, result: FitResult) -> None:
    """Write `result` (without its start) to one file; a forecast from it is the same to the last bit.

    Raises
    ------
    OutputError
        If the folder does not exist.
    """
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {f"state/{k}": v for k, v in result.model.state_dict().items()}
    arguments: dict[str, Any] = {}
    for name, value in result.model.arguments().items():
        if isinstance(value, Tensor):
            tensors[f"argument/{name}"] = value
        else:
            arguments[name] = value
    for name in _VECTORS:
        tensors[f"result/{name}"] = torch.from_numpy(np.array(getattr(result.knowledge, name), dtype=np.float64))
    beyond = _beyond(result, tensors)
    for name in _MATRICES:
        matrix = getattr(result.network, name)
        if matrix is not None:  # without resamples, and in files before version 5, there are no frequencies
            tensors[f"network/{name}"] = torch.from_numpy(np.array(matrix))
    header = {
        "genes": result.genes,
        "regulators": result.regulators,
        "family": result.model.kind,
        "arguments": arguments,
        "solver": type(result.solver).__name__,
        "solver_settings": asdict(result.solver),  # type: ignore[call-overload]
        "status": result.status,
        "seed": result.seed,
        "options": result.options,
        "history": result.history.to_dict(orient="list"),
        **beyond,
    }
    metadata = {"format": FORMAT, "version": str(VERSION), "header": json.dumps(header)}
    with atomic_path(path) as temporary:
        # From the CPU: a file says nothing of the machine that it was written on.
        save_file({k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}, str(temporary), metadata)


def _beyond(result: FitResult, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """What newer fits know: tensors are added, the rest is for the header."""
    header: dict[str, Any] = {}
    projection, deviation, expected = result.knowledge.projection, result.knowledge.deviation, result.expected
    if projection is not None:
        header["projection"] = {"rest": projection.rest}
        for name, value in projection.arrays().items():
            tensors[f"projection/{name}"] = torch.from_numpy(np.array(value, dtype=np.float64))
    if deviation is not None:
        header["deviation"] = asdict(deviation)
        header["filters"] = result.knowledge.filters
    if expected is not None:
        header["expected"] = True
        arguments = {k: v for k, v in expected.arguments().items() if isinstance(v, Tensor)}
        tensors |= {f"expected/{name}": value for name, value in arguments.items()}
    if result.stimuli is not None:
        header["stimuli"] = result.stimuli.names
        for name in ("effect", "expected"):
            tensors[f"stimuli/{name}"] = torch.from_numpy(np.array(getattr(result.stimuli, name), dtype=np.float64))
    return header


def load_model(path: PathLikeStr) -> FitResult:
    """Read what `save_model` wrote.

    Raises
    ------
    FileFormatError
        If the file is not there, is something else, is damaged, or was written by a newer version.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileFormatError(f"there is no model file {str(path)!r}")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise FileFormatError(f"{str(path)!r} is not a model written by grn_l0 ({error})") from error
    if metadata.get("format") != FORMAT:
        raise FileFormatError(f"{str(path)!r} is a safetensors file, but not a model written by grn_l0")
    version = metadata.get("version", "")
    if not version.isdigit() or int(version) > VERSION:
        raise FileFormatError(
            f"{str(path)!r} has format version {version or 'unknown'}, and this grn_l0 reads up to {VERSION}; "
            "update grn_l0"
        )
    try:
        return _assemble(json.loads(metadata["header"]), tensors)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise FileFormatError(f"{str(path)!r} is a damaged model file ({error!r})") from error


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _assemble(header: dict[str, Any], tensors: dict[str, Tensor]) -> FitResult:
    arguments: dict[str, Any] = {**_part(tensors, "argument/"), **header["arguments"]}
    model = FAMILIES[header["family"]](**arguments)
    model.load_state_dict(_part(tensors, "state/"))
    genes, regulators = tuple(header["genes"]), tuple(header["regulators"])
    matrices: dict[str, Any] = {name: value.numpy() for name, value in _part(tensors, "network/").items()}
    vectors: dict[str, Any] = {name: value.numpy() for name, value in _part(tensors, "result/").items()}
    projection: dict[str, Any] = {name: value.numpy() for name, value in _part(tensors, "projection/").items()}
    expected: dict[str, Any] = _part(tensors, "expected/")
    effects: dict[str, Any] = {name: value.numpy() for name, value in _part(tensors, "stimuli/").items()}
    vectors.setdefault("initial", vectors["mean"])  # files of version 1
    knowledge = Knowledge(
        **vectors,
        projection=Projection(**projection, **header["projection"]) if projection else None,
        deviation=Deviation(**header["deviation"]) if "deviation" in header else None,
        filters=header.get("filters", False),
    )
    return FitResult(
        network=Network(regulators=regulators, targets=genes, **matrices),
        model=model,
        solver=SOLVERS[header["solver"]](**header["solver_settings"]),
        genes=genes,
        regulators=regulators,
        start=None,
        history=pd.DataFrame(header["history"]),
        status=header["status"],
        seed=header["seed"],
        options=header["options"],
        knowledge=knowledge,
        expected=Linear(**expected) if expected else None,
        stimuli=Stimuli(names=tuple(header["stimuli"]), **effects) if effects else None,
    )

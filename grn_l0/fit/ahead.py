"""The solver's kernels compiled in a process beside the first run, which needs them when its posterior is done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

#: What the other process runs.
_CODE = "from grn_l0.fit.ahead import compile_kernels; compile_kernels()"


def compile_ahead(cores: int) -> subprocess.Popen[bytes] | None:
    """Start that process where nothing is compiled yet, and there is a core for it; it ends by itself.

    Compiling takes 15 s, of which a run of a small system would spend two thirds waiting for the solver.
    """
    if cores < 2 or is_compiled():
        return None
    quiet = subprocess.DEVNULL
    own = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", _CODE], stdin=quiet, stdout=quiet, stderr=quiet, env=own)


def is_compiled() -> bool:
    """Whether there is machine code of the solver on disk, of its source as it is."""
    from grn_l0.solve import kernels

    folder, source = Path(kernels.adjoint.stats.cache_path), Path(kernels.__file__)  # type: ignore[attr-defined]
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in folder.glob("kernels.adjoint-*.nbi"))


def compile_kernels() -> None:
    """Use every kernel of the training once, on arrays of the types that it has there."""
    import torch

    from grn_l0.dynamics import Linear
    from grn_l0.fit.whiten import whiten
    from grn_l0.solve import ExponentialHeun

    one = torch.ones(2)
    model = Linear(
        regulators=torch.arange(2), edges=torch.tensor([[1, 0], [0, 1]]), weight=one, rate=one, center=one, offset=one,
        floor=0.0,
    )  # fmt: skip
    start = torch.ones(1, 2, requires_grad=True)
    states = ExponentialHeun(step=1.0).solve(model, start, torch.tensor([[0.0, 1.0]]), one)
    states.sum().backward()  # type: ignore[no-untyped-call]
    cube = np.ones((2, 2, 1), np.float32)
    nothing = np.empty(0, np.float32), np.empty((0, 0, 0), np.float32)
    whiten(cube, cube, cube, np.ones((2, 2, 2), np.float32), np.zeros(1, np.int64), np.zeros(2, np.float32), *nothing)

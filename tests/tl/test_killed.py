"""A run that is killed (SIGKILL), at any moment and again and again, ends with the same network, bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_a_killed_run_ends_with_the_same_bits(tmp_path: Path) -> None:
    program = [sys.executable, Path(__file__).with_name("runs_killed.py"), tmp_path, "2"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "done" and len(lines) >= 4
    assert {line.split()[2] for line in lines[:-1]} >= {"step", "write"}
    whole, resumed = (np.load(tmp_path / f"{name}.npz") for name in ("whole", "resumed"))
    assert set(whole.files) == set(resumed.files)
    for name in whole.files:
        assert whole[name].tobytes() == resumed[name].tobytes(), name
    # What a killed write has left is gone, and so are the rounds, as there is a start.
    left = {path.name for path in (tmp_path / "kept").iterdir()}
    assert "start.safetensors" in left
    assert all(name.startswith(("start", "state-training")) for name in left)

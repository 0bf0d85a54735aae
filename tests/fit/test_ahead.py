"""Compiling ahead: it makes exactly what a training asks for, and only where nothing is there yet."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grn_l0.fit import ahead
from grn_l0.solve import kernels

USED = """
from grn_l0.fit.ahead import compile_kernels, is_compiled
from grn_l0.fit.whiten import whiten
from grn_l0.solve.kernels import adjoint, solve

compile_kernels()
one = [len(kernel.signatures) for kernel in (solve, adjoint, whiten)]
from grn_l0 import datasets, tl
from grn_l0.fit import FitConfig
from grn_l0.posterior import PosteriorConfig

adata = datasets.simulated(20, 40, 0.05, seed=1)
chain = PosteriorConfig(rounds=(6, 6), averaged=1, chains=1)
config = FitConfig(steps=2, refit_steps=2, families="linear")
tl.infer(adata, trajectory_key="trajectory", posterior=chain, config=config)
print(one, [len(kernel.signatures) for kernel in (solve, adjoint, whiten)], is_compiled())
"""


def test_a_training_needs_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", USED], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[1, 1, 1] [1, 1, 1] True", done.stderr


def test_a_process_is_started_once_and_where_there_is_a_core_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda words, **options: started.append(words))
    ahead.compile_kernels()
    assert ahead.is_compiled()
    ahead.compile_ahead(2)
    assert not started
    source = tmp_path / "kernels.py"
    source.touch()
    os.utime(source, (2e9, 2e9))
    monkeypatch.setattr(kernels, "__file__", str(source))
    assert not ahead.is_compiled(), "what was compiled of an older source does not count"
    ahead.compile_ahead(1)
    assert not started
    ahead.compile_ahead(2)
    assert len(started) == 1 and "compile_kernels" in started[0][-1]

"""The command line in this process: exit status, stdout and stderr of one command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from grn_l0 import datasets
from grn_l0.cli import options
from grn_l0.cli.run import run


@dataclass
class Done:
    status: int
    out: str
    err: str


@pytest.fixture
def grn(capsys, monkeypatch) -> Callable[..., Done]:
    # The number of threads belongs to a process of its own; the tests share one.
    monkeypatch.setattr(options, "use_threads", lambda threads: None)

    def call(*words: object) -> Done:
        capsys.readouterr()
        status = run([str(w) for w in words])
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    return call


@pytest.fixture(scope="package")
def simulated():
    return datasets.simulated(genes=8, trajectories=12, seed=2)


@pytest.fixture
def h5ad(simulated, tmp_path):
    simulated.write_h5ad(tmp_path / "data.h5ad")
    return tmp_path / "data.h5ad"


@pytest.fixture(scope="package")
def fitted(simulated, tmp_path_factory):
    """A folder with everything that `infer` writes."""
    folder = tmp_path_factory.mktemp("fitted")
    simulated.write_h5ad(folder / "data.h5ad")
    words = ["infer", "data.h5ad", "--trajectory-key", "trajectory", "--start", "none", "--out", "network.graphml",
             "--scores", "scores.parquet", "--model", "model.safetensors", "--annotate", "annotated.h5ad", "--quiet",
             "--threads", "1"]  # fmt: skip
    assert run([w if "." not in w else str(folder / w) for w in words]) == 0
    return folder

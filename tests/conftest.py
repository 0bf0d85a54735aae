"""What tests share: one small fit, where the published data are, and that no test is skipped that could be run."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from anndata import AnnData

from grn_l0 import GrnWarning, _journal, datasets, tl
from grn_l0.tl.inference import Inference

MIRROR = "GRN_L0_DATA"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"data: needs the published files in the folder that {MIRROR} names")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the folder of data."""
    for item in items:
        if "data_dir" in getattr(item, "fixturenames", ()):
            item.add_marker("data")


@pytest.fixture(scope="session", autouse=True)
def one_run() -> Generator[None, None, None]:
    """Small systems are run once, and not several times as users do: posterior/test_chains.py tests that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grn_l0.posterior.joint._CHAINS", ())
        yield


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave the tests that need data, or a GPU, out where there are none."""
    if _lacks_gpu(item):
        pytest.skip(f"needs a GPU, and torch {torch.__version__} sees none")
    if item.get_closest_marker("data") and not os.environ.get(MIRROR):
        pytest.skip(f"{MIRROR} is not set")


def _lacks_gpu(item: pytest.Item) -> bool:
    return item.get_closest_marker("gpu") is not None and not torch.cuda.is_available()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With data, a skipped test that needs them is a failure: it would hide that something was not tested.

    With a GPU, so is one that needs it. Without, its skip stays one, whatever data there are.
    """
    report = yield
    there = [f"{MIRROR} is set"] if item.get_closest_marker("data") and os.environ.get(MIRROR) else []
    there += ["there is a GPU"] if item.get_closest_marker("gpu") and torch.cuda.is_available() else []
    if there and not _lacks_gpu(item) and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although {' and '.join(there)}: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of published files; a file missing in it makes the test that opens it fail."""
    folder = os.environ.get(MIRROR)
    if not folder:
        pytest.skip(f"{MIRROR} is not set")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"{MIRROR}={folder} is not a folder")
    return path


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Small tensors on several threads are slow where other work shares the cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals write every state that they are given; in use they wait ten seconds between two."""
    monkeypatch.setattr(_journal, "EVERY", 0.0)
    monkeypatch.setattr(_journal, "PATIENCE", 0.0)


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def adata() -> AnnData:
    """Ten genes and twenty trajectories; not to be changed."""
    return datasets.simulated(genes=10, trajectories=20, seed=1)


@pytest.fixture(scope="session")
def inference(adata: AnnData) -> Inference:
    """A fit to them, as short as it can be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GrnWarning)
        return tl.infer(adata, trajectory_key="trajectory", start="none", seed=3)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No mirror, an empty cache and no network; gives the cache folder."""
    import pooch

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("no network in this test")

    monkeypatch.delenv(MIRROR, raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr(pooch, "retrieve", refuse)
    return tmp_path

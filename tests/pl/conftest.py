"""One small fit, shared."""

from __future__ import annotations

import warnings

import pytest

from grn_l0 import GrnWarning, datasets, tl


@pytest.fixture(scope="package")
def adata():
    return datasets.simulated(genes=10, trajectories=20, seed=1)


@pytest.fixture(scope="package")
def inference(adata):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GrnWarning)
        return tl.infer(adata, trajectory_key="trajectory", start="none", seed=3)

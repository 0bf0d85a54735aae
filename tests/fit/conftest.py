"""A fit that guesses states; and `fit_systems` importable: pytest's importlib mode leaves a test's folder out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grn_l0.fit import FitConfig, FitResult, fit
from grn_l0.posterior.projection import Projection

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="package")
def projection() -> Projection:
    """Four directions of ten genes."""
    n = 10
    loadings = np.linalg.qr(np.random.default_rng(0).normal(size=(n, 4)))[0]
    return Projection(mean=np.full(n, 0.5), scale=np.full(n, 0.2), loadings=loadings, power=np.full(4, 20.0), rest=1.0)


@pytest.fixture(scope="package")
def projected(projection: Projection) -> FitResult:
    """A short fit to `known(8)` whose start has the projection."""
    from fit_systems import N, known

    k = known(8)
    config = FitConfig(steps=2, refit_steps=2, families="linear")
    return fit(k.series, replace(k.start, projection=projection), regulators=np.arange(N), config=config)

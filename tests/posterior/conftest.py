"""Makes `posterior_systems` importable: pytest's importlib mode leaves the folder of a test out of the path."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True, scope="package")
def one_thread_of_blas() -> Iterator[None]:
    """Small matrices on several threads are slow where other work shares the cores."""
    with threadpool_limits(1):
        yield

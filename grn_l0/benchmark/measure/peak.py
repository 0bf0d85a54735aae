"""What this machine can do at best: matrix products, and copies in memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

#: Rows and columns of the matrices that are multiplied; bytes that are copied, far more than any cache holds.
_SIZE, _BYTES = 2000, 2**28
_REPEATS = 7


def machine_peak(threads: int) -> dict[str, float]:
    """Best of several runs of each; called in a process of its own.

    Returns
    -------
    ``float64_gflops`` and ``float32_gflops`` of a product of two 2000 × 2000 matrices (2 · 2000³ operations);
    ``copy_gbytes`` per second, read and written bytes together, of a copy of 256 MiB by one thread.
    """
    rng = np.random.default_rng(0)
    found = {}
    with threadpool_limits(threads):
        for dtype in (np.float64, np.float32):
            a, b = (rng.random((_SIZE, _SIZE)).astype(dtype) for _ in range(2))
            out = np.empty_like(a)
            spent = _best(lambda a=a, b=b, out=out: np.matmul(a, b, out=out))  # type: ignore[misc]
            found[f"{np.dtype(dtype).name}_gflops"] = 2e-9 * _SIZE**3 / spent
    source = np.ones(_BYTES // 8)
    target = np.empty_like(source)
    found["copy_gbytes"] = 2e-9 * _BYTES / _best(lambda: np.copyto(target, source))
    return found


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)

"""Memory that is kept from one call of a kernel to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from threading import Lock
from typing import Any

import numpy as np

from grn_l0._typing import Array

#: So many bytes are kept for later calls, of all threads together.
_KEPT = 2**27


class Room:
    """Arrays without content, for as long as they are needed.

    What a process gives back to its system and asks for again comes page by page, which takes longer than the kernels
    do, the more so on several threads.
    """

    def __init__(self) -> None:
        self._free: list[Array] = []
        self._lock = Lock()

    @contextmanager
    def arrays(self, *shapes: tuple[int, ...], dtype: np.dtype[Any]) -> Iterator[list[Array]]:
        """One array per shape, of this type."""
        sizes = [prod(shape) for shape in shapes]
        whole = self._take(sum(sizes) * dtype.itemsize)
        try:
            ends = np.cumsum([0, *sizes])
            flat = whole[: int(ends[-1]) * dtype.itemsize].view(dtype)
            yield [flat[a : a + n].reshape(shape) for a, n, shape in zip(ends, sizes, shapes, strict=False)]
        finally:
            self._give(whole)

    def _take(self, nbytes: int) -> Array:
        with self._lock:
            fits = next((k for k, some in enumerate(self._free) if some.nbytes >= nbytes), None)
            return np.empty(nbytes, np.uint8) if fits is None else self._free.pop(fits)

    def _give(self, some: Array) -> None:
        if some.nbytes > _KEPT:
            return
        with self._lock:
            self._free.append(some)
            while sum(one.nbytes for one in self._free) > _KEPT:
                self._free.pop(0)

"""How many threads compiled code, torch and linear algebra take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from grn_l0._checks import check_count

#: Values per state (series times genes) from which torch and BLAS gain by threads; below, handing out the work costs
#: more than the work (SIM350 has 52,500 and takes twice as long on two threads of each).
LARGE = 2**20


def checked_threads(threads: int | None) -> int:
    """The number that was asked for, or that of the cores that this process may use.

    Raises
    ------
    OptionError
        If it is no integer of 1 or more.
    """
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return check_count("threads", threads)


@contextmanager
def limited(threads: int, values: int = 0) -> Iterator[None]:
    """Torch and BLAS on so many threads, or on one for states of few `values`; put back afterwards.

    Idle BLAS threads spin on cores that others need, the chain's own threads among them.
    """
    import torch
    from threadpoolctl import threadpool_limits

    before, own = torch.get_num_threads(), threads if values >= LARGE else 1
    torch.set_num_threads(own)
    try:
        with threadpool_limits(own):
            yield
    finally:
        torch.set_num_threads(before)

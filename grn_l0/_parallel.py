"""Calls on several processes, or threads, of this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: Threads that wait for parts of what a thread is at.
_CREW: ContextVar[ThreadPoolExecutor | None] = ContextVar("crew", default=None)


def on_processes(
    call: Callable[..., Any], arguments: Iterable[tuple[Any, ...]], jobs: int, order: bool
) -> Iterator[Any]:
    """Results of calls on processes of joblib (loky), which are started anew when one has died.

    Results come back through files, since all workers write into one pipe: one that is killed in the middle of a long
    message would leave the reader waiting for the rest of it. The name of a file is written at once or not at all.

    Parameters
    ----------
    call
        What is done; it can be imported, or at least pickled by value.
    arguments
        Of each call.
    jobs
        Number of processes.
    order
        Whether results come in the order of their arguments, or as they are done.

    Raises
    ------
    concurrent.futures.process.BrokenProcessPool
        When a worker died; calls without a result may have been in its hands, or in those of others.
    """
    import joblib
    from joblib import Parallel, delayed, parallel_config

    with tempfile.TemporaryDirectory(prefix="grn_l0-", ignore_cleanup_errors=True) as folder:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            work = Parallel(n_jobs=jobs, batch_size=1, return_as="generator" if order else "generator_unordered")
        for path in work(delayed(kept)(Path(folder) / str(k), call, some) for k, some in enumerate(arguments)):
            yield joblib.load(path)
            path.unlink()


def kept(path: Path, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Path:
    """The file in which the result of a call is."""
    import joblib

    joblib.dump(call(*arguments), path)
    return path


def on_threads(call: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Results of a call for every item, in any order; one is begun with when a thread is free for it."""
    if threads == 1:
        yield from map(call, items)
        return
    rest = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        running = {pool.submit(call, item) for item in islice(rest, threads)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(call, item) for item in islice(rest, len(done))}
            yield from (future.result() for future in done)


@contextmanager
def crew(threads: int) -> Iterator[None]:
    """Work that is done `in_parts` inside takes so many threads, the calling one among them."""
    if threads < 2:
        yield
        return
    with ThreadPoolExecutor(threads - 1) as pool:
        before = _CREW.set(pool)
        try:
            yield
        finally:
            _CREW.reset(before)


def in_parts(call: Callable[[T], R], parts: Sequence[T]) -> list[R]:
    """Results of a call for every part, in their order; side by side inside a `crew`."""
    pool = _CREW.get()
    if pool is None or len(parts) < 2:
        return [call(part) for part in parts]
    handed = [pool.submit(call, part) for part in parts[1:]]
    try:
        found = [call(parts[0])]
        # What nobody has begun with is not waited for.
        rest = [call(part) if other.cancel() else other for part, other in zip(parts[:0:-1], handed[::-1], strict=True)]
        return found + [r.result() if isinstance(r, Future) else r for r in rest[::-1]]
    except BaseException:
        for other in handed:
            other.cancel()
        raise

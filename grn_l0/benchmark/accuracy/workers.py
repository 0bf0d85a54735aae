"""Processes that do one piece of work after another, each of which can be ended when it takes too long."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Literal

#: One thread per process: idle BLAS threads spin on cores that other processes need.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Job:
    """A call of a function that other processes can import.

    Attributes
    ----------
    function, arguments
        What is called.
    limit_s
        Seconds after which it is ended.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    limit_s: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a job: its value if `status` is "done", otherwise a reason."""

    job: Job
    status: Literal["done", "failed", "time limit"]
    value: Any = None
    reason: str = ""


def run_jobs(jobs: Iterable[Job], processes: int) -> Iterator[Outcome]:
    """Outcomes in the order in which jobs end.

    Parameters
    ----------
    jobs
        In the order in which they are begun.
    processes
        Number of processes. 0: in this one, where nothing can be ended early.
    """
    if processes < 1:
        for job in jobs:
            yield Outcome(job=job, **_attempt(job.function, job.arguments))
        return
    left = iter(jobs)
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(_Worker()) for _ in range(processes)]
        busy = [worker for worker in workers if worker.begin(next(left, None))]
        while busy:
            ready = wait([w.pipe for w in busy], timeout=max(0.0, min(w.deadline for w in busy) - time.monotonic()))
            for worker in list(busy):
                outcome = worker.outcome(worker.pipe in ready)
                if outcome is None:
                    continue
                yield outcome
                if not worker.begin(next(left, None)):
                    busy.remove(worker)


def _attempt(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, Any]:
    try:
        return {"status": "done", "value": function(*arguments)}
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
        return {"status": "failed", "reason": reason}


def _serve(pipe: Connection) -> None:
    """Life of a worker: a call comes in, what became of it goes out."""
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(EOFError):
        while True:
            pipe.send(_attempt(*pipe.recv()))


@contextlib.contextmanager
def _for_children() -> Iterator[None]:
    """What processes begun here inherit: one thread, and deafness to Ctrl-C, which this process answers for all."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    here = threading.current_thread() is threading.main_thread()  # no other one may touch signals
    answer = signal.signal(signal.SIGINT, signal.SIG_IGN) if here else None
    try:
        yield
    finally:
        if here:
            signal.signal(signal.SIGINT, answer)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Worker:
    """A process, begun anew after a job in it was ended."""

    pipe: Connection
    deadline: float
    _process: Any
    _job: Job

    def __enter__(self) -> _Worker:
        # Spawned, not forked: torch and OpenMP do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _for_children():
            self._process.start()
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()
        self.pipe.close()

    def begin(self, job: Job | None) -> bool:
        """Give the process a job; False if there is none."""
        if job is None:
            return False
        self._job, self.deadline = job, time.monotonic() + job.limit_s
        self.pipe.send((job.function, job.arguments))
        return True

    def outcome(self, ready: bool) -> Outcome | None:
        """What became of the job, None while it runs."""
        if ready:
            try:
                return Outcome(job=self._job, **self.pipe.recv())
            except EOFError:
                self._renew()
                return Outcome(job=self._job, status="failed", reason="the process ended (out of memory?)")
        if time.monotonic() < self.deadline:
            return None
        self._renew()
        return Outcome(job=self._job, status="time limit", reason=f"ended after {self._job.limit_s:.0f} s")

    def _renew(self) -> None:
        self.__exit__()
        self.__enter__()

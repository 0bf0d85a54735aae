"""What a command takes: wall-clock time, processor time, and peak resident memory of all its processes."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import grn_l0
from grn_l0._optional import import_optional
from grn_l0.benchmark.machine import maxrss
from grn_l0.benchmark.measure.limits import Limits

Status = Literal["done", "failed", "time limit", "memory limit"]
#: Seconds between two looks at the memory of the processes.
_LOOK = 0.1
#: Characters of what a failed command has said that are kept.
_LAST_WORDS = 2000
#: What bounds the threads of the libraries beneath us.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a command took.

    Attributes
    ----------
    status
        "done" (exit status 0), "failed", or the limit at which it was killed.
    wall_s
        From before the process was made until it was gone.
    cpu_s
        User and system time of the process and of all children that it waited for.
    peak_bytes
        Largest resident memory: of a single process as the kernel kept it, or, where more, of all processes together
        as seen ten times a second (pages that they share count in each).
    load
        Load average of the last minute (`os.getloadavg`) before and after.
    words
        The end of what it wrote to stdout and stderr.
    """

    status: Status
    wall_s: float
    cpu_s: float
    peak_bytes: float
    load: tuple[float, float]
    words: str = ""


def run_measured(
    command: Sequence[str], *, limits: Limits, threads: int = 1, env: Mapping[str, str] | None = None
) -> Usage:
    """Run a command to its end, or to a limit.

    Parameters
    ----------
    command
        Program and arguments. Python in it finds this grn_l0, wherever it was imported from.
    limits
        Beyond which it is killed, with all its children.
    threads
        Threads of OpenMP, BLAS and numba.
    env
        Further variables of its environment.
    """
    # Before anything starts: psutil is an extra.
    watcher = _Watcher(import_optional("psutil", extra="bench", purpose="measuring memory"), limits)
    load, began = os.getloadavg()[0], time.perf_counter()
    own = maxrss(resource.getrusage(resource.RUSAGE_SELF))
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=_environment(threads, env or {}),
            start_new_session=True,
        )  # fmt: skip
        try:
            with _terminable(), watcher.watching(process.pid, began):
                _, ended, used = os.wait4(process.pid, 0)
                wall = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(ended)
        finally:
            # Also where this process is interrupted: nothing that it began stays behind.
            _kill(process.pid)
        said.seek(max(0, said.seek(0, os.SEEK_END) - _LAST_WORDS))
        words = said.read().decode(errors="replace").strip()
    # A process inherits the peak of the one that made it (Linux keeps it across exec), so only what is above our own
    # is known to be its.
    exact = maxrss(used) if maxrss(used) > own else 0.0
    status: Status = watcher.reason or ("done" if process.returncode == 0 else "failed")
    return Usage(
        status=status,
        wall_s=wall,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_bytes=max(exact, watcher.peak),
        load=(load, os.getloadavg()[0]),
        words=words,
    )


def _environment(threads: int, more: Mapping[str, str]) -> dict[str, str]:
    root = str(Path(grn_l0.__file__).resolve().parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, **dict.fromkeys(_THREADS, str(threads)), **more}


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Being terminated raises `SystemExit` here, as Ctrl-C does `KeyboardInterrupt`: the child is then ended, too."""
    if threading.current_thread() is not threading.main_thread():  # no other one may touch signals
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _kill(session: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)


class _Watcher:
    """Looks at the processes of a session while they run, and ends them at a limit."""

    def __init__(self, psutil: Any, limits: Limits) -> None:
        self._psutil, self._limits = psutil, limits
        self._over = threading.Event()
        self.peak, self.reason = 0.0, None  # type: float, Status | None

    @contextlib.contextmanager
    def watching(self, pid: int, began: float) -> Iterator[None]:
        """Watch as long as the block lasts."""
        thread = threading.Thread(target=self._watch, args=(pid, began), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self, pid: int, began: float) -> None:
        while not self._over.wait(_LOOK if self.peak else _LOOK / 10):
            now = self._resident(pid)
            self.peak = max(self.peak, now)
            late, large = time.perf_counter() - began > self._limits.seconds, now > self._limits.bytes
            if (late or large) and not self._over.is_set():
                self.reason = "time limit" if late else "memory limit"
                _kill(pid)
                return

    def _resident(self, pid: int) -> float:
        """Resident memory of the process and its descendants, in bytes."""
        total = 0.0
        with contextlib.suppress(self._psutil.Error):
            process = self._psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(self._psutil.Error):
                    total += one.memory_info().rss
        return total

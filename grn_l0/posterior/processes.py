"""Blocks of targets on several processes of this machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import final

from grn_l0._parallel import on_processes
from grn_l0.posterior.grams import Grams
from grn_l0.posterior.sample import Sampled
from grn_l0.posterior.workers import LostWorkerError, RemoteStatistics, SharedStatistics, TargetBlock, Workers

#: In a worker: the statistics that it has read last, and from where.
_read: list[tuple[Path, Grams]] = []


@final
class Processes(Workers):
    """Processes of joblib (loky), which are started anew when one dies.

    Parameters
    ----------
    jobs
        Number of processes.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def share(self, grams: Grams) -> SharedStatistics:
        """Through a file, which every process reads once."""
        return _InFile(grams, self.jobs)


@final
class _InFile(RemoteStatistics):
    """Statistics in a file."""

    def __init__(self, grams: Grams, jobs: int) -> None:
        import joblib

        super().__init__(grams)
        self.jobs, self.folder = jobs, Path(tempfile.mkdtemp(prefix="grn_l0-"))
        joblib.dump(grams, self.folder / "grams")

    def run(self, todo: list[TargetBlock]) -> Iterator[tuple[int, list[Sampled]]]:
        """As they are done."""
        try:
            yield from on_processes(_run, ((self.folder / "grams", block) for block in todo), self.jobs, order=False)
        except BrokenProcessPool as error:
            raise LostWorkerError from error

    def close(self) -> None:
        """Remove the file."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _run(path: Path, block: TargetBlock) -> tuple[int, list[Sampled]]:
    import joblib

    if not _read or _read[0][0] != path:
        _read[:] = [(path, joblib.load(path))]
    return block.run(_read[0][1])

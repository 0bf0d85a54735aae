"""Where blocks of targets are worked on: in this process, on several, or on a Dask cluster. The result is the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from types import TracebackType
from typing import Self, final

import numpy as np

from grn_l0._errors import WorkerError
from grn_l0._parallel import on_threads
from grn_l0._typing import Int, ndarray
from grn_l0.posterior.grams import Gram, Grams
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.odds import Odds
from grn_l0.posterior.sample import Sampled, Task, sample

#: Up to so many regulators threads work on a block each; beyond, where a block takes long and much memory, on one.
BESIDE = 1000

#: Gram matrices are kept between burn-in and what follows while they take so many bytes at most: in all, or per edge.
_HELD, _HELD_PER_EDGE = 2**26, 8

#: Blocks are given to workers once more after so many deaths in a row, none of them done in between.
_ATTEMPTS = 3


class SharedStatistics(ABC):
    """The statistics of all targets where the workers find them, for as long as a round lasts."""

    @abstractmethod
    def sample(self, task: Task, odds: Odds, choice: Choice) -> Iterator[Sampled]:
        """The same sweeps of all targets; blocks come back in any order."""

    def close(self) -> None:  # noqa: B027  # most have nothing to free
        """Free what they take where the workers are."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Workers(ABC):
    """Where blocks of targets are worked on."""

    @abstractmethod
    def share(self, grams: Grams) -> SharedStatistics:
        """Make statistics known to the workers."""


@final
class InProcess(Workers):
    """On the threads of this process."""

    def share(self, grams: Grams) -> SharedStatistics:
        """Nothing is sent anywhere."""
        return LocalStatistics(grams)


@final
class LocalStatistics(SharedStatistics):
    """Statistics that are made once, as far as memory holds them, and again where it does not."""

    def __init__(self, grams: Grams) -> None:
        self.grams, self.groups, self.taken = grams, grams.groups(), 0
        self.made: dict[int, list[Gram]] = {}
        self.matrices: set[int] = set()
        self.lock = Lock()

    def sample(self, task: Task, odds: Odds, choice: Choice) -> Iterator[Sampled]:
        """One block after the other, or as many as there are threads."""
        from threadpoolctl import threadpool_limits

        most = max(_HELD, _HELD_PER_EDGE * odds.allowed.size)
        beside = task.threads > 1 and odds.allowed.shape[1] <= BESIDE
        each = replace(task, threads=1) if beside else task

        def run(k: int) -> list[Sampled]:
            return [sample(each, gram, odds.of(gram.genes), choice) for gram in self._group(k, most)]

        # Sums of BLAS depend on its threads, of which workers have one.
        with threadpool_limits(1):
            for done in on_threads(run, range(len(self.groups)), task.threads if beside else 1):
                yield from done

    def _group(self, k: int, most: int) -> Iterator[Gram]:
        """Of one group; matrices of at most so many bytes are kept."""
        if k in self.made:
            yield from self.made[k]
            return
        some = []
        for gram in self.grams.of(self.groups[k]):
            with self.lock:
                # Blocks of one kind share their matrix.
                shared = id(gram.gram) in self.matrices
                self.taken += gram.nbytes - (gram.gram.nbytes if shared else 0)
                if self.taken <= most:
                    self.matrices.add(id(gram.gram))
                    some.append(gram)
            yield gram
        with self.lock:
            if self.taken <= most:
                self.made[k] = some


@dataclass(frozen=True, eq=False)
class TargetBlock:
    """What a worker needs beside the statistics; `odds` are of these targets only."""

    number: int
    genes: Int[ndarray, " targets"]
    task: Task
    odds: Odds
    choice: Choice

    def run(self, grams: Grams) -> tuple[int, list[Sampled]]:
        """The sweeps of these targets, with linear algebra on one thread."""
        _one_thread()
        out = []
        for gram in grams.of(self.genes):
            out.append(sample(self.task, gram, self.odds.of(np.searchsorted(self.genes, gram.genes)), self.choice))
        return self.number, out


@cache
def _one_thread() -> None:
    from threadpoolctl import threadpool_limits

    # Not put back: a worker may run several blocks side by side, which would put it back for each other.
    threadpool_limits(1)


class RemoteStatistics(SharedStatistics):
    """Statistics that are elsewhere. What a worker had in hand when it died is given to another."""

    def __init__(self, grams: Grams) -> None:
        self.groups = grams.groups()

    def sample(self, task: Task, odds: Odds, choice: Choice) -> Iterator[Sampled]:
        """Of all targets, in the order in which they are done."""
        left, failed = dict(enumerate(self.groups)), 0
        # Workers are as many as there are cores, or should be.
        one = replace(task, threads=1)
        while left:
            todo = [TargetBlock(k, genes, one, odds.of(genes), choice) for k, genes in left.items()]
            try:
                for number, done in self.run(todo):
                    del left[number]
                    failed = 0
                    yield from done
            except LostWorkerError as error:
                failed += 1
                if failed == _ATTEMPTS:
                    raise WorkerError(
                        f"workers died {failed} times in a row, with {len(left)} of {len(self.groups)} blocks of "
                        f"targets to do ({error.__cause__}); most often memory is short: take fewer of them"
                    ) from error

    @abstractmethod
    def run(self, todo: list[TargetBlock]) -> Iterable[tuple[int, list[Sampled]]]:
        """Number and result of each block, in any order.

        Raises
        ------
        LostWorkerError
            When a worker died; what is not yielded is to be done again.
        """


class LostWorkerError(Exception):
    """A worker died, for the reason that caused this."""

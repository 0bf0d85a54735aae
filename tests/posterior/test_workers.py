"""The same network, bit for bit, on processes and on a Dask cluster, also when workers are killed."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from grn_l0 import _journal, datasets, pp
from grn_l0._errors import OptionError, WorkerError
from grn_l0._journal import Journal
from grn_l0._optional import MissingDependencyError
from grn_l0._typing import Progress
from grn_l0.posterior import Cluster, PosteriorConfig, Start, Workers, by_transitions, grams, infer_start, open_workers
from grn_l0.posterior.collect import Collected
from grn_l0.posterior.grams import Grams
from grn_l0.posterior.resume import CLASSES
from grn_l0.posterior.sample import Sampled
from grn_l0.posterior.workers import InProcess, LostWorkerError, RemoteStatistics, SharedStatistics, TargetBlock
from grn_l0.timeseries import TimeSeries

CONFIG = PosteriorConfig(
    rounds=(6, 6, 9), averaged=1, more=0, second_look=0, zoom=1, search=False, false_share=None, blocks=False
)


@pytest.fixture(scope="module")
def series() -> TimeSeries:
    return pp.to_timeseries(datasets.simulated(genes=60, trajectories=40), trajectory_key="trajectory")


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """Blocks so small that the 60 targets of a test are many of them, and those of one kind several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grams, "_BLOCK", 3)
        yield


def start(
    series: TimeSeries,
    workers: Workers | None = None,
    journal: Journal | None = None,
    progress: Progress | None = None,
) -> Start:
    return infer_start(
        series,
        np.arange(series.n_genes),
        config=CONFIG,
        seed=3,
        workers=workers,
        journal=journal,
        progress=progress,
    )


@pytest.fixture(scope="module")
def alone(series: TimeSeries) -> Start:
    found = start(series)
    assert (found.inclusion > 0.5).sum() > 20
    return found


def assert_same(one: Start, other: Start) -> None:
    for field in fields(Start):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.tobytes() == b.tobytes(), field.name
    for p, q in zip(one.covariances, other.covariances, strict=True):
        assert p.whitener.tobytes() == q.whitener.tobytes()


def once_after(patch: pytest.MonkeyPatch, blocks: int, kill: Callable[[], None]) -> list[int]:
    """Kill something when so many blocks are done; their genes, in the order in which they came."""
    keep, done = Collected.keep, []

    def counted(self: Collected, sampled: Sampled) -> None:
        keep(self, sampled)
        done.append(len(sampled.genes))
        if len(done) == blocks:
            kill()

    patch.setattr(Collected, "keep", counted)
    return done


@pytest.mark.slow
def test_processes(series: TimeSeries, alone: Start) -> None:
    with open_workers(jobs=2) as workers:
        assert_same(alone, start(series, workers))


def test_threads_of_linear_algebra_change_no_gram_matrix(series: TimeSeries) -> None:
    """Sums of BLAS depend on its threads: in this process they are as many as on a worker."""
    seen: list[int] = []
    original = grams.SmoothedGrams._of_kind

    def spied(self: grams.SmoothedGrams, kind: int) -> Any:
        seen.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return original(self, kind)

    with pytest.MonkeyPatch.context() as patch, threadpool_limits(2):
        patch.setattr(grams.SmoothedGrams, "_of_kind", spied)
        start(series)
    assert set(seen) == {1}


@pytest.mark.slow
def test_processes_with_missing_values(series: TimeSeries) -> None:
    values = series.values.copy()
    values[::3, 2, ::7] = np.nan
    gappy = replace(series, values=values)
    with open_workers(jobs=2) as workers:
        assert_same(start(gappy), start(gappy, workers))


@pytest.mark.slow
def test_processes_where_one_long_series_is_taken_step_by_step() -> None:
    rng = np.random.default_rng(0)
    values = np.cumsum(np.cumsum(rng.normal(size=(1, 150, 80)), axis=1), axis=1) * 0.01
    long = TimeSeries(
        genes=tuple(f"g{i}" for i in range(80)),
        trajectories=("one",),
        values=values - values.min() + 1.0,
        times=np.arange(150.0)[None],
    )
    assert by_transitions(long)
    with open_workers(jobs=2) as workers:
        assert_same(start(long), start(long, workers))


@pytest.mark.slow
def test_a_killed_process_costs_its_block(series: TimeSeries, alone: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []

    def kill() -> None:
        children = psutil.Process().children(recursive=True)
        pool = [p for p in children if any("loky.backend.popen_loky" in word for word in p.cmdline())]
        killed.append(pool[0].pid)
        os.kill(pool[0].pid, signal.SIGKILL)

    done = once_after(monkeypatch, 30, kill)
    with open_workers(jobs=2) as workers:
        assert_same(alone, start(series, workers))
    assert len(killed) == 1
    changing = int((alone.rate > 0).sum())
    # Every target once in each of the two phases of the three rounds, for all that one was killed.
    assert sum(done) == 2 * len(CONFIG.rounds) * changing


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        processes=True, n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster


@pytest.mark.slow
@pytest.mark.parametrize("how_many", [0, 1, 2])
def test_dask_with_killed_workers(
    series: TimeSeries, alone: Start, cluster: Any, monkeypatch: pytest.MonkeyPatch, how_many: int
) -> None:
    with open_workers(dask=cluster.scheduler_address) as workers:
        assert isinstance(workers, Cluster)
        workers.client.wait_for_workers(2, timeout=60)
        pids = list(workers.client.run(os.getpid).values())
        assert len(pids) == 2

        def kill() -> None:
            for pid in pids[:how_many]:
                os.kill(pid, signal.SIGKILL)

        once_after(monkeypatch, 30, kill)
        assert_same(alone, start(series, workers))


class Dying(Workers):
    """Workers of which one dies after every `lived` blocks."""

    def __init__(self, lived: int) -> None:
        self.lived = lived

    def share(self, grams: Grams) -> SharedStatistics:
        lived = self.lived

        class Some(RemoteStatistics):
            def run(self, todo: list[TargetBlock]) -> Iterable[tuple[int, list[Sampled]]]:
                for block in todo[:lived]:
                    yield block.run(grams)
                if len(todo) > lived:
                    raise LostWorkerError from RuntimeError("killed")

        return Some(grams)


def test_deaths_after_every_block_change_nothing(series: TimeSeries, alone: Start) -> None:
    assert_same(alone, start(series, Dying(lived=1)))


def test_rounds_of_a_checkpoint_go_on_elsewhere(
    series: TimeSeries, alone: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the rounds before a stop were computed makes no difference to those after it."""
    monkeypatch.setattr(_journal, "EVERY", 0.0)
    monkeypatch.setattr(_journal, "PATIENCE", 0.0)
    seen: list[tuple[int, bool]] = []

    def stop(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        seen.append((done, "resumed" in figures))
        if seen in ([(1, False)], [(1, True), (2, False)]):
            raise KeyboardInterrupt

    for workers in (InProcess(), Dying(lived=5)):
        seen.clear()
        with pytest.raises(KeyboardInterrupt):
            start(series, workers, Journal(tmp_path, classes=CLASSES), stop)
    seen.clear()
    assert_same(alone, start(series, InProcess(), Journal(tmp_path, classes=CLASSES), stop))
    assert seen == [(2, True), (3, False)]


def test_nothing_but_deaths_is_an_error(series: TimeSeries) -> None:
    with pytest.raises(WorkerError, match=r"3 times in a row, with \d+ of \d+ blocks of targets to do \(killed\)"):
        start(series, Dying(lived=0))


@pytest.mark.parametrize("jobs", [0, -1, 1.5, True])
def test_wrong_numbers_of_jobs(jobs: Any) -> None:
    with pytest.raises(OptionError, match="jobs must be an integer of 1 or more"), open_workers(jobs=jobs):
        pass


def test_one_job_is_this_process() -> None:
    with open_workers() as workers:
        assert isinstance(workers, InProcess)


def test_both_is_an_error() -> None:
    with pytest.raises(OptionError, match="leave one of them out"), open_workers(jobs=2, dask="tcp://127.0.0.1:1"):
        pass


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(MissingDependencyError, match=r"pip install 'grn_l0\[dask\]'"),
        open_workers(dask="tcp://127.0.0.1:8786"),
    ):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere://x", ""])
def test_no_scheduler(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("grn_l0.posterior.cluster._PATIENCE", 0.5)
    with pytest.raises(OptionError, match="no Dask scheduler answers"), open_workers(dask=address):
        pass


@pytest.mark.slow
def test_no_worker(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough for the scheduler itself to answer on a busy machine.
    monkeypatch.setattr("grn_l0.posterior.cluster._PATIENCE", 5)
    cluster.scale(0)
    while cluster.scheduler_info["workers"]:
        time.sleep(0.05)
    try:
        with (
            pytest.raises(OptionError, match="has no worker"),
            open_workers(dask=cluster.scheduler_address),
        ):
            pass
    finally:
        cluster.scale(2)

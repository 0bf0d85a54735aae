"""A default fit with its seconds and its memory: one and the same in all suites."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grn_l0 import datasets, tl
from grn_l0._optional import import_optional
from grn_l0._parallel import on_processes
from grn_l0.benchmark.machine import peak_rss
from grn_l0.benchmark.measure.stages import Stages

if TYPE_CHECKING:
    from anndata import AnnData

#: Genes and trajectories of a fit that takes no time.
_SMALL = (12, 32)
#: Seconds within which workers are there; after that a measurement goes on without the missing ones.
_PATIENCE_S = 120.0


def small_fit(*, threads: int) -> dict[str, float]:
    """Whatever is loaded, compiled or cached by a first fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = tl.infer(datasets.simulated(*_SMALL, seed=0), threads=threads, trajectory_key="trajectory")
    return {"edges": float(result.network.n_edges)}


def timed_fit(adata: AnnData, *, threads: int, **options: Any) -> tuple[tl.Inference, Stages, dict[str, float]]:
    """A fit, its stages, and what it took; workers have their imports behind them, as this process has.

    Returns
    -------
    The result; its progress; and ``fit_s``, ``fit_cpu_s`` (with the processor time of its workers), ``network_s``,
    ``base_bytes`` before and ``peak_bytes`` until the end, and the seconds of each stage. With workers the memory is
    left out: that of one process says nothing.
    """
    psutil = import_optional("psutil", extra="bench", purpose="measuring memory")
    process = psutil.Process()
    start_workers(options.get("jobs", 1))
    keys: dict[str, Any] = {"trajectory_key": "trajectory"} if "trajectory" in adata.obs else {}
    base = float(process.memory_info().rss)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stages, processor, began = Stages(), processor_s(), time.perf_counter()
        result = tl.infer(adata, threads=threads, progress=stages, **keys, **options)
        spent = time.perf_counter() - began
    figures = {"fit_s": spent, "fit_cpu_s": processor_s() - processor, "network_s": stages.network_s}
    if options.get("jobs", 1) == 1:
        figures |= {"network_cpu_s": stages.network_cpu_s, "base_bytes": base, "peak_bytes": peak_rss()}
    return result, stages, figures | {f"stage {k}_s": v for k, v in stages.seconds().items()}


def start_workers(jobs: int) -> None:
    """Processes that the next calls on so many find there."""
    if jobs > 1:
        with tempfile.TemporaryDirectory(prefix="grn-l0-") as folder:
            list(on_processes(_present, ((folder, jobs) for _ in range(jobs)), jobs, order=False))


def _present(folder: str, jobs: int) -> None:
    """Wait for the others, so that no worker does this twice."""
    Path(folder, str(os.getpid())).touch()
    last = time.monotonic() + _PATIENCE_S
    while len(os.listdir(folder)) < jobs and time.monotonic() < last:
        time.sleep(0.01)


def processor_s() -> float:
    """Processor time of this process and its children: of those that are gone as the system has it, and of the rest."""
    psutil = import_optional("psutil", extra="bench", purpose="measuring processor time")
    process = psutil.Process()
    gone = process.cpu_times()
    used = [gone.user + gone.system + gone.children_user + gone.children_system]
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may have ended by now
            times = child.cpu_times()
            used.append(times.user + times.system + times.children_user + times.children_system)
    return float(sum(used))

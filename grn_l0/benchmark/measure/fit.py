"""A default fit with its seconds and its memory: one and the same in all suites."""

from __future__ import annotations

import contextlib
import time
import warnings
from typing import TYPE_CHECKING, Any

from grn_l0 import datasets, tl
from grn_l0._optional import import_optional
from grn_l0.benchmark.machine import peak_rss
from grn_l0.benchmark.measure.stages import Stages

if TYPE_CHECKING:
    from anndata import AnnData

#: Genes and trajectories of a fit that takes no time.
_SMALL = (12, 32)


def small_fit(*, threads: int) -> dict[str, float]:
    """Whatever is loaded, compiled or cached by a first fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = tl.infer(datasets.simulated(*_SMALL, seed=0), threads=threads, trajectory_key="trajectory")
    return {"edges": float(result.network.n_edges)}


def timed_fit(adata: AnnData, *, threads: int, **options: Any) -> tuple[tl.Inference, Stages, dict[str, float]]:
    """A fit, its stages, and what it took.

    Returns
    -------
    The result; its progress; and ``fit_s``, ``fit_cpu_s`` (with the processor time of its workers), ``network_s``,
    ``base_bytes`` before and ``peak_bytes`` until the end, and the seconds of each stage. With workers the memory is
    left out: that of one process says nothing.
    """
    psutil = import_optional("psutil", extra="bench", purpose="measuring memory")
    process = psutil.Process()
    keys: dict[str, Any] = {"trajectory_key": "trajectory"} if "trajectory" in adata.obs else {}
    base = float(process.memory_info().rss)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stages, processor, began = Stages(), _processor_s(psutil, process), time.perf_counter()
        result = tl.infer(adata, threads=threads, progress=stages, **keys, **options)
        spent = time.perf_counter() - began
    figures = {"fit_s": spent, "fit_cpu_s": _processor_s(psutil, process) - processor, "network_s": stages.network_s}
    if options.get("jobs", 1) == 1:
        figures |= {"network_cpu_s": stages.network_cpu_s, "base_bytes": base, "peak_bytes": peak_rss()}
    return result, stages, figures | {f"stage {k}_s": v for k, v in stages.seconds().items()}


def _processor_s(psutil: Any, process: Any) -> float:
    """Processor time of a process and its children: of those that are gone as the system adds them up, and the rest."""
    gone = process.cpu_times()
    used = [gone.user + gone.system + gone.children_user + gone.children_system]
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may have ended by now
            times = child.cpu_times()
            used.append(times.user + times.system + times.children_user + times.children_system)
    return float(sum(used))

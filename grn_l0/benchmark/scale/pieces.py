"""What the measured processes of the scale suite do."""

from __future__ import annotations

import math
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from grn_l0 import datasets, pp, tl
from grn_l0._optional import import_optional
from grn_l0.benchmark.measure.stages import Stages
from grn_l0.benchmark.scale.accuracy import network_figures
from grn_l0.benchmark.scale.sizes import NOISE, TRAJECTORIES

#: Genes and trajectories of a fit that comes first, so that libraries are loaded and compiled code is there.
_FIRST = (12, 32)
_KEYS: dict[str, Any] = {"trajectory_key": "trajectory"}


def prepare(*, path: str, genes: int, regulators: int) -> dict[str, float]:
    """Simulate a system and write it."""
    adata = datasets.simulated(genes, TRAJECTORIES, NOISE, seed=0, regulators=regulators or None)
    tl.write_annotated(adata, Path(path))
    return {"true_edges": float(adata.varp["truth"].nnz)}


def fit(*, path: str, regulators: int, threads: int, **options: Any) -> dict[str, float]:
    """A default fit to the system in a file; a small fit comes before it, and is not counted."""
    adata = pp.read(path)
    names = None if not regulators else list(map(str, adata.var_names[:regulators]))
    figures, result = _measured(adata, names, threads, options)
    position = {gene: k for k, gene in enumerate(map(str, adata.var_names))}
    rows = np.array([position[name] for name in result.network.regulators])
    truth = adata.varp["truth"].tocsr()[rows].tocoo()
    return figures | network_figures(result.network, truth.row, truth.col)


def fit_yeast(*, threads: int, **options: Any) -> dict[str, float]:
    """The yeast cell cycle with the regulators that are known; one-step error on the other replicate."""
    train, test = datasets.yeast("train"), datasets.yeast("test")
    panel = {*map(str, train.var_names)}
    names = [gene for gene in datasets.yeast_regulators() if gene in panel]
    figures, result = _measured(train, names, threads, options)
    later = pp.to_timeseries(test)
    forecast = result.fit.forecast(later)
    return figures | {
        "edges": float(result.network.n_edges),
        "mse_one_step": forecast.mse_one_step,
        "mse_persistence": forecast.mse_persistence,
    }


def _measured(
    adata: Any, names: list[str] | None, threads: int, options: dict[str, Any]
) -> tuple[dict[str, float], tl.Inference]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tl.infer(datasets.simulated(*_FIRST, seed=0), threads=threads, **_KEYS)
        base, stages, processor = _resident(), Stages(), time.process_time()
        keys = _KEYS if "trajectory" in adata.obs else {}
        began = time.perf_counter()
        result = tl.infer(adata, regulators=names, threads=threads, progress=stages, **keys, **options)
        spent = time.perf_counter() - began
    found = {
        "fit_s": spent,
        "fit_cpu_s": time.process_time() - processor,
        "network_s": stages.network_s,
        "base_bytes": base,
        "peak_bytes": _peak(),
    }
    return found | {f"stage {k}_s": v for k, v in stages.seconds().items()}, result


def _resident() -> float:
    """Bytes of this process that are in memory now."""
    psutil = import_optional("psutil", extra="bench", purpose="measuring memory")
    return float(psutil.Process().memory_info().rss)


def _peak() -> float:
    """Most bytes that this process has had in memory. Linux keeps it per address space, without what came before."""
    status = Path("/proc/self/status")
    if not status.is_file():
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return float(used * (1 if sys.platform == "darwin" else 1024))
    lines = [line.split() for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return 1024.0 * float(lines[0][1]) if lines else math.nan

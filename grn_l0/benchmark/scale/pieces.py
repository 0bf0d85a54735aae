"""What the measured processes of the scale suite do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from grn_l0 import datasets, pp, tl
from grn_l0.benchmark.measure.fit import small_fit, timed_fit
from grn_l0.benchmark.scale.accuracy import network_figures
from grn_l0.benchmark.scale.sizes import NOISE, TRAJECTORIES


def simulate(*, path: str, genes: int, regulators: int) -> dict[str, float]:
    """Simulate a system and write it."""
    adata = datasets.simulated(genes, TRAJECTORIES, NOISE, seed=0, regulators=regulators or None)
    tl.write_annotated(adata, Path(path))
    return {"true_edges": float(adata.varp["truth"].nnz)}


def fit(*, path: str, regulators: int, threads: int, **options: Any) -> dict[str, float]:
    """A default fit to the system in a file; a small fit comes before it, and is not counted."""
    adata = pp.read(path)
    names = None if not regulators else list(map(str, adata.var_names[:regulators]))
    small_fit(threads=threads)
    result, _, figures = timed_fit(adata, regulators=names, threads=threads, **options)
    position = {gene: k for k, gene in enumerate(map(str, adata.var_names))}
    rows = np.array([position[name] for name in result.network.regulators])
    truth = adata.varp["truth"].tocsr()[rows].tocoo()
    return figures | network_figures(result.network, truth.row, truth.col)


def fit_yeast(*, threads: int, **options: Any) -> dict[str, float]:
    """The yeast cell cycle with the regulators that are known; one-step error on the other replicate."""
    train, test = datasets.yeast("train"), datasets.yeast("test")
    panel = {*map(str, train.var_names)}
    names = [gene for gene in datasets.yeast_regulators() if gene in panel]
    small_fit(threads=threads)
    result, _, figures = timed_fit(train, regulators=names, threads=threads, **options)
    forecast = result.fit.forecast(pp.to_timeseries(test))
    return figures | {
        "edges": float(result.network.n_edges),
        "mse_one_step": forecast.mse_one_step,
        "mse_persistence": forecast.mse_persistence,
    }

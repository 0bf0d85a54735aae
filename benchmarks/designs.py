"""Sampling designs and nulls on simulated systems: what the posterior finds, beside quick baselines.

    python benchmarks/designs.py [--seeds 3] > benchmarks/results/designs.md

The systems come from `grn_l0.simulate`; no setting was chosen on them. Nulls have no edge to find: every reported one
is false.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from grn_l0 import GrnWarning, simulate
from grn_l0.baselines import NETWORK_BASELINES
from grn_l0.fit import fit
from grn_l0.posterior import infer_start
from grn_l0.timeseries import TimeSeries

Maker = Callable[[simulate.System, int], TimeSeries]

DESIGNS: dict[str, tuple[int, Maker]] = {
    "50 series x 5, 60 genes": (60, lambda s, k: simulate.short_trajectories(s, 50, (0, 1, 2, 4, 8), seed=k)),
    "30 series x 6, 200 genes": (200, lambda s, k: simulate.short_trajectories(s, 30, np.linspace(0, 8, 6), seed=k)),
    "10 series x 21, 100 genes": (100, lambda s, k: simulate.short_trajectories(s, 10, np.linspace(0, 10, 21), seed=k)),
    "6 series x 10, 50 genes": (50, lambda s, k: simulate.short_trajectories(s, 6, np.linspace(0, 8, 10), seed=k)),
    "2 series x 60, driven, 60 genes": (60, lambda s, k: simulate.long_series(s, 2, np.linspace(0, 40, 60), seed=k)),
    "1 series x 120, driven, 40 genes": (40, lambda s, k: simulate.long_series(s, 1, np.linspace(0, 100, 120), seed=k)),
}


def row(name: str, genes: int, make: Maker, seed: int) -> dict[str, float | str]:
    """One system: scores of the posterior and of the baselines, and the network that survives the gated ODE."""
    system = simulate.random_system(genes, seed)
    series = make(system, seed)
    truth = np.asarray(system.truth) != 0
    pairs = ~np.eye(genes, dtype=bool)
    begin = time.perf_counter()
    start = infer_start(series, np.arange(genes), seed=seed)
    network = fit(series, start, regulators=np.arange(genes), seed=seed).network
    seconds = time.perf_counter() - begin
    found = network.weights != 0
    best = {k: average_precision_score(truth[pairs], f(series)[pairs]) for k, f in NETWORK_BASELINES.items()}
    return {
        "design": name,
        "AUPRC": average_precision_score(truth[pairs], start.inclusion[pairs]),
        "best baseline": max(best.values()),
        "precision": (found & truth).sum() / max(found.sum(), 1),
        "recall": (found & truth).sum() / truth[pairs].sum(),
        "edges": found.sum(),
        "true": truth[pairs].sum(),
        "s": seconds,
    }


def null_row(name: str, series: TimeSeries, seed: int) -> dict[str, float | str]:
    """Edges reported where there are none."""
    start = infer_start(series, np.arange(series.n_genes), seed=seed)
    found = fit(series, start, regulators=np.arange(series.n_genes), seed=seed).network.n_edges
    return {"null": name, "P > .5": int((start.inclusion > 0.5).sum()), "edges": found}


def main() -> None:
    """Print both tables, medians over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    warnings.simplefilter("ignore", GrnWarning)
    rows = [row(name, genes, make, k) for name, (genes, make) in DESIGNS.items() for k in seeds]
    nulls = []
    for name, (genes, make) in DESIGNS.items():
        for k in seeds:
            series = make(simulate.random_system(genes, k), k)
            if series.n_series > 2:
                nulls.append(null_row(f"{name}, genes' trajectories permuted", simulate.permuted(series, seed=k), k))
            nulls.append(null_row(f"{name}, noise only", simulate.pure_noise(series, seed=k), k))
    command = f"python benchmarks/designs.py --seeds {len(seeds)}"
    print(f"`{command}`: medians over {len(seeds)} systems, 5 % noise, one seed each\n")
    print("```\n" + pd.DataFrame(rows).groupby("design", sort=False).median().round(3).to_string() + "\n```\n")
    print("```\n" + pd.DataFrame(nulls).groupby("null", sort=False).median().to_string() + "\n```")


if __name__ == "__main__":
    main()

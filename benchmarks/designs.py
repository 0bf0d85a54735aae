"""Sampling designs and nulls on simulated systems: what the posterior finds, beside quick baselines.

    python benchmarks/designs.py [--seeds 3] [--designs NAME ...] > benchmarks/results/designs.md

The systems come from `grn_l0.simulate`; no setting was chosen on them. Nulls have no edge to find: every reported one
is false. Each measured system is kept in a file (`--kept`), so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from grn_l0 import GrnWarning, baselines, simulate
from grn_l0._errors import OptionError
from grn_l0.fit import fit
from grn_l0.posterior import infer_start
from grn_l0.timeseries import TimeSeries

Maker = Callable[[int], tuple[simulate.System, TimeSeries]]


def _plain(genes: int, make: Callable[[simulate.System, int], TimeSeries]) -> Maker:
    def maker(seed: int) -> tuple[simulate.System, TimeSeries]:
        system = simulate.random_system(genes, seed)
        return system, make(system, seed)

    return maker


short, long = simulate.short_trajectories, simulate.long_series
DESIGNS: dict[str, Maker] = {
    **simulate.DESIGNS,
    "30 series x 6, 200 genes": _plain(200, lambda s, k: short(s, 30, np.linspace(0, 8, 6).tolist(), seed=k)),
    "10 series x 21, 100 genes": _plain(100, lambda s, k: short(s, 10, np.linspace(0, 10, 21).tolist(), seed=k)),
    "6 series x 10, 50 genes": _plain(50, lambda s, k: short(s, 6, np.linspace(0, 8, 10).tolist(), seed=k)),
    "2 series x 60, driven, 60 genes": _plain(60, lambda s, k: long(s, 2, np.linspace(0, 40, 60).tolist(), seed=k)),
    "1 series x 120, driven, 40 genes": _plain(40, lambda s, k: long(s, 1, np.linspace(0, 100, 120).tolist(), seed=k)),
}
NULLS: dict[str, Callable[..., TimeSeries]] = {
    "permuted": simulate.permuted,
    "noise": simulate.pure_noise,
    "shifted": simulate.time_shifted,
    "phases": simulate.phase_randomised,
}
BASELINES = {
    "lagged": baselines.lagged_correlation,
    "lasso": baselines.lasso,
    "trees": partial(baselines.trees, n_trees=50),
}

Row = dict[str, float | str]


def measure(name: str, seed: int) -> Row:
    """One system: scores of the posterior and of the baselines, and edges of the final network, there and on nulls."""
    system, series = DESIGNS[name](seed)
    truth = np.asarray(system.truth) != 0
    pairs = ~np.eye(series.n_genes, dtype=bool)
    begin = time.perf_counter()
    inclusion, found = infer(series, seed)
    seconds = time.perf_counter() - begin
    best = {k: average_precision_score(truth[pairs], f(series)[pairs]) for k, f in BASELINES.items()}
    hits = int((found & truth).sum())
    row: Row = {
        "design": name,
        "seed": seed,
        "AUPRC": average_precision_score(truth[pairs], inclusion[pairs]),
        "best baseline": max(best.values()),
        **best,
        "precision": hits / found.sum() if found.any() else np.nan,
        "recall": hits / truth[pairs].sum(),
        "edges": int(found.sum()),
        "true": int(truth[pairs].sum()),
        "s": seconds,
        "targets": series.n_genes,
    }
    for null, make in NULLS.items():
        try:
            row[null] = int(infer(make(series, seed=seed), seed)[1].sum())
        except OptionError:  # no two series with the same times
            row[null] = np.nan
    return row


def infer(series: TimeSeries, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inclusion probabilities, and the edges that survive the gated ODE."""
    genes = np.arange(series.n_genes)
    start = infer_start(series, genes, seed=seed)
    return start.inclusion, np.asarray(fit(series, start, regulators=genes, seed=seed).network.weights != 0)


def table(rows: list[Row]) -> str:
    """Both tables, medians over seeds."""
    # Without an edge there is no precision; without a common time nothing is permuted. Both show as "-".
    medians = pd.DataFrame(rows).drop(columns="seed").groupby("design", sort=False).median()
    medians["ratio"] = medians["AUPRC"] / medians["best baseline"]
    main = [*["AUPRC", "best baseline", "ratio", *BASELINES, "precision", "recall", "edges", "true", "s"]]
    nulls = medians[[*NULLS, "targets"]]
    text = ["```", medians[main].round(3).to_string(na_rep="-"), "```", "", "Edges reported where there are none:", ""]
    return "\n".join([*text, "```", nulls.to_string(na_rep="-"), "```"])


def main() -> None:
    """Measure what is not kept yet, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--designs", nargs="*", default=[*DESIGNS], choices=[*DESIGNS])
    parser.add_argument("--kept", type=Path, default=Path("benchmarks/results/designs.jsonl"))
    options = parser.parse_args()
    warnings.simplefilter("ignore", GrnWarning)
    kept = [json.loads(line) for line in options.kept.read_text().splitlines()] if options.kept.exists() else []
    for name in options.designs:
        for seed in range(options.seeds):
            if not any((row["design"], row["seed"]) == (name, seed) for row in kept):
                kept.append(measure(name, seed))
                print(kept[-1], file=sys.stderr)
                with options.kept.open("a") as file:
                    file.write(json.dumps(kept[-1]) + "\n")
    chosen = [r for name in options.designs for r in kept if r["design"] == name and r["seed"] < options.seeds]
    print(
        f"`python benchmarks/designs.py --seeds {options.seeds}`: medians over {options.seeds} systems, one seed each\n"
    )
    print(table(chosen))


if __name__ == "__main__":
    main()

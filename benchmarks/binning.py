"""How cells are best binned along pseudotime: python benchmarks/binning.py > benchmarks/results/binning.md

Cells of random systems whose network is known (`grn_l0.simulate.pseudotime_cells`); the defaults of `grn_l0.pp` were
chosen on these and nothing else. The figure is the AUPRC of the posterior's scores.
"""

from __future__ import annotations

import argparse
import sys
import warnings

import anndata as ad
import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from grn_l0 import GrnWarning, pp, simulate
from grn_l0.posterior import infer_start
from grn_l0.timeseries import TimeSeries

GENES = 40
#: Cells, donors.
DESIGNS = ((1500, 3), (3000, 6), (3000, 12))
#: Bins of equal numbers of cells (None: the default of their number), and of equal width.
CELLS, WIDTHS = (None, 6, 12, 24), (6, 12, 24)


def annotated(cells: simulate.Cells) -> ad.AnnData:
    """Counts as scanpy would have them: scaled to the median depth, log1p."""
    depth = cells.counts.sum(axis=1, keepdims=True)
    values = np.log1p(cells.counts * np.median(depth) / np.maximum(depth, 1))
    obs = pd.DataFrame({"pseudotime": cells.pseudotime, "donor": [f"d{k}" for k in cells.donor]})
    obs.index = [f"c{k}" for k in range(len(obs))]
    return ad.AnnData(values, obs=obs, var=pd.DataFrame(index=list(cells.genes)))


def by_width(adata: ad.AnnData, n_bins: int) -> TimeSeries:
    """Bins of equal width; those without cells are left out."""
    donors = sorted(set(adata.obs["donor"]))
    shape = (len(donors), n_bins)
    values, times, weights = np.full((*shape, adata.n_vars), np.nan), np.full(shape, np.nan), np.ones(shape)
    for k, donor in enumerate(donors):
        mine = np.flatnonzero(adata.obs["donor"] == donor)
        time = adata.obs["pseudotime"].to_numpy()[mine]
        place = np.minimum((time * n_bins).astype(int), n_bins - 1)
        for row, one in enumerate(np.unique(place)):
            inside = place == one
            values[k, row] = adata.X[mine[inside]].mean(axis=0)
            times[k, row], weights[k, row] = time[inside].mean(), inside.sum()
    genes = tuple(map(str, adata.var_names))
    return TimeSeries(genes=genes, trajectories=tuple(donors), values=values, times=times, weights=weights)


def auprc(series: TimeSeries, truth: np.ndarray, seed: int) -> float:
    scores = infer_start(series, np.arange(series.n_genes), seed=seed).inclusion
    pairs = ~np.eye(series.n_genes, dtype=bool)
    return float(average_precision_score(truth[pairs], scores[pairs]))


def rows(cells: int, donors: int, seed: int) -> list[dict[str, object]]:
    """Every way to bin the cells of one system."""
    system = simulate.random_system(GENES, seed)
    truth = np.asarray(system.truth) != 0
    adata = annotated(simulate.pseudotime_cells(system, cells, donors, seed))
    name = f"{cells} cells, {donors} donors"
    out: list[dict[str, object]] = []
    for n in CELLS:
        series = pp.to_timeseries(adata, pseudotime_key="pseudotime", trajectory_key="donor", n_bins=n)
        way = f"default ({series.values.shape[1]} bins)" if n is None else f"{n} bins, equal cells"
        out.append({"data": name, "way": way, "seed": seed, "AUPRC": auprc(series, truth, seed)})
    for n in WIDTHS:
        out.append(
            {
                "data": name,
                "way": f"{n} bins, equal width",
                "seed": seed,
                "AUPRC": auprc(by_width(adata, n), truth, seed),
            }
        )
    for row in out:
        print(row, file=sys.stderr, flush=True)
    return out


def main() -> None:
    """Print the table: median, lowest and highest over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore", GrnWarning)
    table = pd.DataFrame([row for k in range(seeds) for design in DESIGNS for row in rows(*design, seed=k)])
    figures = table.groupby(["data", "way"], sort=False)["AUPRC"].agg(["median", "min", "max"])
    print(f"`python benchmarks/binning.py --seeds {seeds}`: AUPRC, {GENES} genes, {seeds} systems each\n")
    print("```\n" + figures.round(3).to_string() + "\n```")


if __name__ == "__main__":
    main()

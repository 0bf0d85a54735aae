"""What the measured processes of the speed suite do; each function returns the figures of one cell."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grn_l0 import datasets, pp, tl
from grn_l0.benchmark.accuracy.cases import CASES
from grn_l0.benchmark.accuracy.cell import run_cell
from grn_l0.benchmark.measure.fit import timed_fit
from grn_l0.benchmark.methods import METHODS
from grn_l0.benchmark.scoring import errors
from grn_l0.benchmark.speed.arithmetic import operations
from grn_l0.network import read_network

if TYPE_CHECKING:
    from anndata import AnnData

NOISE = 0.05
#: Files of the command, in the folder of the measurement.
DATA, SCORES, NETWORK, MODEL = "data.h5ad", "scores.parquet", "network.graphml", "model.safetensors"
#: Figures of accuracy that stand beside the seconds.
ACCURACY = ("auprc", "precision", "recall", "balanced_accuracy", "edges", "mse_one_step")
#: Seconds that no training takes.
_LONG = 1e9


def training_data(seed: int, small: bool) -> AnnData:
    """SIM350 at 5 % noise, or a small system for trials of the suite."""
    return datasets.simulated(20, 30, NOISE, seed=1) if small else datasets.sim350(noise=NOISE, seed=seed)


def test_data(small: bool) -> AnnData:
    """Trajectories without noise, and the truth."""
    return datasets.simulated(20, 10, 0.0, seed=1) if small else datasets.sim350_test()


def fit(*, seed: int, threads: int, small: bool = False, **options: Any) -> dict[str, float]:
    """One default fit in a process that has its imports behind it: seconds by stage, accuracy, arithmetic."""
    adata = training_data(seed, small)
    result, stages, figures = timed_fit(adata, seed=seed, threads=threads, **options)
    if not options:
        counted = operations(result.fit, pp.to_timeseries(adata, trajectory_key="trajectory"), stages.steps)
        figures |= {f"operations, {k}": v for k, v in counted.items()}
    return figures | _accuracy(result, result, test_data(small))


def prepare(*, folder: str, seed: int, small: bool = False) -> dict[str, float]:
    """Write the data that the command reads."""
    adata = training_data(seed, small)
    tl.write_annotated(adata, Path(folder) / DATA)
    return {"observations": adata.n_obs}


def judge(*, folder: str, small: bool = False) -> dict[str, float]:
    """Accuracy of the files that the command wrote."""
    place, test = Path(folder), test_data(small)
    genes = list(map(str, test.var_names))
    # Every candidate's score, and the weights of the survivors.
    network = read_network(place / SCORES, regulators=genes, targets=genes)
    return _accuracy(network, tl.load(place / MODEL), test)


def _accuracy(network: Any, model: tl.Inference, test: AnnData) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = tl.evaluate(network, test.varp["truth"]).loc["result"].to_dict()
    found = {str(k): float(v) for k, v in row.items()} | errors(model.forecast(test))
    return {name: found[name] for name in ACCURACY}


def peer(*, method: str, seed: int) -> dict[str, float]:
    """Another method on the same data, until its training is over: the limits are those of the process."""
    record = run_cell(CASES[f"SIM350/noise {NOISE:g}"], replace(METHODS[method], limit_s=_LONG), seed)
    figures = record["figures"]
    found = {"fit_s": figures["seconds"], "fit_cpu_s": figures["cpu_seconds"]}
    return found | {name: figures[name] for name in ACCURACY if name in figures}

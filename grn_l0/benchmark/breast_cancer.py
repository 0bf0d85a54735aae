"""Breast cancer in pseudotime: forecast the held-out points in the middle, score the network against ChIP."""

from __future__ import annotations

from grn_l0 import baselines, datasets, metrics, pp
from grn_l0._typing import Progress
from grn_l0.benchmark.machine import machine, peak_mib
from grn_l0.benchmark.scoring import Rows, against, inside, medians, ranking_only, size, timed_infer
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.table import BenchmarkTable


def breast_cancer(settings: Settings, progress: Progress | None = None) -> BenchmarkTable:
    """Forecast of the held-out points and the network of the ChIP network's regulators, beside their floors.

    Raises
    ------
    DatasetError
        If the published files cannot be had.
    """
    train, test = datasets.breast_cancer(500, "train"), datasets.breast_cancer(500, "test")
    genes = tuple(map(str, train.var_names))
    chip = datasets.restrict(datasets.breast_cancer_reference(), genes)
    factors = chip.attrs["regulators"]
    seeds: list[Rows] = []
    for seed in range(settings.seeds):
        result, spent = timed_infer(train, settings, seed=seed, progress=progress)
        forecast = result.forecast(test)
        errors = {"mse_one_step": forecast.mse_one_step, "mse_full": forecast.mse_full}
        network = {"ChIP: grn_l0": against(result.network, chip, p_value=True)}
        seeds.append({"grn_l0": errors | size(result.network, spent), **network})
    ours = medians(seeds)
    rows: Rows = {"grn_l0": ours["grn_l0"]}
    if len(seeds) > 1:
        rows |= {f"grn_l0, seed {k}": row["grn_l0"] for k, row in enumerate(seeds)}
    series, later = pp.to_timeseries(train), pp.to_timeseries(test)
    for name in ("persistence", "gene mean", "mean reversion"):
        predicted = baselines.FORECAST_BASELINES[name](series, later)
        rows[name] = {"mse_one_step": metrics.mse(predicted, later.values)}
    rows["ChIP: grn_l0"] = ours["ChIP: grn_l0"]
    prior = inside(datasets.breast_cancer_prior(500), factors, genes)
    rows["ChIP: prior alone"] = against(prior, chip, p_value=True)
    for name in ("correlation", "lagged correlation"):
        scores = baselines.NETWORK_BASELINES[name](series, None)
        rows[f"ChIP: {name}"] = against(ranking_only(genes, genes, scores), chip, chosen=False, p_value=True)
    return BenchmarkTable(
        title=f"Breast cancer in pseudotime, {len(genes)} genes, all of them candidate regulators",
        rows=rows,
        notes=(
            f"One-step MSE over the {test.n_obs} held-out points in the middle, each from the measured one "
            "before it alone. Expression is a moving average over neighbours, so steps are not independent. "
            "Figures of grn_l0 are medians over seeds.",
            f"ChIP: the {len(factors)} regulators of the ChIP network in the panel ({', '.join(factors)}) × all "
            f"genes; the share of true pairs is {len(chip) / (len(factors) * (len(genes) - 1)):.2f}, where AUPRC "
            "starts.",
            f"Peak memory {peak_mib():.0f} MiB.",
        ),
        about={"seeds": settings.seeds, "threads": settings.threads, "machine": machine()},
    )

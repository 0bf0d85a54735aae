"""Breast cancer in pseudotime: forecast the held-out points in the middle, score the network against ChIP."""

from __future__ import annotations

from grn_l0 import baselines, datasets, pp, tl
from grn_l0._typing import Progress
from grn_l0.benchmark.machine import machine, peak_rss
from grn_l0.benchmark.scoring import Rows, against, errors, floors, inside, medians, ranking_only, size, timed_infer
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.table import BenchmarkTable
from grn_l0.timeseries import TimeSeries

#: Ways of forecasting the gap.
POINT, PAST, BOTH = "grn_l0, from the point before", "grn_l0, from the past", "grn_l0, both sides"
ROWS = (POINT, PAST, BOTH)


def breast_cancer(settings: Settings, progress: Progress | None = None) -> BenchmarkTable:
    """Forecast of the held-out points and the network of the ChIP network's regulators, beside their floors.

    Raises
    ------
    DatasetError
        If the published files cannot be had.
    """
    train, test = datasets.breast_cancer(500, "train"), datasets.breast_cancer(500, "test")
    genes = tuple(map(str, train.var_names))
    series, later = pp.to_timeseries(train), pp.to_timeseries(test)
    chip = datasets.restrict(datasets.breast_cancer_reference(), genes)
    factors = chip.attrs["regulators"]
    seeds: list[Rows] = []
    for seed in range(settings.seeds):
        result, spent = timed_infer(train, settings, seed=seed, progress=progress)
        network = {"ChIP: grn_l0": against(result.network, chip, p_value=True)}
        seeds.append(_forecasts(result, series, later, spent) | network)
    ours = medians(seeds)
    rows = {name: ours[name] for name in ROWS}
    if len(seeds) > 1:
        rows |= {f"{name}, seed {k}": row[name] for k, row in enumerate(seeds) for name in ROWS}
    rows |= floors(series, later)
    rows |= _larger(settings, progress)
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
            f"One-step MSE over the {test.n_obs} held-out points in the middle (the first is given). From the point "
            "before: that one alone. From the past: with the training points before the gap and all held-out points so "
            "far. Both sides: with the training points on either side of the gap too, which is interpolation. The last "
            "two use the process by which genes deviate from the model, learned by marginal likelihood on the training "
            "series. Expression is a moving average over neighbours, so steps are not independent: that is what the "
            "process knows. Figures of grn_l0 are medians over seeds; 2000 genes with seed 0 and the transcription "
            "factors of the ChIP network as regulators.",
            f"ChIP: the {len(factors)} regulators of the ChIP network in the panel ({', '.join(factors)}) × all "
            f"genes; the share of true pairs is {len(chip) / (len(factors) * (len(genes) - 1)):.2f}, where AUPRC "
            "starts.",
            f"Peak memory {peak_rss() / 2**20:.0f} MiB.",
        ),
        about={"seeds": settings.seeds, "threads": settings.threads, "machine": machine()},
    )


def _forecasts(result: tl.Inference, train: TimeSeries, test: TimeSeries, spent: float) -> Rows:
    """What each way of forecasting the gap comes to."""
    before = int((train.times[0] < test.times[0, 0]).sum())
    past = TimeSeries(
        genes=train.genes,
        trajectories=train.trajectories,
        values=train.values[:, :before],
        times=train.times[:, :before],
    )
    ways = {POINT: None, PAST: past, BOTH: train}
    own = size(result.network, spent)
    return {name: errors(result.fit.forecast(test, context=context)) | own for name, context in ways.items()}


def _larger(settings: Settings, progress: Progress | None) -> Rows:
    """The same for 2000 genes."""
    train, test = datasets.breast_cancer(2000, "train"), datasets.breast_cancer(2000, "test")
    panel = {*map(str, train.var_names)}
    factors = [g for g in datasets.breast_cancer_reference().attrs["regulators"] if g in panel]
    result, spent = timed_infer(train, settings, regulators=factors, progress=progress)
    series, later = pp.to_timeseries(train), pp.to_timeseries(test)
    rows = _forecasts(result, series, later, spent) | floors(series, later)
    return {f"2000 genes: {name}": row for name, row in rows.items()}

"""The floors, and methods that take seconds."""

from __future__ import annotations

from functools import partial

import numpy as np

from grn_l0 import baselines
from grn_l0._typing import Float, ndarray
from grn_l0.baselines import ForecastBaseline, NetworkBaseline
from grn_l0.benchmark.methods.method import Answer, Method, Task
from grn_l0.fit.forecast import Measurement
from grn_l0.timeseries import TimeSeries


def floor(task: Task, *, baseline: ForecastBaseline) -> Answer:
    """A forecast without any network."""

    def forecast(series: TimeSeries, measurement: Measurement) -> Float[ndarray, "series times genes"]:
        return baseline(task.series, series)

    return Answer(forecast=forecast)


def own_mean(task: Task) -> Answer:
    """The mean of the data that are to be predicted, which no forecast can know."""

    def forecast(series: TimeSeries, measurement: Measurement) -> Float[ndarray, "series times genes"]:
        return baselines.gene_mean(series, series)

    return Answer(forecast=forecast)


def ranked(task: Task, *, baseline: NetworkBaseline) -> Answer:
    """Scores of a quick method that chooses nothing."""
    return Answer(scores=baseline(task.series, task.regulators))


def lasso(task: Task) -> Answer:
    """Lasso: its edges are those whose coefficient is not 0."""
    scores = baselines.lasso(task.series, task.regulators)
    return Answer(scores=scores, weights=scores, signed=False)


def trees(task: Task) -> Answer:
    """Trees on derivatives."""
    return Answer(scores=baselines.trees(task.series, task.regulators, seed=task.seed))


def prior_alone(task: Task) -> Answer:
    """What was believed beforehand, and nothing else."""
    listed = task.listed
    if listed is None:
        return Answer(note="no prior")
    return Answer(scores=np.where(task.candidates, np.abs(listed), 0.0), weights=np.where(task.candidates, listed, 0.0))


METHODS = (
    Method(name="persistence", run=partial(floor, baseline=baselines.persistence), role="floor", random=False,
           about="The next value is this one."),
    Method(name="gene mean", run=partial(floor, baseline=baselines.gene_mean), role="floor", random=False,
           about="Each gene's mean over the training data."),
    Method(name="mean reversion", run=partial(floor, baseline=baselines.mean_reversion), role="floor", random=False,
           about="Every gene keeps the same share of its deviation from its mean: one number, no network."),
    Method(name="own mean", run=own_mean, role="oracle", random=False,
           about="Each gene's mean over the test data themselves, which no forecast can know."),
    Method(name="prior alone", run=prior_alone, role="floor", random=False, uses_prior=True,
           about="The prior network as it was given (shuffled, where the case says so)."),
    Method(name="correlation", run=partial(ranked, baseline=baselines.correlation), role="quick", random=False,
           about="Absolute Pearson correlation over all observations."),
    Method(name="lagged correlation", run=partial(ranked, baseline=baselines.lagged_correlation), role="quick",
           random=False, about="The same with the target one time later."),
    Method(name="lasso", run=lasso, role="quick", random=False,
           about="Lasso of the next value on all regulators; edges are the coefficients that are not 0."),
)  # fmt: skip
TREES = Method(
    name="dynGENIE3-like", run=trees, role="slow",
    about="Extra trees on derivatives plus decay (Huynh-Thu & Geurts 2018), 50 trees where it grows 1000.",
)  # fmt: skip

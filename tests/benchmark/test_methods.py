"""Every adapter on a system with one strong edge: right shapes, the edge found, a forecast better than nothing."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from grn_l0 import metrics, pp, simulate
from grn_l0._optional import MissingDependencyError
from grn_l0.benchmark.accuracy.case import simulated
from grn_l0.benchmark.methods import METHODS, VARIANTS, Task, phoenix
from grn_l0.benchmark.methods.steps import Training
from grn_l0.fit import FitConfig
from grn_l0.posterior import PosteriorConfig
from grn_l0.simulate.production import LinearProduction

GENES = ("A", "B", "C", "D", "E")
NETWORKS = [m.name for m in METHODS.values() if m.role in ("ours", "quick", "slow") and not m.uses_prior]
FORECASTS = ["grn_l0", "PHOENIX-like", "PathReg-like", "pysindy", "mean reversion"]


@pytest.fixture(scope="module")
def system():
    """A is an input; B follows A; the others go to levels of their own."""
    weights = np.zeros((5, 5))
    weights[0, 1] = 1.0
    edges = pd.DataFrame({"source": ["A"], "target": ["B"], "sign": [1]})
    production = LinearProduction(weights=weights, offset=np.array([0.0, 0.0, 0.3, 0.5, 0.7]))
    inputs = np.array([True, False, False, False, False])
    return simulate.System(genes=GENES, edges=edges, production=production, rate=np.full(5, 0.7), inputs=inputs)


def experiment(system, n, noise, seed):
    rng = np.random.default_rng(seed)
    values = system.solve(rng.random((n, 5)), np.array([0.0, 1.0, 2.0, 4.0, 8.0]))
    series = simulate.short_trajectories(system, n, (0.0, 1.0, 2.0, 4.0, 8.0), seed=0)
    return replace(series, values=values + noise * rng.standard_normal(values.shape))


@pytest.fixture(scope="module")
def task(system):
    problem = simulated(experiment(system, 40, 0.02, 0), system)
    series = pp.to_timeseries(problem.adata, **problem.keys)
    # E is no candidate.
    return Task(
        adata=problem.adata,
        keys=problem.keys,
        series=series,
        regulators=np.arange(4),
        deadline=time.process_time() + 4.0,
    )


@pytest.fixture(scope="module")
def answers(task):
    """Each method's answer, worked out once; methods that train have four seconds together."""
    kept = {}

    def answer(name):
        if name not in kept:
            own = replace(task, deadline=time.process_time() + 2.0, adata=task.adata.copy())
            kept[name] = METHODS[name].run(own)
        return kept[name]

    return answer


@pytest.mark.parametrize("name", NETWORKS)
def test_strong_edge_is_found(name, answers):
    answer = answers(name)
    assert answer.scores.shape == (4, 5)
    assert np.isfinite(answer.scores).all()
    assert (answer.scores[np.arange(4), np.arange(4)] == 0).all()
    assert answer.scores[:, 1].argmax() == 0
    if answer.weights is not None:
        assert answer.weights[0, 1] > 0
    if answer.probability:
        assert answer.scores.min() >= 0
        assert answer.scores.max() <= 1


@pytest.mark.parametrize("name", FORECASTS)
def test_forecast_beats_the_gene_mean(name, system, task, answers):
    test = experiment(system, 10, 0.0, 1)
    predicted = answers(name).forecast(test, "exact")
    assert predicted.shape == test.values.shape
    floor = metrics.mse(METHODS["gene mean"].run(task).forecast(test, "exact")[:, 1:], test.values[:, 1:])
    assert metrics.mse(predicted[:, 1:], test.values[:, 1:]) < 0.7 * floor


def test_pysindy_recovers_the_exact_flow_of_a_linear_system(system, task):
    # Fine steps without noise: finite differences are nearly exact, and so is the matrix exponential over a long one.
    rng = np.random.default_rng(0)
    start = rng.random((30, 5))
    times = np.linspace(0, 2, 41)
    fine = simulated(
        replace(simulate.short_trajectories(system, 30, times.tolist(), seed=0), values=system.solve(start, times)),
        system,
    )
    answer = METHODS["pysindy"].run(replace(task, adata=fine.adata, series=fine.series))
    test = experiment(system, 5, 0.0, 1)
    assert metrics.mse(answer.forecast(test, "exact")[:, 1:], test.values[:, 1:]) < 1e-3
    assert answer.weights[0, 1] == pytest.approx(0.7, abs=0.1)


def test_prior_pulls_phoenix_towards_it(task, monkeypatch):
    # epochs and no deadline: what is learned must not depend on how busy the machine is
    monkeypatch.setattr(phoenix, "Training", partial(Training, epochs=120))
    task = replace(task, deadline=float("inf"))
    prior = pd.DataFrame({"source": ["C"], "target": ["D"], "weight": [1.0]})
    helped = METHODS["PHOENIX-like with prior"].run(replace(task, prior=prior))
    plain = METHODS["PHOENIX-like"].run(task)
    assert helped.weights[2, 3] > plain.weights[2, 3] + 0.03


def test_prior_alone_is_the_prior(task):
    prior = pd.DataFrame({"source": ["C", "E"], "target": ["D", "A"], "weight": [-1.0, 1.0]})
    answer = METHODS["prior alone"].run(replace(task, prior=prior))
    assert answer.scores.sum() == 1 == -answer.weights[2, 3]
    assert METHODS["prior alone"].run(task).scores is None


def test_training_ends_at_its_deadline_and_says_so(task):
    late = METHODS["PathReg-like"].run(replace(task, deadline=time.process_time()))
    assert "time limit" in late.note
    late = METHODS["GENIE3"].run(replace(task, deadline=time.process_time()))
    assert late.note == "stopped at its time limit after 0 targets"


def test_missing_package_is_named_with_its_extra(task, monkeypatch):
    monkeypatch.setitem(sys.modules, "pysindy", None)
    with pytest.raises(MissingDependencyError, match=r"grn[-_]l0\[bench\]"):
        METHODS["pysindy"].run(task)


def test_every_method_says_what_it_is():
    assert all(method.about.endswith(".") and method.limit_s > 0 for method in METHODS.values())
    assert len(METHODS) == len({m.name.casefold() for m in METHODS.values()})


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variants_name_settings_that_there_are(variant):
    usual = {**asdict(PosteriorConfig()), **asdict(FitConfig())}
    chosen = {**variant.posterior, **variant.config}
    changed = {**asdict(PosteriorConfig(**variant.posterior)), **asdict(FitConfig(**variant.config))}
    assert {k: changed[k] for k in chosen} == dict(chosen)
    assert all(changed[k] != usual[k] for k in chosen)
    assert chosen or variant.options

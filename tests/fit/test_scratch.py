"""Starts without a posterior: every design gives a start that can be trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fit_systems import TRUTH, N, simulate

from grn_l0.fit import FitConfig, fit, scratch_start
from grn_l0.timeseries import TimeSeries

ALL = np.arange(N)
QUICK = FitConfig(scratch_steps=5, refit_steps=5)


def test_rates_noise_and_edges_of_a_known_system() -> None:
    series, clean = simulate(60, 0.02, 0)
    start = scratch_start(series, ALL)
    true = TRUTH != 0
    assert start.inclusion[true].min() > 0.5
    assert (start.inclusion.diagonal() == 0).all() and np.isinf(start.penalty.diagonal()).all()
    assert (np.sign(start.weight[true]) == np.sign(TRUTH[true])).all()
    assert 0.5 < np.median(start.rate) < 2
    assert 0.01 < np.median(start.noise) < 0.04
    # genes 0 to 2 have no regulators: only for them is the smoother's constant production right
    assert ((start.states - clean)[:, :, :3] ** 2).mean() < 0.6 * 0.02**2


def test_constant_genes_get_no_regulators_and_do_not_move() -> None:
    series, _ = simulate(30, 0.02, 0)
    values = series.values.copy()
    rng = np.random.default_rng(0)
    values[:, :, 5] = rng.uniform(0, 1, (30, 1)) + 0.02 * rng.normal(size=(30, 6))
    values[:, :, 7] = 0.5
    start = scratch_start(replace(series, values=values), ALL)
    assert start.rate[5] == start.rate[7] == 0
    assert (start.inclusion[:, [5, 7]] == 0).all()
    assert (np.delete(start.rate, [5, 7]) > 0).all()


@pytest.mark.parametrize("times", [np.array([0.0, 1.0]), np.arange(0, 12, 0.4)], ids=["two times", "long"])
def test_other_designs_with_missing_values(times: np.ndarray) -> None:
    series, _ = simulate(8, 0.02, 1, times=times)
    values = series.values.copy()
    values[0, 1, 3] = values[1, 0, 4] = np.nan
    values[2, :, 6] = np.nan
    series = TimeSeries(genes=series.genes, trajectories=series.trajectories, values=values, times=series.times)
    result = fit(series, None, regulators=ALL, config=QUICK)
    assert np.isfinite(result.network.scores).all() and np.isfinite(result.network.weights).all()
    assert np.isfinite(result.forecast(series).mse_one_step)

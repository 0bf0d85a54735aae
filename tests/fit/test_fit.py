"""The whole fit on known systems of ten genes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from fit_systems import GENES, TRUTH, N, known, make_start, permuted, simulate

from grn_l0._errors import NameMatchError, OptionError
from grn_l0.dynamics import Linear
from grn_l0.fit import FitConfig, FitResult, fit
from grn_l0.fit.summary import status_of
from grn_l0.gates import Fixed
from grn_l0.network import Network
from grn_l0.solve import ExponentialEuler
from grn_l0.sparsity import EmpiricalBayes
from grn_l0.timeseries import TimeSeries

ALL = np.arange(N)
QUICK = FitConfig(steps=10, refit_steps=10)


@pytest.fixture(scope="module")
def linear() -> FitResult:
    k = known()
    return fit(k.series, k.start, regulators=ALL, config=FitConfig(steps=60))


def recovered(result: FitResult) -> tuple[float, float]:
    chosen, true = result.network.weights != 0, TRUTH != 0
    return float((chosen & true).sum() / max(chosen.sum(), 1)), float((chosen & true).sum() / true.sum())


def test_recovers_a_linear_system(linear: FitResult) -> None:
    precision, recall = recovered(linear)
    assert precision > 0.85 and recall == 1
    true = TRUTH != 0
    assert (np.sign(linear.network.weights[true]) == np.sign(TRUTH[true])).all()
    np.testing.assert_allclose(linear.network.weights[true], TRUTH[true], atol=0.15)
    assert (linear.network.scores == linear.start.inclusion).all()


def test_forecasts_a_linear_system(linear: FitResult) -> None:
    test, _ = simulate(5, 0.0, 99)
    forecast = linear.forecast(test)
    assert forecast.mse_one_step < 3e-4
    assert forecast.mse_full < 1e-3
    assert min(forecast.mse_persistence, forecast.mse_gene_mean) > 2e-3
    np.testing.assert_array_equal(forecast.one_step[:, 0], test.values[:, 0])


def test_logistic_family_wins_on_a_logistic_system() -> None:
    k = known(60, noise=0.01, logistic=True)
    result = fit(k.series, k.start, regulators=ALL, config=FitConfig(refit_steps=400, refit_learning_rate=0.02))
    assert result.model.kind == "logistic"
    precision, recall = recovered(result)
    assert precision > 0.8 and recall > 0.85
    test, _ = simulate(5, 0.0, 99, logistic=True)
    assert result.forecast(test).mse_one_step < 5e-4


def test_same_seed_same_bits_other_seed_other_history() -> None:
    k = known(10)
    a, b, c = (fit(k.series, k.start, regulators=ALL, config=QUICK, seed=s) for s in (1, 1, 2))
    assert (a.network.weights == b.network.weights).all()
    assert a.history.equals(b.history)
    assert not a.history.equals(c.history)


def test_permuting_genes_permutes_the_result() -> None:
    k, order = known(10), np.random.default_rng(5).permutation(N)
    p = permuted(k, order)
    config = replace(QUICK, dtype="float64")
    a = fit(k.series, k.start, regulators=ALL, config=config)
    b = fit(p.series, p.start, regulators=ALL, config=config)
    np.testing.assert_allclose(a.network.weights[order][:, order], b.network.weights, atol=1e-6)


def test_units_do_not_matter() -> None:
    k = known(10)
    unit = np.geomspace(0.01, 100, N)
    series = TimeSeries(
        genes=GENES, trajectories=k.series.trajectories, values=k.series.values * unit, times=k.series.times
    )
    ratio = unit[None, :] / unit[:, None]
    start = replace(
        k.start,
        weight=k.start.weight * ratio,
        slab=k.start.slab * ratio,
        curvature=k.start.curvature / ratio**2,
        **{n: getattr(k.start, n) * unit for n in ("center", "offset", "noise", "initial", "states")},
        covariances=tuple(replace(c, whitener=c.whitener / unit[:, None, None]) for c in k.start.covariances),
    )
    config = replace(QUICK, dtype="float64", families="linear")
    a = fit(k.series, k.start, regulators=ALL, config=config)
    b = fit(series, start, regulators=ALL, config=config)
    np.testing.assert_allclose(a.network.weights * ratio, b.network.weights, rtol=1e-5, atol=1e-12)


def test_a_subset_of_regulators() -> None:
    k, some = known(20), np.array([6, 0, 1])
    parts = ("inclusion", "weight", "center", "penalty", "curvature", "slab")
    start = replace(k.start, **{n: getattr(k.start, n)[some] for n in parts})
    result = fit(k.series, start, regulators=some, config=QUICK)
    assert result.network.weights.shape == (3, N)
    assert result.regulators == ("g6", "g0", "g1")
    assert result.network.weights[0, 8] < 0 < result.network.weights[1, 9]
    assert (result.network.weights[ALL[:3], some] == 0).all()


def test_a_network_of_no_edges() -> None:
    k = known(10)
    nothing = replace(k.start, inclusion=np.zeros((N, N)))
    result = fit(k.series, nothing, regulators=ALL, config=QUICK)
    assert result.network.n_edges == 0
    assert "No regulation" in result.status
    assert np.isfinite(result.forecast(k.series).mse_full)


def test_missing_values_irregular_times_and_lengths() -> None:
    k = known(12)
    values, times = k.series.values.copy(), k.series.times.copy()
    times[3, 4:] = np.nan
    values[3, 4:] = np.nan
    values[5, 2, :4] = np.nan
    values[6, 0, 1] = np.nan
    times[7] += 0.3
    series = TimeSeries(genes=GENES, trajectories=k.series.trajectories, values=values, times=times)
    groups = tuple(
        replace(k.start.covariances[0], series=np.array(g), whitener=k.start.covariances[0].whitener[:, :t, :t])
        for g, t in (([3], 4), ([s for s in range(12) if s != 3], 6))
    )
    result = fit(series, replace(k.start, covariances=groups), regulators=ALL, config=QUICK)
    forecast = result.forecast(series)
    assert np.isfinite(forecast.mse_one_step)
    assert np.isnan(forecast.one_step[3, 4:]).all() and np.isfinite(forecast.one_step[5]).all()


def test_divergence_rolls_back_and_says_so() -> None:
    k = known(5)
    config = replace(QUICK, learning_rate=1e20, families="linear")
    result = fit(k.series, k.start, regulators=ALL, config=config)
    assert np.isfinite(result.network.weights).all()
    assert "gated ODE" in result.status and "smaller learning rates" in result.status


def test_long_series_by_multiple_shooting() -> None:
    times = np.arange(0, 10, 0.25)
    series, clean = simulate(6, 0.01, 3, times=times)
    config = FitConfig(window_start="smoothed")
    result = fit(series, make_start(series, clean, 0.01), regulators=ALL, config=config)
    assert recovered(result)[1] > 0.7
    forecast = result.forecast(series)
    assert forecast.mse_one_step < forecast.mse_persistence
    noisy = result.forecast(series, measurement="noisy")
    assert noisy.mse_one_step < forecast.mse_one_step


def test_from_scratch_on_a_linear_system() -> None:
    series, _ = simulate(60, 0.02, 0)
    seen: list[tuple[str, int, int]] = []
    result = fit(
        series,
        None,
        regulators=ALL,
        config=FitConfig(families="linear"),
        progress=lambda stage, done, total, figures: seen.append((stage, done, total)),
    )
    precision, recall = recovered(result)
    assert precision > 0.8 and recall > 0.85
    true = TRUTH != 0
    assert result.network.scores[true].mean() > 0.8 > 0.2 > result.network.scores[~true].mean()
    assert seen[149] == ("gated ODE", 150, 150) and seen[299] == ("test-time gates", 150, 150)
    assert result.start is None


def test_parts_of_ones_own() -> None:
    k = known(10)
    mask = torch.as_tensor(TRUTH != 0)
    own = Linear.from_start(k.start, k.series, regulators=torch.arange(N))
    result = fit(
        k.series,
        k.start,
        regulators=ALL,
        config=QUICK,
        gate=Fixed(mask),
        dynamics=own,
        sparsity=EmpiricalBayes(~torch.eye(N, dtype=torch.bool)),
        solver=ExponentialEuler(step=0.25),
    )
    assert ((result.network.weights != 0) == (TRUTH != 0)).all()
    assert result.model.kind == "linear" and result.solver == ExponentialEuler(step=0.25)


def test_refusals() -> None:
    k = known(3)
    with pytest.raises(OptionError, match="distinct positions"):
        fit(k.series, k.start, regulators=np.array([1, 1]))
    with pytest.raises(OptionError, match="the start has shape"):
        fit(k.series, k.start, regulators=np.array([1, 2]))
    result = fit(k.series, k.start, regulators=ALL, config=QUICK)
    with pytest.raises(OptionError, match="exact"):
        result.forecast(k.series, measurement="perfect")
    other = TimeSeries(genes=("g0", "g1"), trajectories=("a",), values=np.zeros((1, 2, 2)), times=np.array([[0.0, 1]]))
    with pytest.raises(NameMatchError, match="g2"):
        result.forecast(other)
    for bad in ({"steps": -1}, {"window": 4}, {"odds": 0.0}, {"families": "cubic"}, {"survival": 1.5}):
        with pytest.raises(OptionError, match=next(iter(bad))):
            FitConfig(**bad)


def test_density_is_a_number_where_no_edge_is_trained() -> None:
    k = known(10)
    result = fit(k.series, replace(k.start, inclusion=np.zeros((N, N))), regulators=ALL, config=QUICK)
    assert (result.history["density"] == 0).all()


def test_the_status_warns_of_few_trajectories_and_of_broad_regulators() -> None:
    genes = tuple(f"g{k}" for k in range(24))
    weights = np.zeros((24, 24))
    weights[0, 1:] = 1.0
    network = Network(regulators=genes, targets=genes, scores=weights, weights=weights)

    model = Linear.from_start(known(10).start, known(10).series, regulators=torch.arange(N))

    def said(n_series: int) -> str:
        times = np.tile(np.arange(5.0), (n_series, 1))
        values = np.ones((n_series, 5, 24))
        series = TimeSeries(
            genes=genes, trajectories=tuple(f"t{k}" for k in range(n_series)), values=values, times=times
        )
        return status_of(network, model, series, [])

    assert "1 regulator reaches more than half of all genes: along 3 trajectories it cannot be told" in said(3)
    assert "Few trajectories (29): scores rank edges but are overconfident" in said(29)
    assert "along 1 trajectory it" in said(1)
    assert "overconfident" not in said(30) and "few" not in said(45).lower()
    assert "1 regulator reaches more than half of all genes: it cannot be told apart from a trend that all" in said(45)

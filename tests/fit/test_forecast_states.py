"""What forecasts start from: guessed and filtered states, measurements on both sides, expected gates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fit_systems import N, known, make_start, simulate

from grn_l0._errors import OptionError
from grn_l0.dynamics import Linear
from grn_l0.fit import Deviation, FitConfig, FitResult, Knowledge, fit, load_model, save_model
from grn_l0.fit.forecast import make_forecast
from grn_l0.posterior.projection import Projection
from grn_l0.solve import ExponentialEuler
from grn_l0.timeseries import TimeSeries

ALL = np.arange(N)
QUICK = FitConfig(steps=2, refit_steps=2, families="linear")


@pytest.fixture(scope="module")
def long() -> tuple[FitResult, TimeSeries]:
    series, clean = simulate(3, 0.01, 3, times=np.arange(0, 15, 0.25))
    return fit(series, make_start(series, clean, 0.01), regulators=ALL, config=QUICK), series


def part(series: TimeSeries, keep: np.ndarray) -> TimeSeries:
    return TimeSeries(
        genes=series.genes,
        trajectories=series.trajectories,
        values=series.values[:, keep],
        times=series.times[:, keep],
    )


def test_a_present_state_is_the_exact_forecast_of_its_guess(projected: FitResult, projection: Projection) -> None:
    series = known(8).series
    guess = np.stack([projection.estimate(v, np.ones(len(v))) for v in series.values])
    expected = projected.forecast(replace(series, values=guess), measurement="exact")
    found = projected.forecast(series, measurement="present")
    np.testing.assert_allclose(found.one_step[:, 1:], expected.one_step[:, 1:], rtol=1e-6)
    auto = projected.forecast(series)
    assert (auto.one_step == found.one_step).all()
    assert auto.mse_one_step != projected.forecast(series, measurement="exact").mse_one_step


def test_without_a_projection_auto_and_present_are_exact() -> None:
    k = known(8)
    result = fit(k.series, k.start, regulators=ALL, config=QUICK)
    ways = [result.forecast(k.series, measurement=m).one_step for m in ("auto", "present", "exact")]
    assert (ways[0] == ways[2]).all() and (ways[1] == ways[2]).all()


def test_expected_gates_are_probability_times_weight(projected: FitResult) -> None:
    k = known(8)
    assert projected.expected is not None
    found, rows = np.zeros(k.start.weight.shape), projected.expected.regulators.numpy()
    found[rows] = projected.expected.with_matrices().weight.detach()
    np.testing.assert_allclose(found, k.start.inclusion * k.start.weight, rtol=1e-5)
    by_hand = replace(projected, model=projected.expected).forecast(k.series)
    assert (projected.forecast(k.series, gates="expected").one_step == by_hand.one_step).all()
    scratch = fit(k.series, None, regulators=ALL, config=replace(QUICK, scratch_steps=2))
    with pytest.raises(OptionError, match="no posterior"):
        scratch.forecast(k.series, gates="expected")
    with pytest.raises(OptionError, match="hard"):
        projected.forecast(k.series, gates="soft")  # type: ignore[arg-type]


def test_the_filter_without_edges_is_gaussian_conditioning_around_the_relaxation() -> None:
    rng = np.random.default_rng(4)
    times, offset, initial, rate = (
        np.cumsum(rng.uniform(0.2, 2.0, 15)),
        np.array([1.0, -2.0]),
        np.array([0.0, 3.0]),
        0.3,
    )
    values, cells = rng.normal(size=(15, 2)), rng.uniform(1, 9, 15)
    process = Deviation(short=1.0, share=0.3, long=6.0, smooth=True, ratio=2.0)
    model = Linear(
        regulators=torch.tensor([0]),
        center=torch.zeros(1, dtype=torch.float64),
        offset=torch.tensor(offset),
        weight=torch.zeros(1, 2, dtype=torch.float64),
        rate=torch.full((2,), rate, dtype=torch.float64),
    )
    one = np.ones(2)
    knowledge = Knowledge(mean=one, spread=one, noise=one, drift=one, initial=initial, deviation=process, filters=True)
    series = TimeSeries(
        genes=("a", "b"), trajectories=("s",), values=values[None], times=times[None], weights=cells[None]
    )
    options = {"genes": ("a", "b"), "model": model, "solver": ExponentialEuler(step=100.0), "knowledge": knowledge}
    found = make_forecast(series, measurement="noisy", **options).one_step[0]
    mu = offset + np.exp(-rate * (times - times[0]))[:, None] * (initial - offset)
    full, noise = process.kernel(times, times), np.diag(process.ratio / cells)
    for k in range(1, 15):
        weight = np.linalg.solve(full[:k, :k] + noise[:k, :k], full[:k, k])
        np.testing.assert_allclose(found[k], mu[k] + weight @ (values - mu)[:k], atol=1e-6)
    # The same measurements in advance: those before the gap, and those on both sides of it.
    gap = np.arange(6, 10)
    for others in (np.arange(6), np.setdiff1d(np.arange(15), gap)):
        known_ = replace(
            series, values=values[None][:, others], times=times[None][:, others], weights=cells[None][:, others]
        )
        asked = replace(series, values=values[None][:, gap], times=times[None][:, gap], weights=cells[None][:, gap])
        filled = make_forecast(asked, context=known_, **options)
        for j, k in enumerate(gap[1:], start=1):
            for out, own in ((filled.one_step, gap[:j]), (filled.full, gap[:1])):
                rows = np.concatenate([others, own])
                weight = np.linalg.solve(full[np.ix_(rows, rows)] + noise[np.ix_(rows, rows)], full[rows, k])
                np.testing.assert_allclose(out[0, j], mu[k] + weight @ (values - mu)[rows], atol=1e-6)


def test_both_sides_of_a_gap_help_more_than_the_past(long: tuple[FitResult, TimeSeries]) -> None:
    result, series = long
    gap = np.arange(20, 28)
    test, past, both = part(series, gap), part(series, np.arange(20)), part(series, np.setdiff1d(np.arange(60), gap))
    exact, before, around = (result.forecast(test, context=c).mse_full for c in (None, past, both))
    assert around < before and around < exact


def test_a_context_that_does_not_belong_is_refused(long: tuple[FitResult, TimeSeries]) -> None:
    result, series = long
    with pytest.raises(OptionError, match="which is to be forecast"):
        result.forecast(series, context=series)
    stranger = replace(part(series, np.arange(5)), trajectories=("x", "y", "z"))
    with pytest.raises(OptionError, match="no trajectory 's0'"):
        result.forecast(part(series, np.arange(5, 9)), context=stranger)
    k = known(4)
    short = fit(k.series, k.start, regulators=ALL, config=QUICK)
    with pytest.raises(OptionError, match="more than 12 times"):
        short.forecast(part(k.series, np.arange(2)), context=part(k.series, np.arange(2, 6)))


def test_all_of_it_comes_back_from_a_file(
    projected: FitResult, long: tuple[FitResult, TimeSeries], tmp_path: Path
) -> None:
    for name, result, series in (("a", projected, known(8).series), ("b", *long)):
        save_model(tmp_path / name, result)
        again = load_model(tmp_path / name)
        assert again.knowledge.deviation == result.knowledge.deviation
        assert again.knowledge.filters == result.knowledge.filters
        for measurement in ("auto", "exact", "present", "noisy"):
            for gates in ("hard", "expected"):
                a, b = (r.forecast(series, measurement=measurement, gates=gates) for r in (result, again))
                assert (a.one_step == b.one_step).all() and (a.full == b.full).all()

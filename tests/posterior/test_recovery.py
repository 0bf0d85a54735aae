"""Known systems are recovered, from every design; where there is nothing to find, nothing is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0.posterior import PosteriorConfig, Prior, Start, infer_start
from grn_l0.timeseries import TimeSeries

EVERY = np.arange(systems.N)


@pytest.fixture(scope="module")
def series() -> TimeSeries:
    return systems.trajectories(60, seed=1)


@pytest.fixture(scope="module")
def start(series: TimeSeries) -> Start:
    return infer_start(series, EVERY, seed=0)


def test_a_linear_system_is_recovered(start: Start) -> None:
    assert systems.auprc(start) > 0.95
    np.testing.assert_array_equal(start.inclusion > 0.5, systems.TRUTH)


def test_weights_rates_and_constant_genes_are_the_true_ones(start: Start) -> None:
    np.testing.assert_allclose(start.weight[systems.TRUTH], systems.WEIGHT[systems.TRUTH], atol=0.12)
    changing = systems.TRUTH.any(axis=0)
    np.testing.assert_array_equal(start.rate == 0, ~changing)
    np.testing.assert_allclose(start.rate[changing], systems.RATE, rtol=0.15)


def test_noise_is_found_within_20_per_cent(start: Start) -> None:
    np.testing.assert_allclose(start.noise**2, 0.03**2, rtol=0.2)


def test_states_lie_closer_to_the_truth_than_the_measurements(series: TimeSeries, start: Start) -> None:
    clean = systems.trajectories(60, seed=1, noise=0.0)
    # The same random numbers are drawn, so the initial states are the same.
    error = np.mean((start.states - clean.values) ** 2)
    assert error < 0.7 * np.mean((series.values - clean.values) ** 2)


def test_times_and_lengths_may_differ_between_series() -> None:
    rng = np.random.default_rng(4)
    shared = [np.array([0.0, 0.5, 1.5, 3.0]), np.array([1.0, 1.4, 2.0, 3.0, 4.0, 5.5]), systems.TIMES]
    own = [np.concatenate([[0.0], np.sort(rng.uniform(0.3, 5.0, 4))]) for _ in range(5)]
    times = [shared[k % 3] for k in range(55)] + own
    series = systems.trajectories(60, seed=5, times=times)
    start = infer_start(series, EVERY)
    assert systems.auprc(start) > 0.95
    np.testing.assert_array_equal(np.isfinite(start.states), np.isfinite(series.values))
    covered = np.sort(np.concatenate([c.series for c in start.covariances]))
    np.testing.assert_array_equal(covered, np.arange(60))


def test_a_wrong_prior_is_found_out(series: TimeSeries, start: Start) -> None:
    rng = np.random.default_rng(7)
    wrong = (rng.random(systems.TRUTH.shape) < 0.25) & ~systems.TRUTH & ~np.eye(systems.N, dtype=bool)
    given = infer_start(series, EVERY, prior=Prior(listed=wrong))
    # Every listed edge pays for the rate of its class, which has fallen from where it started (.8).
    finite = np.isfinite(given.penalty) & wrong
    assert (1.0 / (1.0 + np.exp(given.penalty[finite]))).max() < 0.2
    assert systems.auprc(given) > 0.95


def test_the_order_of_the_genes_does_not_matter(series: TimeSeries, start: Start) -> None:
    order = np.random.default_rng(10).permutation(systems.N)
    genes = tuple(series.genes[k] for k in order)
    moved = infer_start(replace(series, genes=genes, values=series.values[:, :, order]), EVERY)
    expected = start.inclusion[np.ix_(order, order)]
    assert np.corrcoef(expected.ravel(), moved.inclusion.ravel())[0, 1] > 0.99
    np.testing.assert_array_equal(moved.inclusion > 0.5, expected > 0.5)


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(series: TimeSeries, start: Start) -> None:
    again = infer_start(series, EVERY, seed=0, config=PosteriorConfig(threads=3))
    other = infer_start(series, EVERY, seed=1)
    for name in ("inclusion", "weight", "states", "penalty", "noise", "rate"):
        np.testing.assert_array_equal(getattr(again, name), getattr(start, name))
    assert not np.array_equal(other.inclusion, start.inclusion)
    np.testing.assert_allclose(other.inclusion, start.inclusion, atol=0.1)


def test_a_start_keeps_what_it_promises(start: Start) -> None:
    diagonal = np.diag_indices(systems.N)
    assert (start.inclusion[diagonal] == 0).all()
    assert np.isposinf(start.penalty[diagonal]).all()
    assert (start.inclusion >= 0).all()
    assert (start.inclusion <= 1).all()
    assert (start.noise > 0).all()
    assert (start.slab > 0).all()
    np.testing.assert_array_equal(start.initial, start.states[:, 0])


def test_progress_is_told_after_every_round(series: TimeSeries) -> None:
    told: list[tuple[str, int, int]] = []
    config = PosteriorConfig(rounds=(5, 5, 5), averaged=1, more=0)
    infer_start(series, EVERY, config=config, progress=lambda stage, k, n, _: told.append((stage, k, n)))
    assert told == [("posterior", 1, 3), ("posterior", 2, 3), ("posterior", 3, 3)]


def test_only_regulators_may_regulate(series: TimeSeries) -> None:
    some = np.array([0, 1, 2, 6])
    start = infer_start(series, some)
    assert start.inclusion.shape == (4, systems.N)
    assert (start.inclusion[[0, 1, 2, 3], some] == 0).all()
    direct = systems.TRUTH[some]
    assert start.inclusion[direct].min() > 0.5

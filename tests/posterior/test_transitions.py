"""Long series step by step: denoising, the shared rate, what smoothed series repeat, and the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0.posterior import PosteriorConfig, Prior, infer_start
from grn_l0.posterior.denoise import autocorrelation_rate, denoise
from grn_l0.posterior.response import designs
from grn_l0.posterior.steps import Rows
from grn_l0.posterior.transitions import by_transitions


def test_denoised_states_are_close_to_the_truth() -> None:
    rng = np.random.default_rng(0)
    clean = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 200))
    series = systems.pack([clean + 0.3 * rng.normal(size=clean.shape)], [np.arange(60.0)])
    states, noise = denoise(designs(series), [series.values])
    assert np.linalg.matrix_rank(states[0][0]) == 3
    assert np.mean((states[0][0] - clean) ** 2) < 0.1 * 0.3**2
    np.testing.assert_allclose(noise.mean(), 0.3**2, rtol=0.05)


def test_the_noise_is_that_of_a_measurement_of_weight_one() -> None:
    rng = np.random.default_rng(7)
    cells = rng.integers(1, 20, size=80).astype(float)
    clean = rng.normal(size=(80, 2)) @ rng.normal(size=(2, 400))
    values = clean + 0.8 * rng.normal(size=clean.shape) / np.sqrt(cells)[:, None]
    series = replace(systems.pack([values], [np.arange(80.0)]), weights=cells[None])
    _, noise = denoise(designs(series), [series.values])
    np.testing.assert_allclose(noise.mean(), 0.8**2, rtol=0.1)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_the_rate_of_noisy_autoregressions_is_found(rate: float) -> None:
    rng = np.random.default_rng(1)
    a, steps, genes = np.exp(-rate), 400, 100
    x = np.zeros((steps, genes))
    x[0] = rng.normal(size=genes)
    for k in range(1, steps):
        x[k] = a * x[k - 1] + np.sqrt(1 - a**2) * rng.normal(size=genes)
    series = systems.pack([x + 0.7 * rng.normal(size=x.shape)], [np.arange(float(steps))])
    assert autocorrelation_rate(designs(series), [series.values]) == pytest.approx(rate, rel=0.15)


def _rows(features: np.ndarray, target: np.ndarray) -> Rows:
    n = len(features)
    return Rows(features, target, features, target, np.ones(n), [np.arange(n)])


def test_white_rows_count_once_and_moving_averages_do_not() -> None:
    rng = np.random.default_rng(2)
    white = rng.normal(size=(400, 30))
    smooth = np.stack([np.convolve(column, np.ones(6) / 6, mode="valid") for column in white.T], axis=1)
    assert _rows(white, rng.normal(size=(400, 30))).redundancy() == pytest.approx(1.0, abs=0.1)
    # Both have the correlation 1 - l/6 at lag l, so 1 + 2 sum (1 - l/6)^2 rows count as one.
    exact = 1 + 2 * sum((1 - lag / 6) ** 2 for lag in range(1, 6))
    assert _rows(smooth, smooth).redundancy() == pytest.approx(exact, rel=0.1)


def test_rows_of_another_series_are_no_neighbours() -> None:
    rng = np.random.default_rng(3)
    halves = [rng.normal(size=(1, 20)) * np.ones((50, 1)), rng.normal(size=(1, 20)) * np.ones((50, 1))]
    stacked = np.concatenate(halves)
    rows = Rows(stacked, stacked, stacked, stacked, np.ones(100), [np.arange(50), np.arange(50, 100)])
    # Constant within each series: the correlation is 1 at all lags, so nearly all rows count as one.
    assert rows.redundancy() == pytest.approx(1 + 2 * 24)


def test_one_long_series_is_recovered() -> None:
    series = systems.driven(120, seed=4)
    assert not by_transitions(series)
    start = infer_start(series, np.arange(systems.N), config=PosteriorConfig(rounds=(20, 20, 40), averaged=1))
    assert systems.auprc(start) > 0.75
    found = start.inclusion > 0.5
    assert (found & systems.TRUTH).sum() >= 0.8 * found.sum()


def test_a_smoothed_random_walk_without_edges_has_few() -> None:
    rng = np.random.default_rng(6)
    walk = rng.normal(size=(120, 30))
    for k in range(1, 120):
        walk[k] += 0.8 * walk[k - 1]
    smooth = np.stack([np.convolve(column, np.ones(8) / 8, mode="valid") for column in walk.T], axis=1)
    series = systems.pack([smooth], [np.arange(float(len(smooth)))])
    assert by_transitions(series)
    start = infer_start(series, np.arange(30))
    assert (start.inclusion > 0.5).sum() <= 3
    assert start.redundancy > 2


def test_a_wide_noisy_panel_is_projected_and_cannot_judge_a_prior() -> None:
    rng = np.random.default_rng(5)
    course = np.stack([np.sin(0.5 * np.arange(24) + p) for p in (0.0, 1.0, 2.2)], axis=1)
    values = course @ rng.normal(size=(3, 200)) + 2.0 * rng.normal(size=(24, 200))
    series = systems.pack([values], [5.0 * np.arange(24)])
    regulators = np.arange(40)
    listed = np.zeros((40, 200), dtype=bool)
    listed[:, 100:110] = True
    plain = infer_start(series, regulators, seed=0)
    start = infer_start(series, regulators, prior=Prior(listed=listed), seed=0)
    assert start.projection is not None and start.score is not None and plain.score is not None
    assert "cannot judge" in start.priors[0].sentence() and not plain.priors
    # The gates have not seen the prior, the ranking has.
    assert (start.inclusion == plain.inclusion).all()
    assert start.score[listed].min() > start.score[~listed].max()
    assert abs(plain.score.sum() - plain.inclusion.sum()) < 0.01

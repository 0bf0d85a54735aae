"""Error control where nothing regulates, and frequencies where something does; averaged over data sets."""

from __future__ import annotations

import numpy as np
import pytest

from grn_l0 import baselines, ensemble, simulate

SETS = 8


def false_edges(score, null, asked: float, bound) -> np.ndarray:
    """How many edges are reported in each of several data sets without a single one."""
    found = []
    for seed in range(SETS):
        system = simulate.random_system(12, seed=seed)
        series = null(simulate.short_trajectories(system, 24, noise=0.1, seed=seed), seed)
        found.append(ensemble.resample(ensemble.Top(score=score, edges=10), series, resamples=30, seed=seed))
    return np.array([one.stable(asked, bound).n_edges for one in found])


@pytest.mark.parametrize("bound", ["worst-case", "unimodal", "r-concave"])
@pytest.mark.parametrize("score", [baselines.correlation, baselines.lagged_correlation])
def test_of_noise_no_more_edges_are_reported_than_asked(score, bound):
    asked = 1.5
    counts = false_edges(score, simulate.pure_noise, asked, bound)
    # The bound is on the expectation: three standard errors above it could be chance.
    assert counts.mean() <= asked + 3 * np.sqrt(asked / SETS)
    assert counts.mean() < 10  # what a single network has


def test_permuted_trajectories():
    """Trends that all trajectories share are no regulation, and the lasso on steps does not take them for it."""
    asked = 1.5
    counts = false_edges(baselines.lasso, simulate.permuted, asked, "unimodal")
    assert counts.mean() <= asked + 3 * np.sqrt(asked / SETS)


def test_a_trend_that_every_half_shares_is_not_found_out():
    """What the theory calls false is what chance selects; a bias that all data share comes back in every half."""
    counts = false_edges(baselines.correlation, simulate.permuted, 1.5, "unimodal")
    assert counts.mean() > 3


def test_true_edges_are_frequent():
    system = simulate.random_system(15, seed=3)
    series = simulate.short_trajectories(system, 60, noise=0.02, seed=3)
    place = {gene: k for k, gene in enumerate(series.genes)}
    true = np.zeros((15, 15), dtype=bool)
    true[system.edges["source"].map(place), system.edges["target"].map(place)] = True
    np.fill_diagonal(true, False)
    other = ~true & ~np.eye(15, dtype=bool)
    found = ensemble.resample(ensemble.Top(score=baselines.lasso, edges=12), series, resamples=40, seed=1)
    assert found.frequency[true].mean() > 10 * found.frequency[other].mean()
    network = found.stable(2)
    assert network.n_edges >= 6
    assert true[network.selected].mean() > 0.8

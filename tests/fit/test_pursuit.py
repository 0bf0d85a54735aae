"""Gradient pursuit against exhaustive search on small regressions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from grn_l0.fit import Regressions, gradient_pursuit
from grn_l0.gates import DiffPrune
from grn_l0.sparsity import EmpiricalBayes, L0Constraint, Penalty, bic

ROWS, P = 60, 9


def regression(seed: int, n_targets: int = 5) -> tuple[Regressions, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, P))
    x[:, 1] = 0.8 * x[:, 0] + 0.6 * x[:, 1]  # two that resemble each other
    w = np.where(rng.random((P, n_targets)) < 0.3, rng.choice([-1.0, 1.0], (P, n_targets)), 0.0)
    y = x @ w + 0.5 * rng.normal(size=(ROWS, n_targets))
    t = torch.from_numpy
    return Regressions(gram=t(x.T @ x), cross=t(x.T @ y), power=t((y**2).sum(0)), rows=ROWS), x, y, w


def best_subset(x: np.ndarray, y: np.ndarray, price: float) -> set[int]:
    """The exhaustive minimum of n/2 log RSS + price per regressor."""
    best: tuple[float, set[int]] = (np.inf, set())
    for size in range(P + 1):
        for subset in itertools.combinations(range(P), size):
            inside = x[:, list(subset)]
            left = y - inside @ np.linalg.lstsq(inside, y, rcond=None)[0] if size else y
            best = min(best, (ROWS / 2 * np.log((left**2).sum()) + price * size, set(subset)), key=lambda b: b[0])
    return best[1]


def test_the_support_is_that_of_the_exhaustive_search() -> None:
    same = total = 0
    for seed in range(6):
        data, x, y, _ = regression(seed)
        allowed = torch.ones(P, y.shape[1], dtype=torch.bool)
        found = gradient_pursuit(data, allowed, Penalty(bic(ROWS)), slab=1.0, occam=False)
        for i in range(y.shape[1]):
            total += 1
            same += set(np.flatnonzero(found.probability[:, i] > 0.5)) == best_subset(x, y[:, i], bic(ROWS))
    # the rest differ by a regressor that is worth about its price: the noise is estimated on the way
    assert same >= 0.75 * total


def test_weights_and_noise_are_those_of_least_squares_on_the_support() -> None:
    data, x, y, _ = regression(1)
    found = gradient_pursuit(data, torch.ones(P, y.shape[1], dtype=torch.bool), EmpiricalBayes(torch.ones(P, 5).bool()))
    i = 0
    support = np.flatnonzero(found.probability[:, i] > 0.5)
    solution, rss, *_ = np.linalg.lstsq(x[:, support], y[:, i], rcond=None)
    np.testing.assert_allclose(found.weight[support, i], solution, atol=0.1)
    assert float(found.variance[i]) == pytest.approx(float(rss[0]) / ROWS, rel=0.35)


def test_forbidden_edges_stay_closed_and_targets_can_be_empty() -> None:
    data, _, y, _ = regression(2)
    allowed = torch.ones(P, y.shape[1], dtype=torch.bool)
    allowed[0] = False
    found = gradient_pursuit(data, allowed, Penalty(0.0))
    assert (found.probability[0] == 0).all()
    dear = gradient_pursuit(data, allowed, Penalty(1e4))
    assert float(dear.probability.sum()) == 0


def test_a_constraint_is_kept_from_scratch() -> None:
    data, _, _, w = regression(3, n_targets=40)
    allowed = torch.ones(P, 40, dtype=torch.bool)
    density = 0.5 * float((w != 0).mean())
    constraint = L0Constraint(density, allowed=allowed, rate=20.0, restart=False)
    found = gradient_pursuit(data, allowed, constraint, last_steps=200)
    assert float(found.probability.mean()) == pytest.approx(density, abs=0.03)
    truth = torch.from_numpy(w != 0)
    assert float(found.probability[truth].sum()) > 0.95 * float(found.probability.sum())


def test_diffprune_from_scratch() -> None:
    data, _, y, w = regression(4)
    allowed = torch.ones(P, y.shape[1], dtype=torch.bool)
    found = gradient_pursuit(data, allowed, Penalty(0.0), slab=1.0, make=DiffPrune.from_probability)
    hits = (found.probability.numpy() > 0.5) == (w != 0)
    assert hits.mean() > 0.9

"""The compiled chain against enumeration of all gates, where swaps matter and where they do not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from grn_l0._typing import Float, ndarray
from grn_l0.posterior.gibbs import sweep_targets

SLAB, VARIANCE = 0.5, 1.0


def straight(copies: int, r: int) -> tuple[ndarray, ndarray, ndarray]:
    """No curvature."""
    return np.zeros((0, 1, r)), np.full(copies, -1), np.zeros(0, int)


def enumerate_gates(
    gram: Float[ndarray, "regulators regulators"],
    score: Float[ndarray, " regulators"],
    log_odds: Float[ndarray, " regulators"],
) -> tuple[Float[ndarray, " regulators"], Float[ndarray, " regulators"]]:
    r"""P(open) and E[zw]: the marginal likelihood of every subset, :math:`w \sim N(0, \tau^2)` integrated out.

    log BF = -log det(I + tau^2 G / v) / 2 + (s/v)' (G/v + I/tau^2)^-1 (s/v) / 2, over the open regulators.
    """
    inclusion, effect, total = np.zeros(len(score)), np.zeros(len(score)), 0.0
    for gates in itertools.product([False, True], repeat=len(score)):
        z = np.flatnonzero(gates)
        precision = gram[np.ix_(z, z)] / VARIANCE + np.eye(len(z)) / SLAB**2
        mean = np.linalg.solve(precision, score[z] / VARIANCE)
        log_factor = 0.5 * score[z] / VARIANCE @ mean - 0.5 * np.linalg.slogdet(SLAB**2 * precision)[1]
        mass = np.exp(log_factor + log_odds[z].sum())
        total += mass
        inclusion[z] += mass
        effect[z] += mass * mean
    return inclusion / total, effect / total


def sample(
    gram: Float[ndarray, "regulators regulators"],
    score: Float[ndarray, " regulators"],
    log_odds: Float[ndarray, " regulators"],
    sweeps: int,
    copies: int,
) -> tuple[Float[ndarray, "copies regulators"], Float[ndarray, "copies regulators"]]:
    """Means of every one of `copies` targets that are all the same, so that their spread is the Monte Carlo error."""
    r = len(score)
    inclusion, effect = np.zeros((copies, r)), np.zeros((copies, r))
    # A variance known beforehand as if from 1e12 observations stays what it is.
    sweep_targets(
        0, copies, gram[None], np.zeros(copies, int), *straight(copies, r), np.tile(score, (copies, 1)),
        np.zeros((copies, r)), np.tile(log_odds, (copies, 1)), np.zeros((copies, r), int), np.array([[SLAB]]),
        np.ones((1, 1)), np.full(copies, VARIANCE), np.full(copies, 10.0), np.tile(score, (copies, 1)),
        np.full(copies, 5.0), np.full(copies, VARIANCE), np.full(copies, 1e12), 0, 0, sweeps, True,
        inclusion, effect, np.zeros((copies, 1, 1)),
    )  # fmt: skip
    return inclusion / sweeps, effect / sweeps


@pytest.mark.parametrize("alike", [0.0, 0.6, 0.95])
def test_three_regulators_agree_with_all_eight_subsets(alike: float) -> None:
    """Swaps among few, correlated regulators: a swap must be as likely as its reverse."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 3))
    x[:, 1] = alike * x[:, 0] + np.sqrt(1 - alike**2) * x[:, 1]
    y = x @ [0.25, 0.2, 0.0] + rng.normal(size=30)
    gram, score, log_odds = x.T @ x, x.T @ y, np.array([-0.5, -0.2, -1.0])
    inclusion, effect = sample(gram, score, log_odds, sweeps=2000, copies=40)
    for found, exact in zip((inclusion, effect), enumerate_gates(gram, score, log_odds), strict=True):
        error = found.std(axis=0) / np.sqrt(len(found))
        np.testing.assert_array_less(np.abs(found.mean(axis=0) - exact), 4.5 * error + 1e-5)


def test_targets_do_not_share_their_random_numbers() -> None:
    """Means of identical targets are as far apart as independent chains are, neighbours no closer than others."""
    gram, score, log_odds = np.eye(4) * 20.0, np.full(4, 4.0), np.zeros(4)
    # Independent coefficients: after one sweep each weight is a draw of its own.
    weight = np.zeros((4000, 4))
    r = 4
    sweep_targets(
        0, 4000, gram[None], np.zeros(4000, int), *straight(4000, r), np.tile(score, (4000, 1)), weight,
        np.tile(log_odds, (4000, 1)), np.zeros((4000, r), int), np.array([[SLAB]]), np.ones((1, 1)),
        np.ones(4000), np.full(4000, 10.0), np.tile(score, (4000, 1)), np.full(4000, 5.0), np.ones(4000),
        np.full(4000, 1e12), 0, 0, 1, False, np.zeros((4000, r)), np.zeros((4000, r)), np.zeros((4000, 1, 1)),
    )  # fmt: skip
    is_open = (weight != 0).astype(float)
    for lag in (1, 2, 3):
        for a, b in itertools.product(range(r), repeat=2):
            assert abs(np.corrcoef(is_open[lag:, a], is_open[:-lag, b])[0, 1]) < 0.08, (lag, a, b)


def test_the_noise_variance_has_its_inverse_gamma_mean() -> None:
    copies, square, freedom, strength, level = 3000, 40.0, 18.0, 6.0, 1.5
    variance = np.ones(copies)
    closed = np.full((copies, 1), -np.inf)
    sweep_targets(
        0, copies, np.ones((1, 1, 1)), np.zeros(copies, int), *straight(copies, 1), np.zeros((copies, 1)),
        np.zeros((copies, 1)), closed, np.zeros((copies, 1), int), np.array([[SLAB]]), np.ones((1, 1)), variance,
        np.full(copies, square), np.zeros((copies, 1)), np.full(copies, freedom), np.full(copies, level),
        np.full(copies, strength), 0, 0, 1, False, np.zeros((copies, 1)), np.zeros((copies, 1)),
        np.zeros((copies, 1, 1)),
    )  # fmt: skip
    shape, scale = (freedom + strength) / 2, (square + strength * level) / 2
    np.testing.assert_allclose(variance.mean(), scale / (shape - 1), rtol=0.03)
    np.testing.assert_allclose((1 / variance).mean(), shape / scale, rtol=0.03)


def test_a_targets_own_gram_is_that_of_its_class_less_its_factor() -> None:
    """Curvature as a low rank in the kernel against the same Gram matrix given whole."""
    rng = np.random.default_rng(4)
    x, b, y = rng.normal(size=(30, 3)), 0.5 * rng.normal(size=(2, 30)), rng.normal(size=30)
    left = np.eye(30) - b.T @ np.linalg.solve(np.eye(2) + b @ b.T, b)
    low = np.linalg.cholesky(np.linalg.inv(np.eye(2) + b @ b.T)).T @ b
    padded = np.zeros((1, 5, 3))
    padded[0, :2] = low @ x
    score, log_odds = x.T @ left @ y, np.array([-0.5, -0.2, -1.0])
    copies = 40
    runs = []
    for gram, more in (
        (x.T @ x, (np.repeat(padded, copies, axis=0), np.arange(copies), np.full(copies, 2))),
        (x.T @ left @ x, straight(copies, 3)),
    ):
        inclusion = np.zeros((copies, 3))
        sweep_targets(
            0, copies, gram[None], np.zeros(copies, int), *more, np.tile(score, (copies, 1)),
            np.zeros((copies, 3)), np.tile(log_odds, (copies, 1)), np.zeros((copies, 3), int), np.array([[SLAB]]),
            np.ones((1, 1)), np.full(copies, VARIANCE), np.full(copies, 10.0), np.tile(score, (copies, 1)),
            np.full(copies, 5.0), np.full(copies, VARIANCE), np.full(copies, 1e12), 0, 0, 200, True,
            inclusion, np.zeros((copies, 3)), np.zeros((copies, 1, 1)),
        )  # fmt: skip
        runs.append(inclusion)
    np.testing.assert_allclose(*runs, rtol=1e-9)

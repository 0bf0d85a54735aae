"""The compiled chain against enumeration of all gates, where swaps matter and where they do not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from posterior_chains import ONE, Case, Slabs

from grn_l0._typing import Float, ndarray

VARIANCE = 1.0

#: Most tests have one slab; else one family of two, or two families of two with unequal shares, an edge in the second.
TWO: Slabs = np.array([[0.2, 0.9]]), np.array([[0.7, 0.3]]), None
MIXED: Slabs = np.array([[0.2, 0.9], [0.05, 0.5]]), np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 1, 0])


def enumerate_gates(
    gram: Float[ndarray, "regulators regulators"],
    score: Float[ndarray, " regulators"],
    log_odds: Float[ndarray, " regulators"],
    slabs: Slabs = ONE,
) -> tuple[Float[ndarray, " regulators"], Float[ndarray, " regulators"]]:
    r"""P(open) and E[zw]: the marginal likelihood of every choice of closed or one of the slabs per regulator.

    With :math:`w \sim N(0, T)` integrated out, T the chosen slabs' variances,
    log BF = -log det(I + T G / v) / 2 + (s/v)' (G/v + 1/T)^-1 (s/v) / 2, over the open regulators.
    """
    width, share, family = slabs
    group = np.zeros(len(score), int) if family is None else family
    masses, opens, means = [], [], []
    for choice in itertools.product(range(width.shape[1] + 1), repeat=len(score)):
        z = np.flatnonzero(choice)
        k = np.array(choice)[z] - 1
        tau = width[group[z], k]
        precision = gram[np.ix_(z, z)] / VARIANCE + np.diag(tau**-2.0)
        mean = np.linalg.solve(precision, score[z] / VARIANCE)
        log_factor = 0.5 * score[z] / VARIANCE @ mean - 0.5 * np.linalg.slogdet(precision)[1] - np.log(tau).sum()
        masses.append(log_factor + log_odds[z].sum() + np.log(share[group[z], k]).sum())
        opens.append(np.isin(np.arange(len(score)), z).astype(float))
        means.append(np.zeros(len(score)))
        means[-1][z] = mean
    # Relative to the largest, because evidence may exceed what a float can hold.
    mass = np.exp(np.array(masses) - max(masses))
    mass /= mass.sum()
    return mass @ np.array(opens), mass @ np.array(means)


def sample(
    gram: Float[ndarray, "regulators regulators"],
    score: Float[ndarray, " regulators"],
    log_odds: Float[ndarray, " regulators"],
    sweeps: int,
    copies: int,
    slabs: Slabs = ONE,
) -> tuple[Float[ndarray, "copies regulators"], Float[ndarray, "copies regulators"]]:
    """P(open) and E[zw] of every copy."""
    found = Case(gram, score, log_odds, copies, slabs).sweep(sweeps)
    return found.inclusion, found.effect


def agree(found: tuple[ndarray, ndarray], exact: tuple[ndarray, ndarray]) -> None:
    for chains, truth in zip(found, exact, strict=True):
        error = chains.std(axis=0) / np.sqrt(len(chains))
        np.testing.assert_array_less(np.abs(chains.mean(axis=0) - truth), 4.5 * error + 1e-5)


@pytest.mark.parametrize("slabs", [ONE, TWO, MIXED], ids=["one slab", "two slabs", "two families of two"])
@pytest.mark.parametrize("alike", [0.0, 0.6, 0.95])
def test_three_regulators_agree_with_all_subsets(alike: float, slabs: Slabs) -> None:
    """Swaps among few, correlated regulators: a swap must be as likely as its reverse."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 3))
    x[:, 1] = alike * x[:, 0] + np.sqrt(1 - alike**2) * x[:, 1]
    y = x @ [0.25, 0.2, 0.0] + rng.normal(size=30)
    gram, score, log_odds = x.T @ x, x.T @ y, np.array([-0.5, -0.2, -1.0])
    exact = enumerate_gates(gram, score, log_odds, slabs)
    agree(sample(gram, score, log_odds, sweeps=2000, copies=40, slabs=slabs), exact)


def test_evidence_beyond_what_a_float_holds() -> None:
    """Two near copies explain a target to thousands of nats; only swaps can say which of them it is."""
    rng = np.random.default_rng(3)
    x = 300.0 * rng.normal(size=(30, 3))
    x[:, 1] = x[:, 0] + 1.5 * rng.normal(size=30)
    y = 0.3 * (x[:, 0] + x[:, 1]) / 2 + rng.normal(size=30)
    gram, score, log_odds = x.T @ x, x.T @ y, np.full(3, -3.0)
    exact = enumerate_gates(gram, score, log_odds)
    assert score[0] ** 2 / gram[0, 0] / 2 > 1000 and 0.1 < exact[0][0] < 0.9 and 0.1 < exact[0][1] < 0.9
    agree(sample(gram, score, log_odds, sweeps=4000, copies=40), exact)


def test_targets_do_not_share_their_random_numbers() -> None:
    """Means of identical targets are as far apart as independent chains are, neighbours no closer than others."""
    # Independent coefficients: after one sweep each weight is a draw of its own.
    case = Case(np.eye(4) * 20.0, np.full(4, 4.0), np.zeros(4), 4000)
    is_open = (case.sweep(1, record=False).weight != 0).astype(float)
    for lag in (1, 2, 3):
        for a, b in itertools.product(range(4), repeat=2):
            assert abs(np.corrcoef(is_open[lag:, a], is_open[:-lag, b])[0, 1]) < 0.08, (lag, a, b)


def test_the_noise_variance_has_its_inverse_gamma_mean() -> None:
    square, freedom, strength, level = 40.0, 18.0, 6.0, 1.5
    closed = Case(
        np.ones((1, 1)), np.zeros(1), np.full(1, -np.inf), 3000,
        square=square, freedom=freedom, level=level, strength=strength,
    )  # fmt: skip
    variance = closed.sweep(1, record=False).variance
    shape, scale = (freedom + strength) / 2, (square + strength * level) / 2
    np.testing.assert_allclose(variance.mean(), scale / (shape - 1), rtol=0.03)
    np.testing.assert_allclose((1 / variance).mean(), shape / scale, rtol=0.03)


def test_the_noise_variance_is_that_of_what_open_edges_leave() -> None:
    """Two weights that are known well, and so is what they leave of the sum of squares."""
    rng = np.random.default_rng(6)
    x, low = rng.normal(size=(60, 2)), 0.3 * rng.normal(size=(2, 2))
    gram = 1e4 * (x.T @ x)
    own = gram - 1e4 * low.T @ low
    weight = np.array([0.4, -0.7])
    square, freedom = float(weight @ own @ weight) + 50.0, 60.0
    case = Case(
        gram, own @ weight, np.full(2, 20.0), 2000, square=square, freedom=freedom, strength=1.0, low=100.0 * low
    )
    found = case.sweep(5)
    assert (found.count == 2).all()
    # Two degrees of freedom go to the weights, which scatter around their estimate.
    np.testing.assert_allclose((1 / found.variance).mean(), (freedom - 2 + 1) / (50.0 + 1.0), rtol=0.03)


def test_a_targets_own_gram_is_that_of_its_class_less_its_factor() -> None:
    """Curvature as a low rank in the kernel against the same Gram matrix given whole."""
    rng = np.random.default_rng(4)
    x, b, y = rng.normal(size=(30, 3)), 0.5 * rng.normal(size=(2, 30)), rng.normal(size=30)
    left = np.eye(30) - b.T @ np.linalg.solve(np.eye(2) + b @ b.T, b)
    low = np.linalg.cholesky(np.linalg.inv(np.eye(2) + b @ b.T)).T @ b
    score, log_odds = x.T @ left @ y, np.array([-0.5, -0.2, -1.0])
    runs = [
        Case(x.T @ x, score, log_odds, 40, low=low @ x).sweep(200),
        Case(x.T @ left @ x, score, log_odds, 40).sweep(200),
    ]
    for name in ("inclusion", "effect", "second", "weight"):
        np.testing.assert_allclose(*(getattr(run, name) for run in runs), rtol=1e-5, atol=1e-6)

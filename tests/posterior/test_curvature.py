"""Curvature of the production, against dense marginal likelihoods."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from posterior_chains import chain_of, choice_of

from grn_l0.posterior import curvature
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.curvature import Curvature, curvature_of
from grn_l0.posterior.gibbs import _move
from grn_l0.posterior.grams import FixedGrams, Gram

N_SERIES, GRID, ROWS = 6, 5, 24
MIX = np.random.default_rng(9).normal(size=(ROWS, N_SERIES * GRID)) / np.sqrt(N_SERIES * GRID)


def responses(parts: list[np.ndarray]) -> np.ndarray:
    """Any linear map will do."""
    return MIX @ np.concatenate([p.reshape(-1, p.shape[2]) for p in parts])


def states(seed: int, n: int = 3) -> list[np.ndarray]:
    """Two designs of one grid length."""
    x = np.random.default_rng(seed).normal(size=(N_SERIES, GRID, n))
    return [x[:2], x[2:]]


def products(x: list[np.ndarray], weight: np.ndarray, likely: list[int]) -> list[np.ndarray]:
    """All second-order terms, those of two regulators twice."""
    pairs = list(combinations_with_replacement(likely, 2))
    return [
        np.stack([abs(weight[a] * weight[b]) * (1 if a == b else 2) * p[:, :, a] * p[:, :, b] for a, b in pairs], 2)
        for p in x
    ]


def dense(z: np.ndarray, residual: np.ndarray) -> tuple[float, float]:
    """The level of most evidence and its gain: log N(residual; 0, v (I + level Z Z')), v by maximum likelihood."""
    n, gains = len(residual), []
    null = -0.5 * n * np.log(residual @ residual / n)
    for level in curvature._LEVELS:
        covariance = np.eye(n) + level * z @ z.T
        v = residual @ np.linalg.solve(covariance, residual) / n
        gains.append(-0.5 * n * np.log(v) - 0.5 * np.linalg.slogdet(covariance)[1] - null)
    return float(curvature._LEVELS[int(np.argmax(gains))]), float(max(gains))


def case(seed: int, strength: float) -> tuple[Curvature | None, np.ndarray, np.ndarray, list[np.ndarray]]:
    x, weight = states(seed), np.array([0.8, -0.5, 0.6])
    terms = products(x, weight, [0, 1])
    z = responses(terms)
    rng = np.random.default_rng(100 + seed)
    residual = strength * z @ rng.normal(size=3) + 0.3 * rng.normal(size=ROWS)
    # The third regulator is not likely, whatever its weight.
    found = curvature_of(x, np.array([0, 1]), weight[:2], responses, residual, ROWS)
    return found, z, residual, terms


@pytest.mark.parametrize("seed", range(3))
def test_factor_and_production_are_those_of_the_dense_model(seed: int) -> None:
    found, z, residual, terms = case(seed, 3.0)
    level, gain = dense(z, residual)
    assert gain > 2 and found is not None
    inverse = np.linalg.inv(np.eye(ROWS) + level * z @ z.T)
    assert len(found.factor) <= curvature.MOST
    np.testing.assert_allclose(np.eye(ROWS) - found.factor.T @ found.factor, inverse, atol=1e-8)
    mean = level * z.T @ inverse @ residual
    for got, part in zip(found.production, terms, strict=True):
        np.testing.assert_allclose(got, part @ mean, atol=1e-8)


def test_found_exactly_where_the_dense_evidence_says_so() -> None:
    decisions = []
    for seed in range(40):
        found, z, residual, _ = case(seed, 0.15)
        assert (found is not None) == (dense(z, residual)[1] >= 2.0)
        decisions.append(found is not None)
    assert 5 < sum(decisions) < 35


def measured(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[2]) if x.ndim == 3 else x.ravel()


@pytest.mark.parametrize("bend", [0.0, 1.0])
def test_a_product_of_two_regulators_is_found_and_a_sum_is_not(bend: float) -> None:
    found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(10, 8, 3))
        y = x[:, :, 0] + x[:, :, 1] + bend * x[:, :, 0] * x[:, :, 1] + 0.3 * rng.normal(size=(10, 8))
        flat = measured(x)
        weight = np.linalg.lstsq(flat, y.ravel(), rcond=None)[0]
        got = curvature_of([x], np.array([0, 1]), weight[:2], lambda p: measured(p[0]), y.ravel() - flat @ weight, 80)
        found += got is not None
        if got is not None and bend:
            # Of the product itself, and little else.
            truth = x[:, :, 0] * x[:, :, 1]
            assert np.corrcoef(got.production[0].ravel(), truth.ravel())[0, 1] > 0.95
    assert found == 10 if bend else found <= 1


def test_no_likely_regulator_has_no_curvature() -> None:
    x = states(0)
    assert curvature_of(x, np.zeros(0, int), np.zeros(0), responses, np.ones(ROWS), ROWS) is None


def test_only_the_six_strongest_are_multiplied() -> None:
    x = states(1, n=8)
    weight = np.array([0.1, 1.0, 0.9, -0.8, 0.7, -0.6, 0.5, 0.05])
    terms = products(x, weight, list(range(1, 7)))
    z = responses(terms)
    residual = 5.0 * z @ np.random.default_rng(2).normal(size=z.shape[1])
    found = curvature_of(x, np.arange(8), weight, responses, residual, ROWS)
    level, _ = dense(z, residual)
    assert found is not None and len(found.factor) == curvature.MOST
    np.testing.assert_allclose(
        found.factor.T @ found.factor, np.eye(ROWS) - np.linalg.inv(np.eye(ROWS) + level * z @ z.T), atol=1e-8
    )


def test_positions_among_many_regulators_are_those_of_the_likely_ones() -> None:
    """Regulators 4 and 1, in this order, each with its own weight."""
    x, weight = states(2, n=6), np.array([0.6, -0.9])
    terms = products(x, np.array([0, -0.9, 0, 0, 0.6, 0]), [1, 4])
    z = responses(terms)
    residual = 5.0 * z @ np.random.default_rng(2).normal(size=z.shape[1])
    found = curvature_of(x, np.array([4, 1]), weight, responses, residual, ROWS)
    level, _ = dense(z, residual)
    inverse = np.linalg.inv(np.eye(ROWS) + level * z @ z.T)
    assert found is not None
    np.testing.assert_allclose(np.eye(ROWS) - found.factor.T @ found.factor, inverse, atol=1e-8)


def bent() -> tuple[Gram, np.ndarray]:
    """Three targets of one Gram matrix, the first and the last with a factor; and what is their own."""
    rng = np.random.default_rng(3)
    x, factor = rng.normal(size=(30, 4)), 0.5 * rng.normal(size=(2, 3, 4))
    factor[1, 1:] = 0.0
    gram = x.T @ x
    made = Gram(
        genes=np.array([5, 1, 3]), gram=gram, score=8.0 * rng.normal(size=(3, 4)), square=np.full(3, 40.0),
        freedom=np.full(3, 30.0), factor=factor, bent=np.array([1, -1, 0]), used=np.array([3, 1]),
    )  # fmt: skip
    own = np.stack([gram - factor[1, :1].T @ factor[1, :1], gram, gram - factor[0].T @ factor[0]])
    return made, own


def test_residual_correlations_are_those_of_each_targets_own_gram_matrix() -> None:
    made, own = bent()
    weight = np.random.default_rng(4).normal(size=(3, 4))
    for i, (w, score) in enumerate(zip(weight, made.score, strict=True)):
        residual = score.copy()
        low = made.factor[max(made.bent[i], 0)]
        for j in range(4):
            _move(residual, made.gram, low, made.used[made.bent[i]] if made.bent[i] >= 0 else 0, j, w[j])
        np.testing.assert_allclose(residual, score - own[i] @ w, atol=1e-12)


def test_what_a_round_says_of_the_curvature_of_its_edges() -> None:
    """Of each target's own Gram matrix where an edge has a weight, and of that of all where it has none."""
    made, own = bent()
    candidates = np.ones((7, 4), dtype=bool)
    candidates[:, 2] = False
    chain = chain_of(candidates, PosteriorConfig())
    summary = chain.run(FixedGrams([made], np.full(7, 30.0)), choice_of(7), 60)
    weighted = summary.weight.toarray() != 0
    assert weighted[[5, 1, 3]].sum() >= 6 and not weighted[:, 2].any() and not weighted[[0, 2, 4, 6]].any()
    want = np.zeros((7, 4))
    for gene, mine in zip(made.genes, own, strict=True):
        want[gene] = np.where(weighted[gene], np.diag(mine), np.diag(made.gram))
    np.testing.assert_allclose(summary.curvature.of(np.arange(len(summary.variance))), want, rtol=1e-12)
    row, column = np.nonzero(np.ones((7, 4)))
    np.testing.assert_allclose(summary.curvature.at(row, column), want.ravel(), rtol=1e-12)
    assert summary.curvature.at(row[:0], column[:0]).shape == (0,)


def test_rows_that_hold_no_information_change_nothing() -> None:
    """Rows of a rotation of the data and zeros: what projecting out fixed effects leaves."""
    rng = np.random.default_rng(3)
    turned = np.linalg.qr(rng.normal(size=(3 * ROWS, 3 * ROWS)))[0][:, :ROWS]
    decisions = []
    for seed in range(40):
        x, weight = states(seed), np.array([0.8, -0.5, 0.6])
        z = responses(products(x, weight, [0, 1]))
        noise = np.random.default_rng(100 + seed)
        residual = 0.15 * z @ noise.normal(size=3) + 0.3 * noise.normal(size=ROWS)
        wide = curvature_of(x, np.arange(2), weight[:2], lambda p: turned @ responses(p), turned @ residual, ROWS)
        assert (wide is not None) == (dense(z, residual)[1] >= 2.0)
        decisions.append(wide is not None)
    assert 5 < sum(decisions) < 35

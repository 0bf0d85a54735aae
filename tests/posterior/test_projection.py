"""States from one measurement of many genes, and the settings that leaving out chooses."""

from __future__ import annotations

import numpy as np

from grn_l0.posterior.leave_out import choose_settings
from grn_l0.posterior.projection import Projection, make_projection
from grn_l0.posterior.ranking import marginal_evidence, rank_scores, trust


def small() -> tuple[Projection, np.ndarray]:
    rng = np.random.default_rng(0)
    loadings = np.linalg.qr(rng.normal(size=(12, 3)))[0]
    mean, scale = rng.normal(size=12), rng.uniform(0.5, 2, 12)
    projection = Projection(mean=mean, scale=scale, loadings=loadings, power=np.array([9.0, 4.0, 1.0]), rest=0.2)
    covariance = loadings @ np.diag(projection.power) @ loadings.T
    return projection, covariance + 0.2 * (np.eye(12) - loadings @ loadings.T)


def test_the_guess_is_the_gaussian_posterior_mean() -> None:
    projection, prior = small()
    rng = np.random.default_rng(1)
    values, weights = rng.normal(size=(5, 12)), rng.uniform(0.5, 20, 5)
    found = projection.estimate(values, weights)
    for row, weight, state in zip(values, weights, found, strict=True):
        y = (row - projection.mean) / projection.scale
        expected = prior @ np.linalg.solve(prior + np.eye(12) / weight, y)
        np.testing.assert_allclose(state, projection.mean + projection.scale * expected, atol=1e-10)


def test_an_exact_measurement_is_the_state_and_a_missing_gene_follows_the_others() -> None:
    projection, _ = small()
    rng = np.random.default_rng(2)
    clean = projection.mean + projection.scale * (rng.normal(size=(4, 3)) @ projection.loadings.T)
    np.testing.assert_allclose(projection.estimate(clean, np.full(4, 1e12)), clean, rtol=1e-6)
    gap = clean.copy()
    gap[:, 5] = np.nan
    better = np.abs(projection.estimate(gap, np.full(4, 1e6))[:, 5] - clean[:, 5])
    assert (better < np.abs(projection.mean[5] - clean[:, 5])).all()


def test_the_share_kept_is_that_of_a_typical_weight() -> None:
    low = np.outer(np.sin(np.arange(20.0)), np.ones(6))
    projection = make_projection(low, mean=np.zeros(6), scale=np.ones(6), noise=1e-9, share=0.5, weight=7.0)
    outside = np.array([[1.0, -1.0, 0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(projection.estimate(outside, np.array([7.0])), 0.5 * outside, atol=1e-6)


def simulated(noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A rotation in six dimensions seen through 300 genes, 40 times."""
    rng = np.random.default_rng(seed)
    angle = np.exp(1j * np.outer(np.arange(40), [0.4, 0.7, 1.1]))
    course = np.concatenate([angle.real, angle.imag], axis=1)
    clean = course @ rng.normal(size=(6, 300))
    values = clean + noise * rng.normal(size=clean.shape)
    return (values - values.mean(axis=0)) / values.std(axis=0), np.arange(40.0)


def test_leaving_out_finds_the_rank_and_whether_to_project() -> None:
    for noise, projected in ((3.0, True), (0.01, False)):
        values, times = simulated(noise, 3)
        found = choose_settings(values, times, np.zeros(40, dtype=np.int64), np.arange(0, 300, 5))
        if projected:
            assert found.rank in (5, 6, 8) and found.rest < 1
        else:
            # Without noise the rest is a matter of taste, but no component may be lost.
            assert found.rank >= 6 or found.rest == 1.0


def test_forecasts_inside_blocks_are_those_of_the_same_computation_on_arrays() -> None:
    """An independent implementation with singular values and weights in place of inner products."""
    from grn_l0.posterior import leave_out as module

    values, times = simulated(1.0, 5)
    values, times = values[:20], times[:20]
    regulators, block, share, rank = np.arange(0, 300, 5), np.array([7, 8, 9]), 0.6, 3
    kept = np.setdiff1d(np.arange(20), block)
    gram = values @ values.T
    inner = values[:, regulators] @ values[:, regulators].T
    known = np.array([k for k in range(19) if k not in block and k + 1 not in block])
    asked = np.array([7, 8])
    projected = module._States.of(gram, inner, kept).project(rank)
    found = projected.errors(known, asked, share ** np.diff(times))
    y = values - values[kept].mean(axis=0)
    right = np.linalg.svd(y[kept], full_matrices=False)[2][:rank]
    low = y @ right.T @ right
    design = (1 - share) * low[known][:, regulators]
    target = y[known + 1] - share * low[known]
    centred, left = design - design.mean(axis=0), target - target.mean(axis=0)
    kernel = centred @ centred.T
    for p, ridge in enumerate(module._RIDGES):
        level = ridge * np.trace(kernel) / len(known)
        weight = centred.T @ np.linalg.solve(kernel + level * np.eye(len(known)), left)
        offset = (target - design @ weight).mean(axis=0) / (1 - share)
        for q, rest in enumerate(module._RESTS):
            state = low[asked] + rest * (y[asked] - low[asked])
            ahead = share * state + (1 - share) * (state[:, regulators] @ weight + offset)
            expected = ((ahead - y[asked + 1]) ** 2).sum() / 2
            np.testing.assert_allclose(found[p, q], expected, rtol=1e-8)


def test_evidence_is_the_likelihood_ratio_of_two_regressions() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(size=(30, 5))
    values[1:, 4] += values[:-1, 0]
    name = np.repeat([0, 1], 15)
    found = marginal_evidence(values, np.ones(30), name, np.array([0, 1]))
    now = np.corrcoef(values.T)[0, 4]
    follows = np.flatnonzero(name[1:] == name[:-1])
    later = np.corrcoef(values[follows, 0], values[follows + 1, 4])[0, 1]
    np.testing.assert_allclose(found[0, 4], -7.5 * np.log((1 - now**2) * (1 - later**2)))
    assert found[0, 4] > found[1, 4]


def test_scores_keep_probabilities_and_take_the_order_of_marginal_evidence() -> None:
    inclusion = np.array([[0.9, 0.2, 0.01], [0.0, 0.3, 0.02]])
    evidence = np.array([[0.0, 1.0, 5.0], [9.0, 2.0, 3.0]])
    log_odds = np.array([[-3.0, -3.0, -3.0], [-np.inf, -3.0, -3.0]])
    score = rank_scores(inclusion, evidence, log_odds)
    assert score[0, 0] == 0.9 and score[1, 0] == 0.0
    np.testing.assert_allclose(score, [[0.9, 0.01, 0.3], [0.0, 0.02, 0.2]], atol=1e-5)
    np.testing.assert_allclose(score.sum(), inclusion.sum(), atol=1e-5)


def test_a_prior_that_cannot_be_judged_ranks_first_and_keeps_the_order_within() -> None:
    score = np.array([[0.9, 0.2], [0.5, 0.1]])
    listed = np.array([[False, True], [False, True]])
    found = trust(score, listed, 0.8)
    assert found[listed].min() > 0.8 > found[~listed].max()
    assert found[0, 1] > found[1, 1] and found[0, 0] > found[1, 0] and found.max() <= 1

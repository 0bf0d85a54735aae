"""Many closed gates that are looked at together: each opens as often as it should, and apart from all others."""

from __future__ import annotations

import numpy as np
import pytest
from posterior_chains import Case, Slabs, chain_of, choice_of, ready, same

from grn_l0._typing import Float, ndarray
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.grams import FixedGrams, Gram

N, COPIES, VARIANCE = 200, 4000, 0.7

#: One slab, one family of three, and two families of two of which every third edge has the second.
SLABS: dict[str, Slabs] = {
    "one slab": (np.array([[0.5]]), np.ones((1, 1)), None),
    "three slabs": (np.array([[0.1, 0.3, 1.0]]), np.array([[0.5, 0.3, 0.2]]), None),
    "two families": (np.array([[0.2, 0.9], [0.6, 1.5]]), np.array([[0.7, 0.3], [0.4, 0.6]]), np.arange(N) % 3 // 2),
}


def exact(case: Case) -> tuple[Float[ndarray, " regulators"], Float[ndarray, " regulators"]]:
    """P(open) and E[w | open] of independent edges, in closed form."""
    width, share, family = case.slabs
    group = np.zeros(N, int) if family is None else family
    t2, g, s = width[group] ** 2, np.diag(case.gram)[:, None] / VARIANCE, case.score[:, None] / VARIANCE
    spread = t2 / (1.0 + t2 * g)
    log_terms = np.log(share[group]) - 0.5 * np.log1p(t2 * g) + 0.5 * s**2 * spread
    most = log_terms.max(axis=1, keepdims=True)
    terms = np.exp(log_terms - most)
    log_odds = case.log_odds + most[:, 0] + np.log(terms.sum(axis=1))
    mean = (terms * spread * s).sum(axis=1) / terms.sum(axis=1)
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -700, 700))), mean


def independent(slabs: Slabs, strong: float, seed: int = 0) -> Case:
    """An orthogonal Gram matrix; a share of the edges has 8 to 400 nats, and every tenth is no candidate.

    Prior odds are such that most edges are closed nearly always, and some now and then or nearly never.
    """
    rng = np.random.default_rng(seed)
    gram = np.diag(rng.uniform(5.0, 50.0, N))
    width = slabs[0].max()
    nats = np.where(rng.random(N) < strong, rng.uniform(8.0, 400.0, N), rng.uniform(0.0, 7.0, N))
    pull = 0.5 * width**2 / (1.0 + width**2 * np.diag(gram) / VARIANCE)
    score = np.sqrt(nats / pull) * rng.choice([-1, 1], N) * VARIANCE
    odds_after = np.where(rng.random(N) < 0.8, rng.uniform(-7.0, -2.0, N), rng.uniform(-2.0, 3.0, N))
    case = Case(gram, score, np.zeros(N), COPIES, slabs, variance=VARIANCE)
    p, _ = exact(case)
    # Prior odds beyond e^-80 are no number in single precision: such edges are simply open.
    log_odds = np.maximum(odds_after - np.where(p > 1 - 1e-12, nats, np.log(p / (1 - np.minimum(p, 1 - 1e-13)))), -80.0)
    log_odds[::10] = -np.inf
    return Case(gram, score, log_odds, COPIES, slabs, variance=VARIANCE)


@pytest.mark.parametrize("strong", [0.0, 0.1])
@pytest.mark.parametrize("name", SLABS)
def test_every_gate_opens_as_often_as_is_likely(name: str, strong: float) -> None:
    """One sweep from closed gates: openings of all edges are draws of their own, 4,000 targets."""
    case = independent(SLABS[name], strong)
    p, mean = exact(case)
    assert (p > 0.05).sum() > 20 and ((p > 1e-4) & (p < 0.05)).sum() > 50
    found = case.sweep(1)
    is_open = (found.weight != 0).astype(float)
    assert not is_open[:, ::10].any()
    candidates = np.setdiff1d(np.arange(N), np.arange(0, N, 10))
    error = np.sqrt(np.maximum(p * (1 - p), 1e-12) / COPIES)
    z = ((is_open.mean(axis=0) - p) / error)[candidates]
    free = (COPIES * p * (1 - p))[candidates] > 10
    assert free.sum() > 80
    assert np.abs(z[free]).max() < 4.5
    assert abs((z[free] ** 2).mean() - 1.0) < 5 * np.sqrt(2 / free.sum())
    # Where fewer than ten are expected, all of them together.
    rare = candidates[~free]
    total = is_open[:, rare].sum()
    assert abs(total - COPIES * p[rare].sum()) < 4.5 * np.sqrt(COPIES * (p * (1 - p))[rare].sum() + 1)
    # Those that open know nothing of each other: the number of open edges scatters as a sum of independent draws.
    count = is_open.sum(axis=1)
    variance = (p * (1 - p))[candidates].sum()
    assert abs(count.mean() - p[candidates].sum()) < 4.5 * np.sqrt(variance / COPIES)
    np.testing.assert_allclose(count.var(), variance, rtol=5 * np.sqrt(2 / COPIES))
    np.testing.assert_array_equal(count, found.count)
    # What is recorded is no frequency but the probability itself.
    np.testing.assert_allclose(found.inclusion[:, candidates], np.tile(p[candidates], (COPIES, 1)), rtol=2e-4)
    likely = candidates[p[candidates] > 1e-3]
    np.testing.assert_allclose(found.effect[:, likely], np.tile((p * mean)[likely], (COPIES, 1)), rtol=3e-4)


@pytest.mark.parametrize("name", SLABS)
def test_weights_of_gates_that_open_come_from_their_conditional(name: str) -> None:
    case = independent(SLABS[name], 0.05)
    p, mean = exact(case)
    weight = case.sweep(1, record=False).weight
    often = np.flatnonzero(p > 0.2)
    assert len(often) > 10
    for j in often:
        drawn = weight[weight[:, j] != 0, j]
        assert abs(drawn.mean() - mean[j]) < 4.5 * drawn.std() / np.sqrt(len(drawn))


def test_gates_stay_in_balance_over_many_sweeps() -> None:
    """Swaps, and gates that open and close again, keep each gate's share of the sweeps."""
    case = independent(SLABS["two families"], 0.05)
    p, _ = exact(case)
    is_open = (case.sweep(20, record=False).weight != 0).mean(axis=0)
    candidates = np.setdiff1d(np.arange(N), np.arange(0, N, 10))
    error = np.sqrt(p * (1 - p) / COPIES + 1e-12)
    free = candidates[(COPIES * p * (1 - p))[candidates] > 10]
    assert np.abs((is_open - p) / error)[free].max() < 4.5


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_edges_are_open_than_there_is_room_for(most: int) -> None:
    case = independent(SLABS["one slab"], 0.1)
    full = Case(case.gram, case.score, case.log_odds, 50, case.slabs, variance=VARIANCE, most=most).sweep(5)
    assert (full.count == most).all() and ((full.weight != 0).sum(axis=1) == most).all()


def correlated(n: int = 30) -> tuple[ndarray, ndarray]:
    rng = np.random.default_rng(12)
    x = rng.normal(size=(80, n)) + 0.7 * rng.normal(size=(80, 1))
    weight = np.zeros(n)
    weight[[2, 11, 17]] = [0.5, -0.35, 0.3]
    return x, x @ weight + rng.normal(size=80)


def single(made: FixedGrams) -> FixedGrams:
    """The same in single precision."""
    parts = [
        Gram.plain(p.genes, p.gram.astype(np.float32), p.score.astype(np.float32), p.square, p.freedom)
        for p in made.parts
    ]
    return FixedGrams(parts, made.freedom)


def test_single_precision_changes_less_than_chance_does() -> None:
    x, y = correlated()
    copies = 60
    twice = ready(x, np.tile(y[:, None], (1, copies)), [np.arange(copies)])
    found = []
    for seed, grams in ((0, twice), (1, single(twice))):
        chain = chain_of(np.ones((copies, x.shape[1]), dtype=bool), PosteriorConfig(uniform_price=True), seed)
        found.append(chain.run(grams, choice_of(copies), 600))
    for one, other in (
        (found[0].inclusion, found[1].inclusion),
        (found[0].weight.toarray(), found[1].weight.toarray()),
    ):
        error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / copies)
        assert (np.abs(one.mean(axis=0) - other.mean(axis=0)) < 4.5 * error + 1e-6).all()
    middle = found[0].inclusion.mean(axis=0)
    assert (middle > 0.9).any() and ((middle > 0.05) & (middle < 0.95)).sum() >= 2


def test_results_do_not_depend_on_how_targets_are_put_into_groups() -> None:
    x, y = correlated()
    rng = np.random.default_rng(3)
    targets = np.concatenate([np.tile(y[:, None], (1, 5)), rng.normal(size=(80, 7))], axis=1)
    every = np.ones((12, x.shape[1]), dtype=bool)
    splits = [
        [np.arange(12)],
        [np.arange(4), np.arange(4, 12)],
        [np.array([11, 0, 5]), np.array([3]), np.array([10, 9, 8, 7, 6, 4, 2, 1])],
        [np.array([k]) for k in range(12)],
    ]
    runs = []
    for parts in splits:
        chain = chain_of(every, PosteriorConfig())
        choice = choice_of(12)
        runs.append([chain.run(ready(x, targets, parts), choice, 30) for _ in range(3)])
        # Rates and shares that are learned are those of all targets.
        np.testing.assert_allclose(chain.shares.sum(axis=1), 1.0)
    for run in runs[1:]:
        for one, other in zip(runs[0], run, strict=True):
            same(one, other)
    assert not np.array_equal(runs[0][0].inclusion, runs[0][1].inclusion)

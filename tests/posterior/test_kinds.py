"""The population that kinds of noise come from, against sums written out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from grn_l0.posterior import PosteriorConfig, infer_start
from grn_l0.posterior.kind_shares import best_kinds, evidence_of, learn_shares
from grn_l0.posterior.kinds import _FEW, _STEPS, _evenly, _population
from grn_l0.simulate import DESIGNS

RATE = np.array([0, 0, 0, 1, 1, -1, -1, -1, -1])


def written_out(log_lik: np.ndarray, share: np.ndarray, n_genes: int, many: bool) -> np.ndarray:
    """One step: shares of kinds by responsibility; up to half of it, the rest by rate and evenly within."""
    rates = sorted(set(RATE))
    mixed = np.zeros(len(RATE))
    for i in range(n_genes):
        each = [share[k] * np.exp(log_lik[k, i]) for k in range(len(RATE))]
        for k in range(len(RATE)):
            mixed[k] += each[k] / sum(each) / n_genes
    weight = 0.5 * max(n_genes - _FEW, 0) / n_genes if many else 0.0
    out = np.zeros(len(RATE))
    for k in range(len(RATE)):
        same = [m for m in range(len(RATE)) if RATE[m] == RATE[k]]
        of_rate = (sum(mixed[m] for m in same) * n_genes + 1) / (n_genes + len(rates))
        out[k] = weight * mixed[k] + (1 - weight) * of_rate / len(same)
    return out


def as_evidence(log_lik: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
    """Noise that is where the population has it: the evidence is the likelihood."""
    return log_lik, np.zeros_like(log_lik), np.ones((len(log_lik), 1)), np.zeros(log_lik.shape[1]), 1.0


@pytest.mark.parametrize("many", [True, False])
@pytest.mark.parametrize("n_genes", [1, 20, 120])
def test_shares_are_learned_over_the_genes(n_genes: int, many: bool) -> None:
    rng = np.random.default_rng(0)
    log_lik = 3 * rng.normal(size=(len(RATE), n_genes))
    share = np.exp(_evenly(RATE))
    np.testing.assert_allclose([share[r == RATE].sum() for r in (-1, 0, 1)], 1 / 3)
    _, group, sizes = np.unique(RATE, return_inverse=True, return_counts=True)
    found = learn_shares(*as_evidence(log_lik), group, sizes, share, *_population(n_genes, many=many))
    for _ in range(_STEPS if many else 1):
        share = written_out(log_lik, share, n_genes, many)
    np.testing.assert_allclose(found, share, rtol=1e-10)
    np.testing.assert_allclose(found.sum(), 1.0)


def by_matrices(log_lik: np.ndarray, group: np.ndarray, share: np.ndarray, weight: float, steps: int) -> np.ndarray:
    """Expectation-maximisation with the whole matrix of likelihoods."""
    sizes = np.bincount(group)
    likelihood, n_genes = np.exp(log_lik - log_lik.max(axis=0)), log_lik.shape[1]
    for _ in range(steps):
        mixed = share * (likelihood @ (1.0 / (share @ likelihood))) / n_genes
        per_rate = (np.bincount(group, mixed) * n_genes + 1.0) / (n_genes + len(sizes))
        share = weight * mixed + (1.0 - weight) * (per_rate / sizes)[group]
    return share


@pytest.mark.parametrize("steps", [0, 1, 8])
@pytest.mark.parametrize("weight", [0.0, 0.4])
def test_kinds_that_fit_a_gene_far_worse_do_not_count(weight: float, steps: int) -> None:
    """Thousands of nats apart, levels far beyond what a float holds."""
    rng = np.random.default_rng(1)
    group = np.sort(rng.integers(0, 12, 90))
    group = np.unique(group, return_inverse=True)[1]
    log_lik = rng.normal(size=(90, 70)) * rng.choice([0.5, 20.0, 500.0], 70) - 5000.0 + 4000.0 * rng.normal(size=70)
    assert np.mean(log_lik.max(axis=0) - log_lik > 30) > 0.3
    share = rng.dirichlet(np.ones(90))
    before = share.copy()
    found = learn_shares(*as_evidence(log_lik), group, np.bincount(group), share, weight, steps)
    np.testing.assert_allclose(found, by_matrices(log_lik, group, share, weight, steps), rtol=1e-9)
    np.testing.assert_array_equal(share, before)


def test_the_noise_prior_and_the_best_kind_in_plain_numbers() -> None:
    rng = np.random.default_rng(2)
    log_lik, log_v = 40 * rng.normal(size=(9, 30)), rng.normal(size=(9, 30))
    freedom, center, spread = rng.uniform(2, 50, size=(9, 30)), rng.normal(size=30), 0.3
    log_share = np.log(rng.dirichlet(np.ones(9)))
    # Two kinds that are alike: the first of them.
    for table in (log_lik, log_v, freedom):
        table[7] = table[3]
    log_share[7] = log_share[3]
    log_lik[3, :5] = log_lik[7, :5] = 1e3
    expected = log_lik - 0.5 * (log_v - center) ** 2 / (spread + 2 / freedom)
    found = [[evidence_of(k, i, log_lik, log_v, freedom, center, spread) for i in range(30)] for k in range(9)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    best, value = best_kinds(log_lik, log_v, freedom, center, spread, log_share)
    np.testing.assert_array_equal(best, np.argmax(expected + log_share[:, None], axis=0))
    np.testing.assert_allclose(value, (expected + log_share[:, None]).max(axis=0))
    assert (best[:5] == 3).all() and len(set(best)) > 3
    # One column of degrees of freedom stands for all genes; a kind without a share is not chosen.
    log_share[3] = log_share[7] = -np.inf
    same = np.tile(freedom[:, :1], (1, 30))
    both = [best_kinds(log_lik, log_v, free, center, spread, log_share) for free in (same, freedom[:, :1].copy())]
    np.testing.assert_array_equal(*(b for b, _ in both))
    assert not np.isin(both[0][0], (3, 7)).any()


def test_a_single_series_does_not_end_at_rates_that_explain_everything() -> None:
    """24 times of a hundred genes and their decoys: a population that learned from itself took the slowest rate."""
    system, series = DESIGNS["one long series 24"](0)
    config = PosteriorConfig(rounds=(20,) * 5, more=0)
    start = infer_start(series, np.arange(series.n_genes), config=config)
    assert np.median(start.rate) > 0.2  # all rates are 1; runs reach up to .6, .85 and 1.2
    pairs = ~np.eye(series.n_genes, dtype=bool)
    truth = np.asarray(system.truth)[pairs] != 0
    assert average_precision_score(truth, start.inclusion[pairs]) > 3 * truth.mean()

"""The population that kinds of noise come from, against sums written out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from grn_l0.posterior import PosteriorConfig, infer_start
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


@pytest.mark.parametrize("many", [True, False])
@pytest.mark.parametrize("n_genes", [1, 20, 120])
def test_shares_are_learned_over_the_genes(n_genes: int, many: bool) -> None:
    rng = np.random.default_rng(0)
    log_lik = 3 * rng.normal(size=(len(RATE), n_genes))
    share = np.exp(_evenly(RATE))
    np.testing.assert_allclose([share[r == RATE].sum() for r in (-1, 0, 1)], 1 / 3)
    found = np.exp(_population(log_lik, RATE, np.log(share), many=many))
    for _ in range(_STEPS if many else 1):
        share = written_out(log_lik, share, n_genes, many)
    np.testing.assert_allclose(found, share, rtol=1e-10)
    np.testing.assert_allclose(found.sum(), 1.0)


def test_a_single_series_does_not_end_at_rates_that_explain_everything() -> None:
    """24 times of a hundred genes and their decoys: a population that learned from itself took the slowest rate."""
    system, series = DESIGNS["one long series 24"](0)
    config = PosteriorConfig(rounds=(20,) * 5, more=0)
    start = infer_start(series, np.arange(series.n_genes), config=config)
    assert np.median(start.rate) > 0.2  # all rates are 1; runs reach up to .6, .85 and 1.2
    pairs = ~np.eye(series.n_genes, dtype=bool)
    truth = np.asarray(system.truth)[pairs] != 0
    assert average_precision_score(truth, start.inclusion[pairs]) > 3 * truth.mean()

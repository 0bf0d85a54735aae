"""Agreement of two networks: by hand, against enumeration and against scipy."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from grn_l0 import metrics
from grn_l0._errors import DataError, OptionError

A = np.array([[0, 1, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]], dtype=bool)
B = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 0, 0]], dtype=bool)


def test_counts_by_hand():
    found = metrics.edge_agreement(A, B, ~np.eye(3, 4, dtype=bool))
    assert (found["edges_first"], found["edges_second"], found["shared"], found["candidates"]) == (4, 4, 3, 9)
    assert found["jaccard"] == pytest.approx(3 / 5)
    assert found["overlap"] == pytest.approx(3 / 4)
    assert math.isnan(found["sign_agreement"]) and math.isnan(found["weight_correlation"])


def test_only_candidates_count():
    mask = np.ones(A.shape, dtype=bool)
    mask[0] = False
    found = metrics.edge_agreement(A, B, mask)
    assert (found["edges_first"], found["edges_second"], found["shared"]) == (1, 2, 1)
    assert found["overlap"] == 1


def test_signs_and_weights_of_shared_edges_alone():
    a = np.where(A, 2.0, 9.0)
    b = np.where(B, 1.0, -9.0)
    a[0, 1], b[0, 1] = -1.0, -0.5
    a[0, 2], b[0, 2] = 3.0, -1.5
    a[1, 2], b[1, 2] = 1.0, 0.25
    found = metrics.edge_agreement(A, B, signs=(np.sign(a), np.sign(b)), weights=(a, b))
    assert found["sign_agreement"] == pytest.approx(2 / 3)
    assert found["weight_correlation"] == pytest.approx(np.corrcoef([-1, 3, 1], [-0.5, -1.5, 0.25])[0, 1])
    unknown = metrics.edge_agreement(A, B, signs=(np.sign(a), 0 * b), weights=(a, 0 * b + np.nan))
    assert math.isnan(unknown["sign_agreement"]) and math.isnan(unknown["weight_correlation"])


@pytest.mark.parametrize(("a", "b", "n"), [(2, 3, 6), (5, 4, 6), (0, 3, 5), (4, 4, 4)])
def test_chance_is_the_mean_over_all_draws(a, b, n):
    first = set(range(a))
    draws = [len(first & {*d}) / len(first | {*d}) for d in itertools.combinations(range(n), b)]
    assert metrics.jaccard_by_chance(a, b, n) == pytest.approx(np.mean(draws))


def test_empty_networks_have_no_jaccard():
    assert math.isnan(metrics.jaccard_by_chance(0, 0, 9))
    found = metrics.edge_agreement(A & False, B & False)
    assert math.isnan(found["jaccard"]) and math.isnan(found["overlap"])
    with pytest.raises(OptionError, match="among 3"):
        metrics.jaccard_by_chance(4, 1, 3)


def test_rank_correlation_is_spearmans(rng):
    a, b = rng.integers(0, 9, (2, 5, 6)).astype(float)
    mask = rng.random((5, 6)) < 0.7
    assert metrics.rank_agreement(a, b, mask) == pytest.approx(spearmanr(a[mask], b[mask])[0])
    assert metrics.rank_agreement(a, np.exp(a)) == pytest.approx(1)
    b[0, 0] = -np.inf
    assert metrics.rank_agreement(a, b) == pytest.approx(metrics.rank_agreement(a, np.where(np.isinf(b), -1, b)))


def test_rank_correlation_of_nothing_and_of_no_scores():
    assert math.isnan(metrics.rank_agreement(np.ones((2, 2)), np.arange(4.0).reshape(2, 2)))
    assert math.isnan(metrics.rank_agreement(np.ones((1, 2)), np.ones((1, 2))))
    with pytest.raises(DataError, match="1 of 4"):
        metrics.rank_agreement(np.array([[1, np.nan], [0, 2]]), np.ones((2, 2)))
    with pytest.raises(OptionError, match="shape"):
        metrics.rank_agreement(np.ones((2, 2)), np.ones((2, 3)))

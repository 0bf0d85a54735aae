"""Reliability counts and the expected calibration error, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss

from grn_l0 import metrics
from grn_l0._errors import OptionError

SCORES = np.array([[0.0, 0.05, 0.15], [0.5, 0.95, 1.0]])
TRUTH = np.array([[0, 0, 1], [0, 1, -1]])


def test_counts_by_hand():
    found = metrics.reliability(SCORES, TRUTH)
    assert found.count.tolist() == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert found.total == pytest.approx([0.05, 0.15, 0, 0, 0, 0.5, 0, 0, 0, 1.95])
    assert found.hits.tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found.predicted[9] == pytest.approx(0.975)
    assert found.observed[[0, 1, 9]].tolist() == [0, 1, 1]
    assert np.isnan(found.predicted[2])


def test_error_by_hand():
    found = metrics.reliability(SCORES, TRUTH)
    # |.05 - 0| + |.15 - 1| + |.5 - 0| + |1.95 - 2| over six candidates; without the first bin over four.
    assert found.error() == pytest.approx((0.05 + 0.85 + 0.5 + 0.05) / 6)
    assert found.error(0.1) == pytest.approx((0.85 + 0.5 + 0.05) / 4)
    assert np.isnan(metrics.reliability(SCORES[:, :1] * 0, TRUTH[:, :1]).error(0.1))


def test_candidates_and_pooling():
    mask = np.array([[True, True, True], [True, False, True]])
    left = metrics.reliability(SCORES, TRUTH, mask)
    both = left + metrics.reliability(SCORES, TRUTH, ~mask)
    assert left.count.sum() == 5
    assert both.error() == pytest.approx(metrics.reliability(SCORES, TRUTH).error())


def test_probabilities_that_are_right_on_average_have_a_small_error():
    rng = np.random.default_rng(0)
    p = rng.random((300, 300))
    assert metrics.reliability(p, rng.random((300, 300)) < p).error() < 0.01
    assert metrics.reliability(p, rng.random((300, 300)) < p**2).error() > 0.1


def test_scores_that_are_no_probabilities_are_refused():
    with pytest.raises(OptionError, match="from 0 to 2"):
        metrics.reliability(2 * SCORES, TRUTH)
    with pytest.raises(OptionError, match="bins"):
        metrics.reliability(SCORES, TRUTH, bins=0)


def test_brier_score_is_scikit_learns():
    rng = np.random.default_rng(1)
    p = rng.random((30, 20))
    true, mask = rng.random((30, 20)) < p, rng.random((30, 20)) < 0.8
    assert metrics.brier(p, true, mask) == pytest.approx(brier_score_loss(true[mask], p[mask]))
    assert np.isnan(metrics.brier(p, true, mask & False))
    with pytest.raises(OptionError, match="probabilities"):
        metrics.brier(p - 0.5, true)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_interval_is_wilsons(level):
    counts = metrics.Reliability(
        count=np.array([10, 0, 7, 400]), total=np.array([1.0, 0, 4, 350]), hits=np.array([0, 0, 7, 341])
    )
    low, high = counts.interval(level)
    assert np.isnan(low[1]) and np.isnan(high[1])
    for k in (0, 2, 3):
        known = binomtest(int(counts.hits[k]), int(counts.count[k])).proportion_ci(level, method="wilson")
        assert (low[k], high[k]) == pytest.approx((known.low, known.high))
    with pytest.raises(OptionError, match="level"):
        counts.interval(95)


def test_table_has_a_row_per_bin_that_holds_anything():
    found = metrics.reliability(SCORES, TRUTH).table()
    assert found["from"].tolist() == pytest.approx([0, 0.1, 0.5, 0.9])
    assert found["to"].tolist() == pytest.approx([0.1, 0.2, 0.6, 1.0])
    assert found["candidates"].tolist() == [2, 1, 1, 2]
    assert found["observed"].tolist() == [0, 1, 0, 1]
    assert ((found["low"] <= found["observed"] + 1e-12) & (found["observed"] <= found["high"] + 1e-12)).all()

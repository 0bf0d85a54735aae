"""Recalibrated probabilities against a mixture of which the posterior is known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest
from scipy.special import expit

from grn_l0 import metrics
from grn_l0.posterior import PosteriorConfig, Prior, infer_start
from grn_l0.posterior.calibrate import calibrated, overconfident, reciprocity
from grn_l0.timeseries import TimeSeries

ALONE = np.array([0])  # One regulator, gene 0, which is no candidate for itself.


def test_an_overconfident_mixture_becomes_calibrated() -> None:
    # Log odds of wrong edges ~ N(m - 4, 100), of right ones N(m + 4, 100): their log likelihood ratio at x is
    # .08 (x - m), and with as many of each and m = -2.5 the right log odds are .2 + .08 x where the model says x.
    rng = np.random.default_rng(0)
    true = rng.random((1, 200_000)) < 0.5
    stated = expit(-2.5 + np.where(true, 4.0, -4.0) + 10.0 * rng.standard_normal(true.shape))
    sure = stated > 0.6
    before = metrics.reliability(stated, true, sure).error()
    after = metrics.reliability(calibrated(stated, ALONE), true, sure).error()
    assert before > 0.2
    assert after < 0.03


def test_the_order_is_strict_up_to_the_last_bit_and_scores_only_fall() -> None:
    low = np.geomspace(1e-12, 0.5, 400)
    p = np.concatenate([[0.0], low, 1.0 - low[-2::-1], [1.0 - 2.0**-53, 1.0]])[None, :]
    q = calibrated(p, ALONE)
    assert (np.diff(q[0]) > 0).all()
    assert (q <= p).all() and q[0, 0] == 0.0
    assert 0.9 < q.max() < 1.0


def test_reciprocity_by_hand() -> None:
    # Regulators are genes 2 and 0: P(2 -> 0) = .8 and P(0 -> 2) = .5 meet, P(0 -> 1) = .7 has no counterpart.
    p = np.array([[0.8, 0.0, 0.0], [0.0, 0.7, 0.5]])
    assert reciprocity(p, np.array([2, 0])) == pytest.approx(2 * 0.8 * 0.5 / 2.0)
    assert reciprocity(np.zeros((2, 3)), np.array([2, 0])) == 0.0


def test_edges_in_both_directions_cost_all_edges() -> None:
    one_way = np.array([[0.0, 0.9, 0.9], [0.0, 0.0, 0.9], [0.0, 0.0, 0.0]])
    # 2 * .9^2 / 3.6 = .45 and anything above .1 count alike.
    p = one_way.copy()
    p[1, 0] = 0.9
    every = np.arange(3)
    assert calibrated(one_way, every)[0, 1] == pytest.approx(expit(0.2 + 0.08 * np.log(9.0)))
    assert calibrated(p, every)[0, 1] == pytest.approx(expit(0.2 - 2.4 + 0.08 * np.log(9.0)))


@pytest.mark.parametrize(
    ("n_series", "n_times", "expected"),
    [(2, 40, False), (3, 12, False), (3, 13, True), (29, 12, False), (29, 13, True), (30, 13, False)],
)
def test_where_probabilities_are_too_sure(n_series: int, n_times: int, expected: bool) -> None:
    series = systems.pack([np.zeros((n_times, 2))] * n_series, [np.arange(float(n_times))] * n_series)
    assert overconfident(series) is expected


def _walks() -> TimeSeries:
    rng = np.random.default_rng(3)
    return systems.pack([np.cumsum(rng.normal(size=(14, 6)), axis=0) for _ in range(5)], [np.arange(14.0)] * 5)


def test_only_the_score_changes_and_only_without_a_prior() -> None:
    series, every = _walks(), np.arange(6)
    quick = PosteriorConfig(rounds=(6, 6, 6), search=False)
    start = infer_start(series, every, config=quick)
    assert start.score is not None
    np.testing.assert_array_equal(start.score, calibrated(start.inclusion, every))
    assert "Scores are tempered" in start.note
    # No decoys, nothing to say; a prior's edges keep their place.
    without = infer_start(series, every, config=replace(quick, false_share=None))
    assert without.score is None
    listed = np.zeros((6, 6), dtype=bool)
    listed[0, 1:] = True
    given = infer_start(series, every, prior=Prior(listed=listed), config=quick)
    assert given.score is None and "Scores are tempered" not in given.note

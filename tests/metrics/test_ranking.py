from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from grn_l0._errors import DataError, GrnWarning, OptionError
from grn_l0.metrics import early_precision, ranking


def test_hand_computed() -> None:
    # Sorted by score: true, false, (true, false tie), false, true; the diagonal of -9 is outside.
    scores = np.array([[-9, 6, 5], [4, -9, 4], [3, 2, -9]], dtype=float)
    truth = np.array([[1, 1, 0], [-1, 1, 0], [0, 1, 1]])
    found = ranking(scores, truth, ~np.eye(3, dtype=bool))
    # Points (recall, precision): (1/3, 1), (1/3, 1/2), (2/3, 2/4), (2/3, 2/5), (1, 3/6)
    auprc = (1 + 0.5 + 0.5) / 3
    assert found["auprc"] == pytest.approx(auprc)
    assert found["auprc_trapezoid"] == pytest.approx((1 + (0.5 + 0.5) / 2 + (0.4 + 0.5) / 2) / 3)
    assert found["density"] == 0.5
    assert found["auprc_ratio"] == pytest.approx(2 * auprc)
    # Pairs (true, false) won: 6 beats 3 of them, 4 beats one and ties one, 2 beats none.
    assert found["auroc"] == pytest.approx((3 + 1.5 + 0) / 9)
    # The third score is 4 and ties with the fourth: two of four are true.
    assert found["epr"] == pytest.approx(0.5 / 0.5)


@given(
    st.lists(st.tuples(st.integers(-3, 3) | st.just(math.inf) | st.just(-math.inf), st.booleans()), min_size=2).filter(
        lambda pairs: len({true for _, true in pairs}) == 2
    )
)
def test_against_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    score, truth = np.array(pairs, dtype=float).T.copy()
    found = ranking(score[None], truth[None])
    finite = np.clip(score, -9, 9)  # scikit-learn takes no infinite scores
    assert found["auroc"] == pytest.approx(oracle.roc_auc_score(truth, finite))
    assert found["auprc"] == pytest.approx(oracle.average_precision_score(truth, finite))
    precision, recall, _ = oracle.precision_recall_curve(truth, finite)
    assert found["auprc_trapezoid"] == pytest.approx(oracle.auc(recall, precision))
    assert found["auprc_ratio"] == pytest.approx(found["auprc"] / truth.mean())


def test_only_candidates_count() -> None:
    rng = np.random.default_rng(0)
    scores, truth, candidates = rng.random((6, 9)), rng.random((6, 9)) < 0.3, rng.random((6, 9)) < 0.6
    scores[~candidates] = np.nan
    assert ranking(scores, truth, candidates) == ranking(scores[candidates][None], truth[candidates][None])
    # Neither the order nor any increasing function of the scores matters.
    assert ranking(scores[::-1], truth[::-1], candidates[::-1]) == pytest.approx(ranking(scores, truth, candidates))
    assert ranking(np.exp(scores), truth, candidates) == ranking(scores, truth, candidates)


def test_scores_that_say_nothing() -> None:
    truth = np.array([[True, False, False, False]])
    found = ranking(np.ones((1, 4)), truth)
    assert (found["auroc"], found["auprc"], found["epr"]) == (0.5, 0.25, 1)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([9, 8, 7, 6, 5], 1 / 2),  # the best two: one right
        ([9, 8, 8, 8, 5], 2 / 4),  # three tie for the second place
        ([9, 0, 0, 0, 0], 1.0),  # as in BEELINE, 0 means no edge where nothing is negative
        ([0, 0, 0, 0, 0], 0.0),
        ([1, 0, 0, 0, -1], 2 / 4),  # log odds: 0 is a score like any other
    ],
)
def test_early_precision(scores: list[float], expected: float) -> None:
    truth = np.array([True, False, True, False, False])
    assert early_precision(np.array(scores, dtype=float), truth) == expected
    assert math.isnan(early_precision(np.array(scores, dtype=float), ~truth & False))


@pytest.mark.parametrize(
    ("true", "message"), [(0, r"none of the candidates is a true edge \(0 of 6\)"), (1, r"every candidate is a true")]
)
def test_truths_that_cannot_judge(true: int, message: str) -> None:
    with pytest.warns(GrnWarning, match=message):
        found = ranking(np.random.default_rng(0).random((2, 3)), np.full((2, 3), true))
    assert found.pop("density") == true
    assert len(found) == 5 and all(map(math.isnan, found.values()))


def test_no_candidates() -> None:
    with pytest.warns(GrnWarning, match="no candidate to be scored"):
        found = ranking(np.ones((2, 3)), np.ones((2, 3)), np.zeros((2, 3), dtype=bool))
    assert all(map(math.isnan, found.values()))


def test_refusals() -> None:
    truth = np.eye(2)
    with pytest.raises(DataError, match=r"1 of 4 candidates have no score \(NaN\)"):
        ranking(np.array([[1, 2], [3, np.nan]]), truth)
    with pytest.raises(DataError, match="truth has NaN"):
        ranking(truth, np.array([[1, 0], [0, np.nan]]))
    with pytest.raises(OptionError, match=r"scores have shape \(2, 3\), other arrays \(2, 2\)"):
        ranking(np.ones((2, 3)), truth)
    with pytest.raises(OptionError, match="candidates have shape"):
        ranking(truth, truth, np.ones((3, 2), dtype=bool))
    with pytest.raises(OptionError, match="must be the same"):
        early_precision(np.ones(3), np.ones(2, dtype=bool))

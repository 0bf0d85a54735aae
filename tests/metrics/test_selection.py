from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from grn_l0._errors import OptionError
from grn_l0.metrics import selection


def test_hand_computed() -> None:
    off = ~np.eye(3, dtype=bool)
    selected = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], dtype=bool)  # off the diagonal: 3
    truth = np.array([[0, 1, -1], [1, 0, 0], [0, 0, 0]])
    found = selection(selected, truth, off, sign=np.ones((3, 3)), true_sign=truth)
    assert found == {
        "sparsity": 0.5,
        "balanced_accuracy": pytest.approx((2 / 3 + 2 / 3) / 2),
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(2 / 3),
        "edges": 3,
        "true_edges": 3,
        "candidates": 6,
        "sign_accuracy": 0.5,
    }


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2))
def test_against_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    chosen, truth = np.array(pairs).T.copy()
    found = selection(chosen[None], truth[None])

    def same(name: str, expected: float, defined: bool) -> None:
        assert found[name] == pytest.approx(expected) if defined else math.isnan(found[name])

    same("precision", oracle.precision_score(truth, chosen, zero_division=0), bool(chosen.any()))
    same("recall", oracle.recall_score(truth, chosen, zero_division=0), bool(truth.any()))
    same("f1", oracle.f1_score(truth, chosen, zero_division=0), bool((truth | chosen).any()))
    if truth.any() and not truth.all():
        same("balanced_accuracy", oracle.balanced_accuracy_score(truth, chosen), True)
    else:
        assert math.isnan(found["balanced_accuracy"])
    assert found["sparsity"] == pytest.approx(1 - chosen.mean())


def test_signs_that_are_not_known_do_not_count() -> None:
    truth = np.ones((1, 4), dtype=bool)
    chosen = np.array([[True, True, True, False]])
    weight, known = np.array([[0.3, -2.0, 1.0, 5.0]]), np.array([[1, 1, 0, -1]])
    assert selection(chosen, truth, sign=weight, true_sign=known)["sign_accuracy"] == 0.5
    assert math.isnan(selection(chosen, truth)["sign_accuracy"])
    assert math.isnan(selection(chosen, truth, sign=weight)["sign_accuracy"])
    assert math.isnan(selection(~truth, truth, sign=weight, true_sign=known)["sign_accuracy"])


def test_no_candidates() -> None:
    found = selection(np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1), dtype=bool))
    assert (found["edges"], found["candidates"]) == (0, 0)
    assert math.isnan(found["sparsity"])


def test_refusals() -> None:
    one = np.ones((2, 2))
    with pytest.raises(OptionError, match="selected have shape"):
        selection(np.ones((1, 2)), one)
    with pytest.raises(OptionError, match="true_sign have shape"):
        selection(one, one, sign=one, true_sign=np.ones((1, 2)))
    with pytest.raises(OptionError, match="sign have shape"):
        selection(one, one, sign=np.ones(4), true_sign=one)

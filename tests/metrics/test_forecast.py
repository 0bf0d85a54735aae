from __future__ import annotations

import math

import numpy as np
import pytest

from grn_l0._errors import OptionError
from grn_l0.metrics import mse, scored_entries


def test_mean_over_what_was_observed_and_predicted() -> None:
    nan = np.nan
    predicted = np.array([[nan, 1.0, 2.0, 3.0]])
    observed = np.array([[5.0, 2.0, nan, 6.0]])
    assert mse(predicted, observed) == (1 + 9) / 2
    assert mse(predicted, observed, where=np.array([[True, True, True, False]])) == 1
    assert scored_entries(predicted, observed).tolist() == [[False, True, False, True]]


def test_nothing_to_compare() -> None:
    assert math.isnan(mse(np.full(3, np.nan), np.ones(3)))
    assert math.isnan(mse(np.ones(3), np.ones(3), where=np.zeros(3, dtype=bool)))


def test_a_prediction_that_runs_away_is_not_forgiven() -> None:
    assert mse(np.array([np.inf, 1.0]), np.ones(2)) == math.inf


def test_refusals() -> None:
    with pytest.raises(OptionError, match=r"predictions have shape \(3,\), observations \(2,\)"):
        mse(np.ones(3), np.ones(2))
    with pytest.raises(OptionError, match="`where` has shape"):
        mse(np.ones(3), np.ones(3), where=np.ones((1, 3), dtype=bool))

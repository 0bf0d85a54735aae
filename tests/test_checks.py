"""Counts: what is taken for one, and that every option that counts is refused in the same words."""

from __future__ import annotations

import numpy as np
import pytest

from grn_l0 import OptionError, ensemble
from grn_l0._checks import check_count
from grn_l0.benchmark.accuracy.suite import Plan
from grn_l0.benchmark.scale.suite import ScalePlan
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.speed.suite import SpeedPlan
from grn_l0.ensemble.resample import check_resamples
from grn_l0.posterior import check_workers
from grn_l0.tl.threads import checked_threads

NONE = [0, -1, 1.5, 2.0, "2", True, np.True_, None, [1]]


def test_integers_of_python_and_numpy_count():
    assert check_count("jobs", np.int32(3)) == 3
    assert type(check_count("jobs", np.int32(3))) is int
    assert check_count("processes", 0, least=0) == 0


@pytest.mark.parametrize("value", NONE)
def test_nothing_else_counts(value):
    with pytest.raises(OptionError, match="jobs must be an integer of 1 or more, not "):
        check_count("jobs", value)


@pytest.mark.parametrize(
    ("name", "least", "take"),
    [
        ("threads", 1, checked_threads),
        ("jobs", 1, check_workers),
        ("jobs", 1, lambda value: check_resamples(2, value)),
        ("resamples", 2, lambda value: check_resamples(value, 1)),
        ("edges", 1, lambda value: ensemble.Top(score=lambda series: np.zeros((1, 1)), edges=value)),
        ("seeds", 1, lambda value: Settings(seeds=value)),
        ("threads", 1, lambda value: Settings(threads=value)),
        ("processes", 0, lambda value: Plan(processes=value)),
        ("repeats", 1, lambda value: ScalePlan(repeats=value)),
        ("threads", 1, lambda value: SpeedPlan(threads=value)),
    ],
)
@pytest.mark.parametrize("value", [-1, 1.5, True])
def test_every_option_that_counts_says_the_same(name, least, take, value):
    with pytest.raises(OptionError, match=rf"^{name} must be an integer of {least} or more, not {value}$"):
        take(value)

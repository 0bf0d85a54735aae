from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from grn_l0._errors import GrnWarning, OptionError
from grn_l0.metrics import permutation_p_value, ranking
from grn_l0.metrics.permutation import Statistic


def hubs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores that know which regulators have many targets, and nothing else."""
    rng = np.random.default_rng(seed)
    activity = rng.random((20, 1)) ** 4
    return activity + 0.05 * rng.random((20, 60)), rng.random((20, 60)) < 0.5 * activity


@pytest.mark.parametrize("statistic", ["auprc", "auroc"])
def test_hubs_alone_are_no_evidence(statistic: Statistic) -> None:
    p = np.array([permutation_p_value(*hubs(k), n=99, statistic=statistic) for k in range(30)])
    assert ranking(*hubs(0))["auroc"] > 0.7
    assert 0.35 < p.mean() < 0.65  # uniform
    scores, truth = hubs(0)
    assert permutation_p_value(scores + 0.5 * truth, truth, n=99, statistic=statistic) == 1 / 100


@pytest.mark.parametrize("statistic", ["auprc", "auroc"])
def test_against_all_permutations(statistic: Statistic) -> None:
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 6, (3, 4)).astype(float)  # with ties
    truth = np.zeros((3, 4))
    truth[0, :2] = truth[1, 2] = 1
    candidates = np.ones((3, 4), dtype=bool)
    candidates[[0, 1], [3, 0]] = False
    name = {"auprc": "auprc_ratio", "auroc": "auroc"}[statistic]
    observed = ranking(scores, truth, candidates)[name]
    all_of_them = [ranking(scores, truth[:, list(o)], candidates)[name] for o in itertools.permutations(range(4))]
    exact = np.mean(np.array(all_of_them) >= observed - 1e-12)
    assert permutation_p_value(scores, truth, candidates, n=4000, statistic=statistic) == pytest.approx(exact, abs=0.03)


def test_the_seed_decides() -> None:
    scores, truth = hubs(1)
    first = permutation_p_value(scores, truth, n=50, seed=1)
    assert permutation_p_value(scores, truth, n=50, seed=1) == first
    assert len({permutation_p_value(scores, truth, n=50, seed=k) for k in range(5)}) > 1


@pytest.mark.parametrize("statistic", ["auprc", "auroc"])
def test_a_permutation_may_leave_no_true_candidate(statistic: Statistic) -> None:
    candidates = np.array([[True, True, False]])
    p = permutation_p_value(np.array([[2.0, 1.0, 0]]), np.array([[1, 0, 0]]), candidates, n=300, statistic=statistic)
    assert p == pytest.approx(1 / 3, abs=0.1)


def test_refusals() -> None:
    with pytest.raises(OptionError, match="n >= 1"):
        permutation_p_value(np.ones((2, 2)), np.eye(2), n=0)
    with pytest.raises(OptionError, match="one of auprc, auroc"):
        permutation_p_value(np.ones((2, 2)), np.eye(2), statistic="f1")  # type: ignore[arg-type]
    with pytest.warns(GrnWarning, match="none of the candidates"):
        assert math.isnan(permutation_p_value(np.ones((2, 2)), np.zeros((2, 2))))

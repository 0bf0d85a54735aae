"""Evidence that no single block of the data may carry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0.posterior import PosteriorConfig
from grn_l0.posterior.blocks import _blocks, _held, _least, confirmed
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.request import Request
from grn_l0.posterior.rounds import Run
from grn_l0.timeseries import SteadyStates, TimeSeries


def test_the_least_evidence_by_hand() -> None:
    r = np.array([[2.0, 9.0, 5.0, 0.0], [2.0, 0.5, -1.0, 0.0], [2.0, 0.5, -1.0, 0.0]])
    g = np.array([[1.0, 4.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    variance = np.array([2.0, 0.5, 1.0, 1.0])
    # Evenly spread: 36 / 12 with all, 3/2 of 16 / 8 without one, both 3.
    # One block carries it: 100 / 6 with all, 3/2 of 1 / 2 without the first.
    # Without the first the sign turns: nothing. And nothing is nothing.
    none = np.zeros((3, 4), dtype=bool)
    np.testing.assert_allclose(_least(r, g, variance, none), [3.0, 0.75, 0.0, 0.0])
    # With its regulator held in the first block an edge is not asked to do without it. Second edge: without another
    # block 3/2 of 9.5^2 / 5 are left, more than the 100 / 6 of all. Third: no sign turns, 9 / 6 with all is the least.
    held = none.copy()
    held[0] = True
    np.testing.assert_allclose(_least(r, g, variance, held), [3.0, 100 / 6, 1.5, 0.0])


def test_the_least_evidence_is_that_of_the_worst_block() -> None:
    rng = np.random.default_rng(0)
    r, g, v = rng.normal(1.0, 0.5, size=(5, 40)), rng.uniform(0.5, 2.0, size=(5, 40)), rng.uniform(0.5, 2.0, 40)
    got = _least(r, g, v, np.zeros((5, 40), dtype=bool))
    for e in range(40):
        without = [np.delete(r[:, e], b).sum() for b in range(5)]
        left = [np.delete(g[:, e], b).sum() for b in range(5)]
        each = [1.25 * w**2 / (2 * h * v[e]) for w, h in zip(without, left, strict=True)]
        flips = any(w * r[:, e].sum() <= 0 for w in without)
        assert got[e] == pytest.approx(0.0 if flips else min(*each, r[:, e].sum() ** 2 / (2 * g[:, e].sum() * v[e])))


def steps(n_series: int, carried_by: int, seed: int = 0) -> TimeSeries:
    """Genes 0 and 2 step up and down; gene 1 answers 0 in every series, 3 answers 2 in `carried_by` of them.

    Genes 4 and 5 are noise. Where 3 does not answer, 2 does not move.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(12.0)
    values = []
    for s in range(n_series):
        x = np.full((12, 6), 0.5)
        drive = rng.normal(size=(2, 3)).repeat(4, axis=1)
        x[:, 0] += drive[0]
        if s < carried_by:
            x[:, 2] += 3.0 * drive[1]
        for k in range(11):
            x[k + 1, [1, 3]] = 0.5 + (x[k, [1, 3]] - 0.5) * np.exp(-1.0) + (x[k, [0, 2]] - 0.5) * (1 - np.exp(-1.0))
        values.append(x + 0.1 * rng.normal(size=x.shape))
    return systems.pack(values, [times] * n_series)


def confirmation(series: TimeSeries) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of all edges by the chain, and once confirmed, (targets, regulators)."""
    config = PosteriorConfig(rounds=(20, 20, 40, 40), averaged=1)
    run = Run.of(Problem.of(series, np.arange(6)), Request(config=config))
    for sweeps in config.rounds:
        run.round(sweeps, zoom=False)
    assert run.choice is not None
    last = run.rounds[-1]
    return last.inclusion, confirmed(run.problem.setting(run.choice), run.states, last, run.chain)


@pytest.mark.parametrize("seed", range(3))
def test_what_one_series_carries_is_not_confirmed(seed: int) -> None:
    before, after = confirmation(steps(8, carried_by=1, seed=seed))
    assert before[1, 0] > 0.95 and before[3, 2] > 0.95
    assert after[1, 0] > 0.95
    assert after[3, 2] < 0.5
    # What is unlikely anyway is not looked at.
    np.testing.assert_array_equal(after[before <= 0.1], before[before <= 0.1])


def test_what_all_series_carry_is() -> None:
    before, after = confirmation(steps(8, carried_by=8))
    for target, regulator in ((1, 0), (3, 2)):
        assert before[target, regulator] > 0.95 and after[target, regulator] > 0.95


@pytest.mark.parametrize("n_settled", [3, 100])
def test_samples_at_rest_do_not_crowd_out_the_series(n_settled: int) -> None:
    rng = np.random.default_rng(1)
    names = tuple(f"x{k}" for k in range(n_settled))
    settled = SteadyStates(names=names, values=0.5 + 0.1 * rng.normal(size=(n_settled, 6)))
    before, after = confirmation(replace(steps(8, carried_by=8), steady=settled))
    for target, regulator in ((1, 0), (3, 2)):
        assert before[target, regulator] > 0.95 and after[target, regulator] > 0.95
    before, after = confirmation(replace(steps(8, carried_by=1), steady=settled))
    assert before[3, 2] > 0.95 and after[3, 2] < 0.5


def test_two_series_are_too_few_to_ask() -> None:
    before, after = confirmation(steps(2, carried_by=2))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([12], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        ([3, 3, 3], [0] * 3 + [1] * 3 + [2] * 3),
        # Series of one schedule are neighbours among the rows: the first and the third, then the second.
        ([3, 4, 3], [0] * 3 + [2] * 3 + [1] * 4),
        ([2] * 20, [k // 4 for k in range(40)]),
    ],
)
def test_blocks_of_rows(lengths: list[int], expected: list[int]) -> None:
    rng = np.random.default_rng(0)
    series = systems.pack([rng.normal(size=(n, 2)) for n in lengths], [np.arange(float(n)) for n in lengths])
    run = Run.of(Problem.of(series, np.arange(2)), Request())
    choice = run.problem.choose(run.states, None, run.config)
    assert _blocks(run.problem.setting(choice)).tolist() == expected


def test_samples_at_rest_are_blocks_after_the_series_and_know_who_is_held() -> None:
    rng = np.random.default_rng(0)
    series = systems.pack([rng.normal(size=(n, 3)) for n in (3, 4, 3)], [np.arange(float(n)) for n in (3, 4, 3)])
    knocked = np.zeros((20, 3), dtype=bool)
    knocked[[0, 7, 19], [0, 0, 2]] = True
    settled = SteadyStates(names=tuple(f"x{k}" for k in range(20)), values=rng.normal(size=(20, 3)), knockouts=knocked)
    own = np.zeros((3, 3), dtype=bool)
    own[2, 1] = True
    whole = replace(series, steady=settled, knockouts=own)
    run = Run.of(Problem.of(whole, np.array([2, 0, 1])), Request())
    setting = run.problem.setting(run.problem.choose(run.states, None, run.config))
    block = _blocks(setting)
    assert block.tolist() == [0] * 3 + [2] * 3 + [1] * 4 + [3 + k // 2 for k in range(20)]
    # Columns are the regulators 2, 0 and 1: held in the last pair, in the first and the fourth, in the third series.
    expected = np.zeros((13, 3), dtype=bool)
    expected[[12, 3, 6, 2], [0, 1, 1, 2]] = True
    np.testing.assert_array_equal(_held(setting, block, 13), expected)

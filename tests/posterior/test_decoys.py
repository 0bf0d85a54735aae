"""What decoys let through, by hand; and what a decoy is made of."""

from __future__ import annotations

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0.posterior.decoys import decoy, screen
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries


def start(probabilities: list[float], gate: list[float] | None = None) -> Start:
    """One regulator, as many targets as probabilities."""
    inclusion = np.array([probabilities])
    n = len(probabilities)
    wide, genes = np.ones((1, n)), np.ones(n)
    return Start(
        inclusion=inclusion, weight=wide, center=np.ones(1), offset=genes, rate=genes, initial=np.ones((1, n)),
        states=np.ones((1, 2, n)), noise=genes, penalty=wide, curvature=wide, slab=wide, covariances=(),
        gate=None if gate is None else np.array([gate]),
    )  # fmt: skip


FOUND = [0.995, 0.995, 0.995, 0.97, 0.97, 0.85, 0.55, 0.3]


def test_the_most_lenient_threshold_with_few_enough_false_edges() -> None:
    # Above .5: 7 and 3 false; .6 and .7: 6 and 2; .8: 6 and 1, so 1.5 <= .25 * 6.
    gate, verdict = screen(start(FOUND), start([0.9, 0.75, 0.55, 0.2, 0.2, 0.2, 0.2, 0.2]), 0.25, None)
    assert verdict == (0.8, 6, 1)
    np.testing.assert_array_equal(gate[0], [*FOUND[:6], 0.0, 0.0])
    assert "6" in verdict.sentence() and "0.8" in verdict.sentence()


def test_half_an_edge_is_added_to_the_false_ones() -> None:
    # With no decoy at all, .5 of n edges: two are enough at a share of .25, one is not.
    nothing = start([0.0, 0.0, 0.0])
    assert screen(start([0.9, 0.9, 0.0]), nothing, 0.25, None)[1] == (0.5, 2, 0)
    gate, verdict = screen(start([1.0, 0.0, 0.0]), nothing, 0.25, None)
    assert verdict == (np.inf, 1, 0) and not gate.any()


def test_where_nothing_stands_out_nothing_is_kept() -> None:
    gate, verdict = screen(start(FOUND), start(FOUND[::-1]), 0.25, None)
    assert verdict == (np.inf, 7, 7)
    assert not gate.any()
    assert "No edge stands out" in verdict.sentence()


def test_edges_of_a_prior_are_kept_and_not_counted() -> None:
    exempt = np.array([[True] * 3 + [False] * 5])
    # Without the three: above .5 four are found, one of them false; .6 and on: three, of which .5 may be false.
    nothing = start([1.0, 1.0, 1.0, 0.55, 0.0, 0.0, 0.0, 0.0])
    gate, verdict = screen(start([0.02, *FOUND[1:]]), nothing, 0.25, exempt)
    assert verdict == (0.6, 3, 0)
    np.testing.assert_array_equal(gate[0], [0.02, *FOUND[1:6], 0.0, 0.0])


def test_the_gate_goes_before_the_inclusion_in_data_and_decoy() -> None:
    sure = [0.9, 0.9, 0.9, 0.0]
    gate, verdict = screen(start([1.0] * 4, sure), start([1.0] * 4, [0.0] * 4), 0.25, None)
    assert verdict == (0.5, 3, 0)
    np.testing.assert_array_equal(gate[0], sure)


def walk(lengths: list[int], seed: int = 0) -> TimeSeries:
    rng = np.random.default_rng(seed)
    return systems.pack([rng.normal(size=(n, 6)) for n in lengths], [np.arange(float(n)) for n in lengths])


def dealt(series: TimeSeries, made: TimeSeries, group: list[int]) -> bool:
    """Whether each gene's trajectories in the group are the same ones, in any order."""
    return all(
        sorted(map(tuple, np.nan_to_num(series.values[group, :, i])))
        == sorted(map(tuple, np.nan_to_num(made.values[group, :, i])))
        for i in range(series.n_genes)
    )


def shifts(series: TimeSeries, made: TimeSeries, k: int) -> np.ndarray:
    """By how many times each gene of a series was shifted; fails where it was not."""
    n = series.lengths[k]
    before, after = series.values[k, :n].T, made.values[k, :n].T
    found = [[s for s in range(n) if np.array_equal(np.roll(b, s), a)] for b, a in zip(before, after, strict=True)]
    assert all(len(f) == 1 for f in found)
    return np.array(found).ravel()


@pytest.mark.parametrize("lengths", [[9, 9, 9], [9] * 8, [9, 9, 9, 12], [12, 9, 9, 9]])
def test_three_series_of_one_schedule_are_dealt(lengths: list[int]) -> None:
    series = walk(lengths)
    made = decoy(series, 1)
    group = [k for k, n in enumerate(lengths) if n == 9]
    assert dealt(series, made, group)
    assert not np.array_equal(np.nan_to_num(made.values[group]), np.nan_to_num(series.values[group]))
    for k in set(range(len(lengths))) - set(group):
        assert shifts(series, made, k).min() >= 12 // 4


@pytest.mark.parametrize("lengths", [[12], [12, 12], [9, 12, 15]])
def test_fewer_are_shifted_in_time(lengths: list[int]) -> None:
    series = walk(lengths)
    made = decoy(series, 1)
    assert not dealt(series, made, list(range(len(lengths))))
    for k, n in enumerate(lengths):
        by = shifts(series, made, k)
        assert n // 4 <= by.min() and by.max() <= n - n // 4
    assert made.values.shape == series.values.shape


def test_a_decoy_is_decided_by_its_seed() -> None:
    series = walk([9] * 5)
    np.testing.assert_array_equal(decoy(series, 3).values, decoy(series, 3).values)
    assert not np.array_equal(decoy(series, 3).values, decoy(series, 4).values)

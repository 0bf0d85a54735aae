"""What a resample holds."""

from __future__ import annotations

import numpy as np
import pytest

from grn_l0._errors import OptionError
from grn_l0.ensemble import Subsets
from grn_l0.ensemble.blocks import block_labels, number_of_blocks
from grn_l0.timeseries import SteadyStates, TimeSeries


def make(series=12, times=5, genes=3, steady=0, **more):
    rng = np.random.default_rng(1)
    names = tuple("ABCDEFGHIJKLMNOP"[:genes])
    settled = (
        SteadyStates(names=tuple(f"s{k}" for k in range(steady)), values=rng.random((steady, genes)))
        if steady
        else None
    )
    return TimeSeries(
        genes=names,
        trajectories=tuple(f"t{k}" for k in range(series)),
        values=rng.random((series, times, genes)),
        times=np.tile(np.arange(float(times)), (series, 1)),
        steady=settled,
        **more,
    )


def cells(series: TimeSeries) -> set[tuple[str, float]]:
    """Which observations of which trajectory hold values."""
    there = series.mask.any(axis=2)
    return {(series.trajectories[k], float(series.times[k, j])) for k, j in np.argwhere(there)}


@pytest.mark.parametrize(
    ("series", "times", "scheme"), [(12, 5, "halves"), (13, 5, "halves"), (3, 8, "blocks"), (2, 40, "blocks")]
)
def test_pairs_are_complementary(series, times, scheme):
    data = make(series, times, steady=3)
    subsets = Subsets(series=data, seed=4)
    assert subsets.scheme == scheme
    for pair in range(5):
        first, second = subsets.take(2 * pair), subsets.take(2 * pair + 1)
        assert cells(first) | cells(second) == cells(data)
        assert not cells(first) & cells(second)
        assert abs(len(cells(first)) - len(cells(second))) <= 0.5 * len(cells(data))
        samples = [part.steady.names for part in (first, second)]
        assert sorted(sum(samples, ())) == ["s0", "s1", "s2"]
    halves = {frozenset(cells(subsets.take(k))) for k in range(20)}
    assert len(halves) > 10


def test_a_resample_does_not_depend_on_the_others():
    data = make(12)
    one, other = Subsets(series=data, seed=4), Subsets(series=data, seed=4)
    one.take(0)
    np.testing.assert_array_equal(one.take(7).values, other.take(7).values)
    assert Subsets(series=data, seed=5).take(7).trajectories != other.take(7).trajectories


def test_groups_stay_together():
    groups = [f"donor {k // 2}" for k in range(24)]
    subsets = Subsets(series=make(24), groups=groups, seed=1)
    for number in range(6):
        kept = {int(name[1:]) // 2 for name in subsets.take(number).trajectories}
        assert len(kept) == 6
        assert len(subsets.take(number).trajectories) == 12
    # Ten trajectories of two donors are not ten.
    assert Subsets(series=make(10), groups=["a", "b"] * 5).scheme == "blocks"


def test_groups_of_unequal_sizes_make_halves_of_equal_ones():
    sizes = [9, 6, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1]
    groups = [f"donor {k}" for k, size in enumerate(sizes) for _ in range(size)]
    data = make(sum(sizes))
    subsets = Subsets(series=data, groups=groups, seed=1)
    assert subsets.scheme == "halves"
    halves = set()
    for number in range(0, 40, 2):
        first, second = (subsets.take(number + k).trajectories for k in range(2))
        assert len(first) == len(second) == 17
        assert sorted(first + second) == sorted(data.trajectories)
        donors = [{groups[int(name[1:])] for name in half} for half in (first, second)]
        assert not donors[0] & donors[1]
        assert Subsets(series=data, groups=groups, seed=1).take(number).trajectories == first
        halves.add(frozenset(first))
    assert len(halves) > 15
    # One donor of most trajectories stands against all others.
    alone = Subsets(series=make(12), groups=["a"] * 8 + list("bcde"), scheme="halves").take(0)
    assert alone.n_series in (4, 8)


def test_long_trajectories_are_halved_from_six_on():
    assert Subsets(series=make(6, 20)).scheme == "halves"
    assert Subsets(series=make(6, 12)).scheme == "blocks"
    assert Subsets(series=make(5, 20)).scheme == "blocks"


def test_blocks_keep_consecutive_times_and_all_that_belongs_to_them():
    stimuli = np.arange(2 * 40.0).reshape(2, 40, 1)
    weights = 1.0 + np.arange(2 * 40.0).reshape(2, 40)
    data = make(2, 40, stimuli=stimuli, stimulus_names=("drug",), weights=weights, knockouts=np.eye(2, 3, dtype=bool))
    for number in range(6):
        part = Subsets(series=data, seed=2, scheme="blocks").take(number)
        assert (part.lengths < 40).all()
        for k in range(2):
            at = part.times[k, : part.lengths[k]].astype(int)
            np.testing.assert_array_equal(part.values[k, : len(at)], data.values[k, at])
            np.testing.assert_array_equal(part.stimuli[k, : len(at), 0], stimuli[k, at, 0])
            np.testing.assert_array_equal(part.weights[k, : len(at)], weights[k, at])
            # Ten blocks of four, of which five are kept: at most five runs.
            assert (np.diff(at) > 1).sum() <= 5
        np.testing.assert_array_equal(part.knockouts, data.knockouts)


@pytest.mark.parametrize(("length", "blocks", "least"), [(3, 1, 3), (4, 2, 2), (7, 2, 3), (8, 2, 3), (100, 10, 8)])
def test_blocks_of_short_trajectories_have_two_times_or_more(length, blocks, least):
    assert number_of_blocks(length) == blocks
    runs = []
    for seed in range(40):
        labels = block_labels(make(1, length), np.random.default_rng(seed))[0]
        runs += [len(run) for run in np.split(labels, np.flatnonzero(np.diff(labels)) + 1)]
    assert min(runs) == least


def test_short_trajectories_keep_their_times_and_lengths_may_differ():
    data = make(3, 8)
    times = data.times.copy()
    times[1, 6:], times[2, 3:] = np.nan, np.nan
    data = TimeSeries(
        genes=data.genes,
        trajectories=data.trajectories,
        times=times,
        values=np.where(np.isnan(times)[:, :, None], np.nan, data.values),
    )
    for number in range(8):
        part = Subsets(series=data, scheme="blocks").take(number)
        assert part.lengths[0] == 8
        # Three times are no two blocks: such a trajectory is there as a whole, or not at all.
        if "t2" in part.trajectories:
            assert part.mask[part.trajectories.index("t2")].all(axis=1).sum() == 3


def test_bootstrap_draws_as_many_with_names_of_their_own():
    data = make(12, steady=4, knockouts=np.eye(12, 3, dtype=bool))
    part = Subsets(series=data, scheme="bootstrap", seed=3).take(0)
    assert part.n_series == 12
    assert len(part.steady) == 4
    assert any("#2" in name for name in part.trajectories)
    for k, name in enumerate(part.trajectories):
        source = int(name.split("#")[0][1:])
        np.testing.assert_array_equal(part.values[k], data.values[source])
        np.testing.assert_array_equal(part.own_equation[k], data.own_equation[source])


@pytest.mark.parametrize(
    ("data", "options", "word"),
    [
        (make(12), {"scheme": "thirds"}, "scheme"),
        (make(12), {"groups": ["a"]}, "groups has 1"),
        (make(1, 20), {"scheme": "halves"}, "use scheme='blocks'"),
        (make(4), {"groups": ["a"] * 4, "scheme": "bootstrap"}, "groups of trajectories"),
        (make(3, 3), {}, "too few data to resample"),
    ],
)
def test_mistakes(data, options, word):
    with pytest.raises(OptionError, match=word):
        Subsets(series=data, **options)

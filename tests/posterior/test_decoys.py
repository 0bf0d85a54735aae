"""What decoys let through, by hand; and what a decoy is made of."""

from __future__ import annotations

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0.posterior.decoys import decoy, screen
from grn_l0.posterior.joint import _determined
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
    # Above .5: 7 and 3 false; .6 and .7: 6 and 2; .8: 6 and 1, so 2 <= .34 * 6.
    gate, verdict = screen(start(FOUND), start([0.9, 0.75, 0.55, 0.2, 0.2, 0.2, 0.2, 0.2]), 0.34, None)
    assert verdict == (0.8, 6, 1)
    np.testing.assert_array_equal(gate[0], [*FOUND[:6], 0.0, 0.0])
    assert "6" in verdict.sentence() and "0.8" in verdict.sentence()


def test_one_is_added_to_the_false_ones() -> None:
    # With no decoy at all, 1 of n edges may be false: four are enough at a share of .25, three are not.
    nothing = start([0.0] * 4)
    assert screen(start([0.9] * 4), nothing, 0.25, None)[1] == (0.5, 4, 0)
    gate, verdict = screen(start([1.0] * 3 + [0.0]), nothing, 0.25, None)
    assert verdict == (np.inf, 3, 0) and not gate.any()


def test_where_nothing_stands_out_nothing_is_kept() -> None:
    gate, verdict = screen(start(FOUND), start(FOUND[::-1]), 0.25, None)
    assert verdict == (np.inf, 7, 7)
    assert not gate.any()
    assert "No edge stands out" in verdict.sentence()


def test_edges_of_a_prior_are_kept_and_not_counted() -> None:
    exempt = np.array([[True] * 3 + [False] * 5])
    # Without the three: above .5 four are found, one of them false; .6 and on: three, of which 1 may be false.
    nothing = start([1.0, 1.0, 1.0, 0.55, 0.0, 0.0, 0.0, 0.0])
    gate, verdict = screen(start([0.02, *FOUND[1:]]), nothing, 0.34, exempt)
    assert verdict == (0.6, 3, 0)
    np.testing.assert_array_equal(gate[0], [0.02, *FOUND[1:6], 0.0, 0.0])


def test_the_gate_goes_before_the_inclusion_in_data_and_decoy() -> None:
    sure = [0.9, 0.9, 0.9, 0.0]
    gate, verdict = screen(start([1.0] * 4, sure), start([1.0] * 4, [0.0] * 4), 0.34, None)
    assert verdict == (0.5, 3, 0)
    np.testing.assert_array_equal(gate[0], sure)


def walk(lengths: list[int], seed: int = 0, genes: int = 6) -> TimeSeries:
    rng = np.random.default_rng(seed)
    return systems.pack([rng.normal(size=(n, genes)) for n in lengths], [np.arange(float(n)) for n in lengths])


def dealt(series: TimeSeries, made: TimeSeries, group: list[int]) -> bool:
    """Whether each gene's trajectories in the group are the same ones, in any order."""
    return all(
        sorted(map(tuple, np.nan_to_num(series.values[group, :, i])))
        == sorted(map(tuple, np.nan_to_num(made.values[group, :, i])))
        for i in range(series.n_genes)
    )


def shifts(series: TimeSeries, made: TimeSeries, k: int) -> np.ndarray:
    """By how many times each gene of a series was shifted, whatever its mean; fails where it was not."""
    n = series.lengths[k]
    before, after = (x - x.mean(axis=1, keepdims=True) for x in (series.values[k, :n].T, made.values[k, :n].T))
    found = [
        [s for s in range(n) if np.allclose(np.roll(b, s), a, atol=1e-9)] for b, a in zip(before, after, strict=True)
    ]
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


@pytest.mark.parametrize("lengths", [[12], [12, 12], [9, 12]])
def test_fewer_are_shifted_in_time(lengths: list[int]) -> None:
    series = walk(lengths)
    made = decoy(series, 1)
    assert not dealt(series, made, list(range(len(lengths))))
    for k, n in enumerate(lengths):
        by = shifts(series, made, k)
        assert n // 4 <= by.min() and by.max() <= n - n // 4
    assert made.values.shape == series.values.shape


def lines(lengths: list[int]) -> tuple[TimeSeries, np.ndarray]:
    """Straight lines on schedules of their own, which start at 10; levels and slopes tell series and genes apart."""
    rng = np.random.default_rng(2)
    level = rng.normal(size=(len(lengths), 2, 6))
    times = [10.0 + np.concatenate([[0.0], np.sort(rng.uniform(0.1, 8.0, n - 1))]) for n in lengths]
    values = [a + b * (t - 10.0)[:, None] for (a, b), t in zip(level, times, strict=True)]
    return systems.pack(values, times), level


def test_series_of_unequal_schedules_exchange_trajectories() -> None:
    # A line read between its points is the same line at the other's times, so the donor can be told exactly.
    series, level = lines([7, 9, 8, 12, 6])
    made = decoy(series, 1)
    donors = np.empty((5, 6), dtype=int)
    for i in range(6):
        for k in range(5):
            at = series.times[k] - 10.0
            known = made.mask[k, :, i]
            ends = [series.times[j, n - 1] - 10.0 for j, n in enumerate(series.lengths)]
            fits = [
                j
                for j, (a, b) in enumerate(level[:, :, i])
                if np.allclose(made.values[k, known, i], a + b * np.minimum(at[known], ends[j]))
            ]
            assert known.sum() >= 2 and len(fits) == 1
            donors[k, i] = fits[0]
    assert (np.sort(donors, axis=0) == np.arange(5)[:, None]).all()
    assert len({tuple(column) for column in donors.T}) == 6


def test_exchanged_values_are_as_noisy_as_measurements() -> None:
    rng = np.random.default_rng(4)
    times = [np.concatenate([[0.0], np.sort(rng.uniform(0.1, 10.0, 39))]) for _ in range(60)]
    series = systems.pack([rng.normal(size=(40, 3)) for _ in times], times)
    # 7,200 values, of which neighbours share donors: the standard error of the variance is below .03.
    assert np.nanvar(decoy(series, 0, np.ones(3)).values) == pytest.approx(1.0, abs=0.1)
    assert np.nanvar(decoy(series, 0).values) < 0.75


@pytest.mark.parametrize(
    ("lengths", "regulators", "without"),
    [([5] * 30, 144, True), ([5] * 30, 145, False), ([5] * 29, 6, False), ([5] * 30 + [6] * 30, 6, True),
     ([5] * 30 + [6], 6, False)],
)  # fmt: skip
def test_decoys_are_spared_where_every_time_is_centred_and_weights_are_determined(
    lengths: list[int], regulators: int, without: bool
) -> None:
    # 30 series of 5 times leave 29 * 5 = 145 values.
    assert _determined(walk(lengths, genes=100), regulators) is without
    assert not _determined(walk(lengths, genes=99), regulators)


def test_a_decoy_is_decided_by_its_seed() -> None:
    series = walk([9] * 5)
    np.testing.assert_array_equal(decoy(series, 3).values, decoy(series, 3).values)
    assert not np.array_equal(decoy(series, 3).values, decoy(series, 4).values)

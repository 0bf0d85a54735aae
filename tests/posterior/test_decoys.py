"""What decoys let through, by hand; and what a decoy is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0.posterior import PosteriorConfig, infer_start
from grn_l0.posterior.chain import candidate_edges
from grn_l0.posterior.decoys import Decoys, decoy, screen
from grn_l0.posterior.joint import _determined
from grn_l0.timeseries import TimeSeries


def row(*probabilities: float) -> np.ndarray:
    """One regulator, and so many candidates that one false edge would be no surprise."""
    return np.array([[*probabilities, *[0.0] * (400 - len(probabilities))]])


FOUND = row(0.9995, 0.9995, 0.9995, 0.97, 0.97, 0.85, 0.55, 0.3)


def test_the_most_lenient_threshold_with_few_enough_false_edges() -> None:
    # Above .8: 6 and 2 decoys, 3 > .42 * 6; above .9: 5 and 1, 2 <= .42 * 5.
    gate, verdict = screen(FOUND, row(0.95, 0.85, 0.5, 0.2, 0.2, 0.2, 0.2, 0.2), 0.42, None)
    assert verdict == (0.9, 5, 1)
    np.testing.assert_array_equal(gate, row(*FOUND[0, :5]))
    assert "5" in verdict.sentence() and "0.9" in verdict.sentence()


def test_one_is_added_to_the_false_ones() -> None:
    # With no decoy at all, 1 of n edges may be false: four are enough at a share of .25, three are not.
    assert screen(row(*[0.99] * 4), row(), 0.25, None)[1] == (0.8, 4, 0)
    gate, verdict = screen(row(1.0, 1.0, 1.0), row(), 0.25, None)
    assert verdict == (np.inf, 3, 0) and not gate.any()


def test_a_small_panel_may_report_a_single_edge() -> None:
    # Of 20 candidates .06 are false by chance: fewer than a quarter of one.
    gate = np.zeros((4, 5))
    gate[0, 1] = 0.99
    assert screen(gate, np.zeros((4, 5)), 0.25, None)[1] == (0.8, 1, 0)
    assert np.isinf(screen(gate, gate, 0.25, None)[1].threshold)


def test_the_share_that_the_probabilities_expect_counts_too() -> None:
    # Of twenty edges of .85, three are expected to be false, and no threshold above leaves any.
    gate = row(*[0.85] * 20)
    assert screen(gate, row(), 0.16, None)[1] == (0.8, 20, 0)
    assert np.isinf(screen(gate, row(), 0.14, None)[1].threshold)


def test_fewer_decoys_than_regulators_count_for_more() -> None:
    # Two regulators share a decoy: its one edge stands for two, and 3 <= .25 * 12.
    gate = np.concatenate([row(*[0.999] * 6)] * 2)
    assert screen(gate, row(0.99), 0.25, None)[1] == (0.8, 12, 2)


def test_where_nothing_stands_out_nothing_is_kept() -> None:
    gate, verdict = screen(FOUND, FOUND[:, ::-1], 0.25, None)
    assert verdict == (np.inf, 6, 6)
    assert not gate.any()
    assert "No edge stands out" in verdict.sentence()


def test_edges_of_a_prior_are_kept_and_not_counted() -> None:
    exempt = row(1.0, 1.0, 1.0) > 0
    gate = row(0.02, *FOUND[0, 1:8])
    # Without the three: above .8 three are found, 1 of which may be false.
    kept, verdict = screen(gate, row(), 0.34, exempt)
    assert verdict == (0.8, 3, 0)
    np.testing.assert_array_equal(kept, row(0.02, *FOUND[0, 1:6]))


def test_decoys_stand_beside_the_genes_and_are_split_off_again() -> None:
    series = systems.pack([np.random.default_rng(k).normal(size=(6, 5)) for k in range(4)], [np.arange(6.0)] * 4)
    decoys = Decoys.of(series, np.array([1, 3]), np.zeros(5), 0)
    assert decoys.series.genes[5:] == (f"decoy of {series.genes[1]}", f"decoy of {series.genes[3]}")
    np.testing.assert_array_equal(decoys.series.values[:, :, :5], series.values)
    assert dealt(series.select([0, 1, 2, 3]), replace(series, values=_as_all(decoys, series)), [0, 1, 2, 3])
    allowed = candidate_edges(7, decoys.regulators, 1, decoys.decoy_of)
    # Nothing but the input acts on decoys; no decoy acts on the gene that it was made from.
    np.testing.assert_array_equal(allowed[5:], [[False] * 4 + [True]] * 2)
    np.testing.assert_array_equal(allowed[:5, 2], [True, False, True, True, True])
    np.testing.assert_array_equal(allowed[:5, 3], [True, True, True, False, True])


def _as_all(decoys: Decoys, series: TimeSeries) -> np.ndarray:
    values = series.values.copy()
    values[:, :, [1, 3]] = decoys.series.values[:, :, 5:]
    return values


def test_regulators_without_targets_are_as_likely_as_decoys() -> None:
    """In noise both find next to nothing, and the start has the shape of the data."""
    rng = np.random.default_rng(0)
    series = systems.pack([rng.normal(size=(8, 12)) for _ in range(6)], [np.arange(8.0)] * 6)
    found = infer_start(series, np.arange(4), config=PosteriorConfig(rounds=(20, 20), more=0, averaged=1))
    assert found.inclusion.shape == (4, 12) and found.states.shape == (6, 8, 12)
    assert not found.opening.any() and "No edge stands out" in found.note


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

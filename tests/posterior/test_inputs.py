"""Stimuli: found where there is one, known where it is given; and which variant of the model is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grn_l0 import simulate
from grn_l0._errors import OptionError
from grn_l0.posterior import PosteriorConfig, infer_start
from grn_l0.posterior.inputs import between, candidate_end, known, unit_levels
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.request import Request
from grn_l0.posterior.response import designs
from grn_l0.posterior.rounds import Run, choose_variant, may_lag
from grn_l0.posterior.states import States
from grn_l0.timeseries import SteadyStates, TimeSeries

QUICK = PosteriorConfig(rounds=(10, 10, 10), averaged=1, false_share=None)


def problem(series: TimeSeries) -> Problem:
    return Problem.of(series, np.arange(series.n_genes))


def found(series: TimeSeries) -> float | None:
    whole = problem(series)
    choice = whole.choose(States.start(whole.designs, series.n_genes), None, QUICK)
    return candidate_end(whole.setting(choice))


def stimulated(seed: int, until: float = 0.5, noise: float = 0.05, **options: int) -> TimeSeries:
    return simulate.stimulated(
        simulate.insilico_system(12, seed), **{"n": 6, "times": 21, **options}, until=until, noise=noise, seed=seed
    )


def relaxations(seed: int, noise: float) -> TimeSeries:
    system = simulate.random_system(12, seed)
    return simulate.short_trajectories(system, 8, np.linspace(0, 8, 15).tolist(), noise=noise, seed=seed)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("until", "noise"), [(0.5, 0.05), (0.3, 0.05), (0.5, 0.1)])
def test_the_end_of_a_stimulus_is_found(seed: int, until: float, noise: float) -> None:
    assert found(stimulated(seed, until, noise)) == pytest.approx(1000 * until)


@pytest.mark.parametrize("seed", range(3))
def test_where_nothing_is_switched_nothing_is_found(seed: int) -> None:
    assert found(simulate.pure_noise(stimulated(seed), seed)) is None
    assert found(relaxations(seed, 0.05)) is None
    # With little noise all transients are clear, and they meet at the start.
    assert found(relaxations(seed, 0.01)) is None


def test_too_few_series_cannot_tell() -> None:
    assert found(stimulated(0, n=3)) == 500.0
    assert found(stimulated(0, n=2)) is None


def test_a_stimulus_that_ends_becomes_an_input_of_every_series() -> None:
    plain = problem(stimulated(0))
    chosen = choose_variant(plain, Request(config=QUICK))
    assert chosen.end == 500.0
    assert (plain.n_inputs, chosen.n_inputs) == (0, 6)
    for part in chosen.designs:
        assert (part.grid == 500.0).sum() == 2


def test_the_levels_of_a_found_stimulus_end_with_it() -> None:
    chosen = choose_variant(problem(stimulated(0)), Request(config=QUICK))
    level = between(chosen.designs, chosen.inputs, chosen.series.times)
    expected = np.zeros((6, 20, 6))
    # 500 is the eleventh of 21 times; every series has an input of its own.
    expected[np.arange(6), :10, np.arange(6)] = 1.0
    np.testing.assert_array_equal(level, expected)


def test_short_series_have_no_variants() -> None:
    plain = problem(stimulated(0, times=11))
    assert choose_variant(plain, Request(config=QUICK)) is plain


def test_relaxations_have_no_stimulus_and_noise_no_lag() -> None:
    assert choose_variant(problem(relaxations(0, 0.05)), Request(config=QUICK)).end is None
    noise = problem(simulate.pure_noise(relaxations(1, 0.05), 0))
    assert choose_variant(noise, Request(config=QUICK)) is noise


def test_proteins_lag_behind() -> None:
    system = simulate.random_system(12, 10, proteins=True)
    series = simulate.short_trajectories(system, 12, np.linspace(0, 10, 21).tolist(), noise=0.01, seed=10)
    chosen = [choose_variant(problem(series), Request(config=QUICK, seed=seed)) for seed in range(4)]
    # All rates are 1; rates of 5, 2.5 and 1.2 are tried, each only if the one before was better than what it followed.
    # Ten sweeps tell likelihoods to 30 nats: of four short runs one may stop early.
    assert all(c.end is None for c in chosen)
    assert np.sum([c.lag_rate == pytest.approx(1.2) for c in chosen]) >= 3


def driven(seed: int) -> TimeSeries:
    """Genes 0 and 1 answer a stimulus, each by itself; 2, 3 and 4 relax. Rate .8, steps of .5."""
    rng = np.random.default_rng(seed)
    values, levels = np.zeros((6, 20, 5)), np.zeros((6, 20, 1))
    decay = np.exp(-0.8 * 0.5)
    for s in range(6):
        on, off = np.sort(rng.choice(np.arange(1, 18), 2, replace=False))
        levels[s, on : off + 1, 0] = rng.uniform(0.5, 1.5)
        values[s, 0] = rng.uniform(0.2, 0.8, 5)
        for k in range(19):
            production = np.array([0.3, 0.2, 0.5, 0.5, 0.4]) + np.array([0.7, 0.6, 0, 0, 0]) * levels[s, k]
            values[s, k + 1] = production + (values[s, k] - production) * decay
    return TimeSeries(
        genes=tuple("abcde"),
        trajectories=tuple(f"s{k}" for k in range(6)),
        values=values + 0.1 * rng.normal(size=values.shape),
        times=np.tile(0.5 * np.arange(20), (6, 1)),
        stimuli=levels,
        stimulus_names=("light",),
    )


@pytest.mark.parametrize("seed", range(2))
def test_genes_that_answer_a_known_stimulus_do_not_regulate_each_other(seed: int) -> None:
    config = replace(QUICK, rounds=(20, 20, 40))
    series = driven(seed)
    start = infer_start(series, np.arange(5), config=config)
    assert start.inclusion.shape == (5, 5)
    # Of eight systems seven stay below .04 in every chain; seed 1 lies between 0 and .24.
    assert max(start.inclusion[0, 1], start.inclusion[1, 0]) < (0.1, 0.35)[seed]
    # The same data without the stimulus: one seems to regulate the other.
    blind = infer_start(replace(series, stimuli=None, stimulus_names=()), np.arange(5), config=config)
    assert max(blind.inclusion[0, 1], blind.inclusion[1, 0]) > 0.9


def effects(series: TimeSeries) -> np.ndarray:
    """Inclusion of all columns, the stimulus last: (genes, columns)."""
    run = Run.of(Problem.of(series, np.arange(5)), Request(config=QUICK))
    for sweeps in (20, 20, 40):
        run.round(sweeps, zoom=False)
    return run.rounds[-1].inclusion


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_the_unit_of_a_dose_does_not_matter(unit: float) -> None:
    series = driven(0)
    assert series.stimuli is not None
    expected = effects(series)
    # Genes 0 and 1 answer it, the others do not.
    assert (expected[:2, -1] > 0.9).all() and (expected[2:, -1] < 0.5).all()
    np.testing.assert_allclose(effects(replace(series, stimuli=unit * series.stimuli)), expected, atol=1e-6)


@pytest.mark.parametrize("unit", [1.0, 1e3])
def test_effects_are_handed_on_per_unit_of_the_dose(unit: float) -> None:
    series = driven(0)
    assert series.stimuli is not None
    given = replace(series, stimuli=unit * series.stimuli)
    start = infer_start(given, np.arange(5), config=replace(QUICK, rounds=(20, 20, 40)))
    assert start.inputs is not None and given.stimuli is not None
    np.testing.assert_allclose(unit * start.inputs.effect[0], [0.7, 0.6, 0, 0, 0], atol=0.2)
    np.testing.assert_allclose(start.inputs.level, given.stimuli[:, :-1])


def test_levels_are_in_units_of_the_largest_of_series_and_samples() -> None:
    series = driven(0)
    assert series.stimuli is not None
    settled = SteadyStates(names=("x", "y"), values=np.zeros((2, 5)), stimuli=np.array([[0.0], [6.0]]))
    both = replace(series, steady=settled)
    np.testing.assert_array_equal(unit_levels(series), [series.stimuli.max()])
    np.testing.assert_array_equal(unit_levels(both), [6.0])
    np.testing.assert_array_equal(unit_levels(replace(series, stimuli=0.0 * series.stimuli)), [1.0])
    for part, level in zip(*known(both, designs(both)), strict=True):
        if part.steady:
            np.testing.assert_array_equal(level.ravel(), [0.0, 1.0])
        else:
            assert level.max() == pytest.approx(series.stimuli[:, :-1].max() / 6.0)


def test_one_driven_series_contradicts_a_lag_and_a_fluctuating_one_does_not() -> None:
    quick = PosteriorConfig(rounds=(10, 10, 10), averaged=1, more=0)
    at = [25.0 * k for k in range(60)]
    proteins = simulate.long_series(simulate.insilico_system(20, 3), 1, at, 0.0, 0, memory=100.0, fluctuation=0.3)
    _, driven = simulate.DESIGNS["one long series 178"](10)
    assert may_lag(problem(proteins), Request(config=quick))
    assert not may_lag(problem(driven), Request(config=quick))


def test_a_lag_that_is_known_is_used_as_it_is() -> None:
    system = simulate.insilico_system(12, 3)
    series = simulate.long_series(system, 1, [25.0 * k for k in range(40)], 0.02, 0, memory=100.0, fluctuation=0.3)
    quick = PosteriorConfig(rounds=(4, 4, 4), more=0)
    starts = [infer_start(series, np.arange(12), config=replace(quick, lag=lag)) for lag in (None, 0.0, 20.0)]
    assert [start.lag for start in starts] == [0.0, 0.0, pytest.approx(20.0)]
    assert not np.array_equal(starts[1].inclusion, starts[2].inclusion)
    with pytest.raises(OptionError, match="lag must be"):
        PosteriorConfig(lag=-1.0)

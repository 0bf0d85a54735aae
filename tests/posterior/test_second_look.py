"""One more look at the edges, along the courses of a model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import posterior_systems as systems
import pytest
from scipy.integrate import solve_ivp
from sklearn.metrics import average_precision_score

from grn_l0._errors import DivergenceError, OptionError
from grn_l0.posterior import PosteriorConfig, Start, infer_start
from grn_l0.posterior.grams import SmoothedGrams
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.request import Request
from grn_l0.posterior.response import Design
from grn_l0.posterior.rounds import Run
from grn_l0.posterior.summary import rows_scaled
from grn_l0.timeseries import SteadyStates, TimeSeries

EVERY = np.arange(systems.N)
QUICK = PosteriorConfig(rounds=(20, 20, 40), averaged=2, more=0, false_share=None, second_look=60)
NOISE = 0.2


@pytest.fixture(scope="module")
def noisy() -> TimeSeries:
    return systems.trajectories(60, seed=3, noise=NOISE)


def truth(series: TimeSeries, seed: int) -> list[np.ndarray]:
    """Initial states of the noiseless system."""
    return [v[0] for v in systems.trajectories(series.n_series, seed=seed, noise=0.0).values]


def follower(initial: list[np.ndarray], seen: list[list[Design]]):
    """The courses of the system itself."""

    def follow(start: Start, designs: list[Design]) -> list[np.ndarray]:
        seen.append(designs)
        right = lambda _, x: systems.RATE * (systems.linear(x) - x)  # noqa: E731
        return [
            np.stack([solve_ivp(right, (0, d.grid[-1]), initial[s], t_eval=d.grid, rtol=1e-8).y.T for s in d.series])
            for d in designs
        ]

    return follow


def test_the_true_courses_make_edges_surer(noisy: TimeSeries) -> None:
    seen: list[list[Design]] = []
    alone = infer_start(noisy, EVERY, config=QUICK)
    again = infer_start(noisy, EVERY, config=QUICK, follow=follower(truth(noisy, 3), seen))
    assert len(seen) == 1 and [len(d.series) for d in seen[0]] == [60]
    pairs = ~np.eye(systems.N, dtype=bool)
    before, after = (average_precision_score(systems.TRUTH[pairs], s.inclusion[pairs]) for s in (alone, again))
    assert after > before + 0.05
    assert again.inclusion[systems.TRUTH].sum() > alone.inclusion[systems.TRUTH].sum() + 0.5
    # What the edges are looked at along is no state of these series.
    np.testing.assert_array_equal(alone.states, again.states)
    np.testing.assert_array_equal(alone.rate, again.rate)


@pytest.mark.parametrize("what", ["random", "no number", "divergence"])
def test_trajectories_that_miss_the_measurements_change_nothing(noisy: TimeSeries, what: str) -> None:
    rng = np.random.default_rng(0)

    def follow(start: Start, designs: list[Design]) -> list[np.ndarray]:
        if what == "divergence":
            raise DivergenceError("infinite")
        found = [rng.random((len(d.series), len(d.grid), systems.N)) for d in designs]
        return found if what == "random" else [x * np.nan for x in found]

    alone, again = (infer_start(noisy, EVERY, config=QUICK, follow=f) for f in (None, follow))
    for name in ("inclusion", "weight", "penalty", "states"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(again, name))


def test_only_many_short_series_without_decoys_are_followed(noisy: TimeSeries) -> None:
    def never(start: Start, designs: list[Design]) -> list[np.ndarray]:
        raise AssertionError("followed")

    quick = replace(QUICK, rounds=(5, 5, 5))
    long = systems.trajectories(30, seed=1, times=[np.linspace(0, 4, 13)] * 30)
    for series, config in (
        (noisy, replace(quick, second_look=0)),
        (noisy, replace(quick, false_share=0.25)),  # ten genes: decoys
        (noisy.select(range(20)), quick),
        (long, replace(quick, search=False)),
    ):
        infer_start(series, EVERY, config=config, follow=never)


def test_samples_at_rest_and_held_genes_keep_what_was_measured(noisy: TimeSeries) -> None:
    """Only moving series are followed; a held gene acts as it was measured, whatever the course says."""
    out = np.zeros((60, systems.N), dtype=bool)
    out[0, 0] = True
    steady = SteadyStates(names=("a", "b"), values=noisy.values[:2, -1])
    series = replace(noisy, knockouts=out, steady=steady)
    seen: list[list[Design]] = []
    good = follower(truth(noisy, 3), seen)

    def spoilt(start: Start, designs: list[Design]) -> list[np.ndarray]:
        courses = good(start, designs)
        courses[0][0, :, 0] = 1e6
        return courses

    one, other = (infer_start(series, EVERY, config=QUICK, follow=f) for f in (good, spoilt))
    np.testing.assert_array_equal(one.inclusion, other.inclusion)
    assert all(not d.steady for d in seen[0])


TARGET = 4


def first_look(series: TimeSeries) -> tuple[Run, Start]:
    run = Run.of(Problem.of(series, EVERY), Request(config=QUICK))
    return run, run.run()


def test_a_gene_that_was_constant_at_first_gets_no_edges(noisy: TimeSeries) -> None:
    run, start = first_look(noisy)
    assert start.inclusion[:, TARGET].max() > 0.9
    last = run.rounds[-1]
    changing, inclusion = last.changing.copy(), last.inclusion.copy()
    changing[TARGET], inclusion[TARGET] = False, 0.0
    weight, square = (rows_scaled(changing, w) for w in (last.weight, last.square))
    run.rounds[-1] = replace(last, changing=changing, inclusion=inclusion, weight=weight, square=square)
    found = run.second_look(start, follower(truth(noisy, 3), []))
    assert (found.inclusion[:, TARGET] == 0).all() and (found.weight[:, TARGET] == 0).all()
    assert found.inclusion.max() > 0.9


def test_a_gene_that_is_constant_only_now_keeps_its_edges(noisy: TimeSeries, monkeypatch: pytest.MonkeyPatch) -> None:
    run, start = first_look(noisy)
    original = Problem.grams

    def grams(*arguments: Any) -> SmoothedGrams:
        *others, changing = arguments
        return original(*others, changing & (np.arange(systems.N) != TARGET))

    monkeypatch.setattr(Problem, "grams", grams)
    found = run.second_look(start, follower(truth(noisy, 3), []))
    for name in ("inclusion", "weight", "penalty"):
        np.testing.assert_array_equal(getattr(found, name)[:, TARGET], getattr(start, name)[:, TARGET])
    assert (found.inclusion[:, 3] != start.inclusion[:, 3]).any()


def test_whoever_watches_sees_the_second_look(noisy: TimeSeries) -> None:
    told: list[tuple[int, int]] = []
    watch = lambda stage, k, n, _: told.append((k, n))  # noqa: E731
    infer_start(noisy, EVERY, config=QUICK, follow=follower(truth(noisy, 3), []), progress=watch)
    assert told == [(k, 5) for k in range(1, 6)]


def test_a_second_look_is_a_number_of_sweeps() -> None:
    with pytest.raises(OptionError, match="second_look must be 0, or 3 sweeps or more, not 2"):
        PosteriorConfig(second_look=2)

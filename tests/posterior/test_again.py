"""One more look at the edges, along the courses of a model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest
from scipy.integrate import solve_ivp
from sklearn.metrics import average_precision_score

from grn_l0._errors import OptionError
from grn_l0.posterior import PosteriorConfig, Start, infer_start
from grn_l0.posterior.response import Design
from grn_l0.posterior.start import Start as Begin
from grn_l0.timeseries import SteadyStates, TimeSeries

EVERY = np.arange(systems.N)
QUICK = PosteriorConfig(rounds=(20, 20, 40), averaged=2, more=0, false_share=None, again=60)
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
        assert isinstance(start, Begin)
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


def test_courses_that_miss_the_measurements_change_nothing(noisy: TimeSeries) -> None:
    rng = np.random.default_rng(0)

    def follow(start: Start, designs: list[Design]) -> list[np.ndarray]:
        return [rng.random((len(d.series), len(d.grid), systems.N)) for d in designs]

    alone, again = (infer_start(noisy, EVERY, config=QUICK, follow=f) for f in (None, follow))
    for name in ("inclusion", "weight", "penalty", "states"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(again, name))


def test_only_many_short_series_without_decoys_are_followed(noisy: TimeSeries) -> None:
    def never(start: Start, designs: list[Design]) -> list[np.ndarray]:
        raise AssertionError("followed")

    quick = replace(QUICK, rounds=(5, 5, 5))
    long = systems.trajectories(30, seed=1, times=[np.linspace(0, 4, 13)] * 30)
    for series, config in (
        (noisy, replace(quick, again=0)),
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


def test_again_is_a_number_of_sweeps() -> None:
    with pytest.raises(OptionError, match="again must be 0, or 3 sweeps or more, not 2"):
        PosteriorConfig(again=2)

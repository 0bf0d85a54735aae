"""Several priors at once: their classes, the rates that are learned and those that are held."""

from __future__ import annotations

import numpy as np
import posterior_systems as systems
import pytest
from posterior_chains import choice_of, plain

from grn_l0._errors import OptionError
from grn_l0.posterior import Prior, Verdict, infer_start
from grn_l0.posterior.chain import Chain
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.prior_classes import PriorClasses

EVERY = np.ones((40, 50), dtype=bool)  # 40 targets, 50 regulators


def _lists(rng: np.random.Generator, rates: tuple[float, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Truth (density .1), and for each rate a list of 300 edges of which this share is true."""
    truth = rng.random(EVERY.T.shape) < 0.1
    lists = []
    for rate in rates:
        listed = np.zeros(truth.size, dtype=bool)
        right, wrong = np.flatnonzero(truth.ravel()), np.flatnonzero(~truth.ravel())
        n_right = min(round(300 * rate), len(right))
        listed[rng.choice(right, n_right, replace=False)] = True
        listed[rng.choice(wrong, 300 - n_right, replace=False)] = True
        lists.append(listed.reshape(truth.shape))
    return truth, lists


def _learned(classes: PriorClasses, truth: np.ndarray, rng: np.random.Generator, separation: float = 3.0) -> np.ndarray:
    """Rounds of learning from Gaussian log Bayes factors, N(+-s^2/2, s^2); inclusion probabilities of the last."""
    log_factor = np.where(truth.T, 1, -1) * separation**2 / 2 + separation * rng.normal(size=EVERY.shape)
    background = np.full(EVERY.shape, np.log(0.1 / 0.9))
    for unaided in (True, False, False):
        log_odds = classes.log_odds(background, unaided=unaided)
        inclusion = 1 / (1 + np.exp(-(log_factor + log_odds)))
        classes.learn(inclusion, log_odds, EVERY)
    return inclusion


def test_each_combination_of_priors_is_a_class(rng: np.random.Generator) -> None:
    a, b = rng.random((2, 50, 40)) < 0.2
    classes = PriorClasses.of([Prior(listed=a, name="a"), Prior(listed=b, name="b")], EVERY)
    np.testing.assert_array_equal(classes.listed, (a | b).T)
    for members, expected in (((True, False), a & ~b), ((False, True), b & ~a), ((True, True), a & b)):
        c = int(np.flatnonzero((classes.members == members).all(axis=1))[0])
        np.testing.assert_array_equal(classes.group == c + 1, expected.T)
    # noisy-or of .8 and .8
    np.testing.assert_allclose(np.sort(classes.rates), [0.8, 0.8, 0.96])


def test_a_good_and_a_useless_prior_get_rates_of_their_own(rng: np.random.Generator) -> None:
    truth, (good, useless) = _lists(rng, (0.6, 0.1))
    classes = PriorClasses.of([Prior(listed=good, name="good"), Prior(listed=useless, name="useless")], EVERY)
    inclusion = _learned(classes, truth, rng)
    first, second = classes.verdicts(inclusion)
    assert first.judged and second.judged
    assert abs(first.share - truth[good].mean()) < 0.06
    assert abs(second.share - truth[useless].mean()) < 0.06
    assert first.sentence() == f"prior good: {first.share:.0%} of its 300 edges confirmed"


def test_an_edge_in_two_independent_sources_is_likelier_than_in_either(rng: np.random.Generator) -> None:
    truth, (a, b) = _lists(rng, (0.5, 0.5))
    classes = PriorClasses.of([Prior(listed=a, name="a"), Prior(listed=b, name="b")], EVERY)
    _learned(classes, truth, rng)
    rate = {tuple(m): r for m, r in zip(classes.members.tolist(), classes.rates, strict=True)}
    assert rate[True, True] > max(rate[True, False], rate[False, True]) + 0.2
    assert abs(rate[True, False] - truth[a & ~b].mean()) < 0.1


def test_a_trust_is_held_from_the_first_round_and_the_other_prior_is_learned(rng: np.random.Generator) -> None:
    truth, (a, b) = _lists(rng, (0.1, 0.6))
    classes = PriorClasses.of([Prior(listed=a, name="a", trust=0.7), Prior(listed=b, name="b")], EVERY)
    only = (a & ~b).T
    first = classes.log_odds(np.zeros(EVERY.shape), unaided=True)
    np.testing.assert_allclose(first[only], np.log(0.7 / 0.3))
    assert (first[(b & ~a).T] == 0).all()
    inclusion = _learned(classes, truth, rng)
    rate = {tuple(m): r for m, r in zip(classes.members.tolist(), classes.rates, strict=True)}
    assert rate[True, False] == pytest.approx(0.7)
    assert rate[True, True] == pytest.approx(1 - 0.3 * (1 - rate[False, True]))
    held, learned = classes.verdicts(inclusion)
    assert (held.share, held.judged, held.asked) == (0.7, False, True)
    assert held.sentence() == "prior a: trust in its 300 edges held at 0.7, as asked"
    assert learned.judged


@pytest.mark.parametrize(("one_series", "freedom"), [(True, 100.0), (False, 12.0)])
def test_where_the_data_cannot_judge_no_rate_moves(rng: np.random.Generator, one_series: bool, freedom: float) -> None:
    truth, (a,) = _lists(rng, (0.1,))
    classes = PriorClasses.of(Prior(listed=a, name="motif"), EVERY, judge=one_series is False)
    classes.limit(EVERY, np.full(40, freedom))
    (verdict,) = classes.verdicts(_learned(classes, truth, rng))
    np.testing.assert_allclose(classes.rates, 0.8)
    assert verdict == Verdict("motif", 300, 0.8, False, False)
    assert verdict.sentence() == "prior motif: the data cannot judge its 300 edges; trust stays at 0.8"


def test_learned_rates_leave_four_observations_per_open_edge(rng: np.random.Generator) -> None:
    _, lists = _lists(rng, (0.6, 0.3))
    classes = PriorClasses.of([Prior(listed=x, name=str(k)) for k, x in enumerate(lists)], EVERY)
    classes.limit(EVERY, np.full(40, 24.0))
    open_edges = sum(rate * (classes.group == c + 1).sum() for c, rate in enumerate(classes.rates))
    assert open_edges / classes.listed.any(axis=1).sum() == pytest.approx(6.0)


def test_one_series_keeps_the_trust_and_many_judge_the_prior() -> None:
    """End to end: the verdict comes with the start."""
    wrong = np.roll(systems.TRUTH, 1, axis=1) & ~systems.TRUTH & ~np.eye(systems.N, dtype=bool)
    both = [Prior(listed=systems.TRUTH, name="right"), Prior(listed=wrong, name="wrong")]
    regulators = np.arange(systems.N)
    right, useless = infer_start(systems.trajectories(60, seed=1), regulators, prior=both).priors
    assert right.judged and useless.judged
    assert right.share > 0.8 and useless.share < 0.3
    alone = infer_start(systems.driven(40, seed=1), regulators, prior=both)
    assert [v.judged for v in alone.priors] == [False, False]
    assert alone.inclusion[systems.TRUTH & ~wrong].mean() > 0.5
    held = infer_start(systems.trajectories(60, seed=1), regulators, prior=Prior(listed=wrong, trust=0.9))
    assert held.priors[0].sentence().endswith("held at 0.9, as asked")


def test_a_held_prior_names_hubs_but_opens_nothing_else() -> None:
    """Noise, 20 observations: listed edges keep their trust, the others of the same regulators stay rare."""
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(20, 12)), rng.normal(size=(20, 200))
    listed = np.zeros((200, 12), dtype=bool)
    listed[::2, :3] = True
    every = np.ones((200, 12), dtype=bool)
    chain = Chain(every, PriorClasses.of(Prior(listed=listed.T, trust=0.8), every), PosteriorConfig(), 0)
    grams, choice = plain(x, y), choice_of(200)
    for _ in range(4):
        inclusion = chain.run(grams, choice, 40).inclusion
    assert inclusion[listed].mean() > 0.6
    hubs, rest = inclusion[1::2, :3].mean(), inclusion[:, 3:].mean()
    assert rest < hubs < 0.1


def test_prior_odds_of_a_round_stay_what_they_were(rng: np.random.Generator) -> None:
    """They are asked for when the rates have been learned further."""
    x = rng.normal(size=(60, 12))
    y = x[:, :3] @ rng.normal(size=(3, 30)) + rng.normal(size=(60, 30))
    listed = np.zeros((30, 12), dtype=bool)
    listed[:, :5] = True
    every = np.ones((30, 12), dtype=bool)
    chain = Chain(every, PriorClasses.of(Prior(listed=listed.T), every), PosteriorConfig(), 0)
    before = chain.classes.rates.copy()
    first = chain.run(plain(x, y), choice_of(30), 30)
    np.testing.assert_array_equal(first.odds.classes.rates, before)
    second = chain.run(plain(x, y), choice_of(30), 30)
    used = second.odds.classes.rates.copy()
    odds = second.odds.log().copy()
    assert not np.array_equal(used, before)
    np.testing.assert_allclose(odds[listed], np.log(used / (1 - used))[0], rtol=1e-6)
    chain.run(plain(x, y[::-1]), choice_of(30), 30)
    assert not np.array_equal(chain.classes.rates, used)
    np.testing.assert_array_equal(second.odds.log(), odds)


def test_bad_priors_are_refused() -> None:
    listed = EVERY.T
    with pytest.raises(OptionError, match=r"trust in prior 'motif' .* 1\.2"):
        Prior(listed=listed, name="motif", trust=1.2)
    with pytest.raises(OptionError, match="two priors are called 'a'"):
        PriorClasses.of([Prior(listed=listed, name="a"), Prior(listed=listed, name="a")], EVERY)
    with pytest.raises(OptionError, match="shape"):
        PriorClasses.of(Prior(listed=listed[:3]), EVERY)

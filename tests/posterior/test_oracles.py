"""Every piece of the posterior against a closed form, an enumeration or a direct computation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from posterior_chains import believing, plain
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from grn_l0.posterior.chain import Chain
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.covariance import Basis, Kinds, basis, dictionary
from grn_l0.posterior.kinds import Choice, choose_kinds, noise_population
from grn_l0.posterior.prior_classes import PriorClasses, learn_rate
from grn_l0.posterior.residuals import Residuals
from grn_l0.posterior.response import Design, convolution, designs, refine
from grn_l0.posterior.setting import Held, Setting
from grn_l0.posterior.states import Smoother, States
from grn_l0.timeseries import TimeSeries


def one_design(series: int = 4, times: tuple[float, ...] = (0.0, 1.0, 2.5, 4.0)) -> Design:
    t = np.array(times)
    grid, at = refine(t)
    return Design(np.arange(series), t, np.ones(len(t)), grid, at)


@pytest.mark.parametrize("rate", [1e-6, 0.3, 2.0, 50.0])
def test_convolution_integrates_a_straight_line_exactly(rate: float) -> None:
    grid = np.array([0.0, 0.5, 2.0, 3.0])
    line = 0.7 + 1.3 * grid
    want = [quad(lambda u, t=t: rate * np.exp(-rate * (t - u)) * (0.7 + 1.3 * u), 0, t)[0] for t in grid]
    np.testing.assert_allclose(convolution(grid, rate) @ line, want, rtol=1e-6, atol=1e-9)


def test_convolution_of_a_constant_is_one_minus_the_decay() -> None:
    grid = np.linspace(0, 5, 9)
    np.testing.assert_allclose(convolution(grid, 0.8) @ np.ones(9), 1 - np.exp(-0.8 * grid), atol=1e-12)


def test_series_with_the_same_schedule_share_a_design() -> None:
    times = np.array([[0, 1, 2.0], [10, 11, 12.0], [0, 1, 3.0], [0, 2, np.nan]])
    values = np.where(np.isfinite(times)[:, :, None], 1.0, np.nan) * np.ones((4, 3, 2))
    series = TimeSeries(genes=("a", "b"), trajectories=tuple("pqrs"), values=values, times=times)
    assert [d.series.tolist() for d in designs(series)] == [[0, 1], [2], [3]]


def test_a_schedule_in_tiny_units_does_not_collapse() -> None:
    times = np.array([[0, 1e-12, 2e-12], [0, 1e-12, 3e-12]])
    series = TimeSeries(genes=("a", "b"), trajectories=("p", "q"), values=np.ones((2, 3, 2)), times=times)
    assert len(designs(series)) == 2


def test_state_covariance_is_that_of_simulated_states() -> None:
    design, rng = one_design(), np.random.default_rng(0)
    part = basis(design, 0.7, 0.0)
    decay = np.exp(-0.7 * design.grid)
    scale_x = np.sqrt(1 / (decay[design.at] ** 2).mean())
    scale_c = np.sqrt(1 / ((1 - decay[design.at]) ** 2).mean())
    draws = np.sqrt(2.0) * scale_x * rng.normal(size=(200_000, 1)) * decay
    draws += np.sqrt(3.0) * scale_c * rng.normal(size=(200_000, 1)) * (1 - decay)
    np.testing.assert_allclose(np.cov(draws.T), part.state_covariance(2.0, 3.0, 0.0), rtol=0.05, atol=0.02)


@pytest.mark.parametrize("memory", [0.0, 3.0])
def test_all_kinds_have_positive_definite_covariances(memory: float) -> None:
    design = one_design()
    for rate in (0.0, 0.1, 3.0):
        sigma = basis(design, rate, memory).covariance(10.0, 10.0 * (rate > 0), 10.0 * (rate > 0))
        assert np.linalg.eigvalsh(sigma).min() > 0.99


def test_kinds_maximise_the_restricted_likelihood() -> None:
    """The profile over v of log N(y; 0, v S) integrated over (m, b), computed densely for one gene."""
    design, rng = one_design(series=6), np.random.default_rng(1)
    rates = np.array([0.6])
    kinds = dictionary(rates, 6)
    bases = {-1: [basis(design, 0.0, 0.0)], 0: [basis(design, 0.6, 0.0)]}
    y = rng.normal(size=(6, 4, 1)) + np.exp(-0.6 * design.times)[None, :, None] * rng.normal(size=(6, 1, 1))
    residuals = [Residuals(y)]
    choice = choose_kinds(kinds, bases, residuals, np.ones(1), most=50, edge_cost=np.zeros(1), observed=np.ones(1))
    k = int(choice.kind[0])
    part = bases[int(kinds.rate_index[k])][0]
    sigma = np.kron(np.eye(6), part.covariance(kinds.initial[k], kinds.offset[k], kinds.drift[k]))
    means = np.tile(part.means[design.at], (6, 1))
    q, _ = np.linalg.qr(means, mode="complete")
    contrast = q[:, means.shape[1] :]
    reduced, z = contrast.T @ sigma @ contrast, contrast.T @ y.reshape(-1)
    v = z @ np.linalg.solve(reduced, z) / len(z)
    # one gene is its own population: its noise is its own estimate
    np.testing.assert_allclose(choice.variance[0], v, rtol=1e-6)
    best = multivariate_normal(cov=v * reduced).logpdf(z)
    for other in rng.choice(len(kinds), 40, replace=False):
        part = bases[int(kinds.rate_index[other])][0]
        if part.means.shape[1] != means.shape[1]:
            continue
        level = np.kron(np.eye(6), part.covariance(kinds.initial[other], kinds.offset[other], kinds.drift[other]))
        cov = contrast.T @ level @ contrast
        cov *= z @ np.linalg.solve(cov, z) / len(z)
        assert multivariate_normal(cov=cov).logpdf(z) <= best + 1e-6


@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_noise_population_tells_additive_from_proportional(slope: float) -> None:
    rng = np.random.default_rng(2)
    scale = np.exp(rng.normal(size=200))
    raw = 0.04 * scale ** (2 * slope) * rng.chisquare(100, 200) / 100
    _, spread, found = noise_population(raw / scale**2, scale, np.full(200, 100.0))
    assert abs(found - slope) < 0.05
    assert spread < 0.1


def free(design: Design) -> Held:
    """No gene is held."""
    return Held(np.zeros(0, int), np.zeros(0, int), np.zeros((0, len(design.grid))))


def setting(design: Design, y: np.ndarray, kinds: Kinds, bases: dict[int, list[Basis]], choice: Choice) -> Setting:
    """All genes are regulators, nothing acts from outside, nothing lies between genes."""
    n = y.shape[2]
    none = np.zeros((len(y), len(design.grid), 0))
    return Setting(
        [design],
        [y],
        kinds,
        bases,
        choice,
        np.arange(n),
        np.ones(n),
        [none],
        [np.eye(len(design.grid))],
        [free(design)],
    )


def test_inclusion_is_that_of_all_subsets_enumerated() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 4)) @ (np.eye(4) + 0.6)
    y = (x @ np.array([0.35, 0.0, -0.3, 0.0]) + rng.normal(size=40))[:, None]
    # a strong prior holds the noise variance at 1
    choice = Choice(np.zeros(1, int), np.ones(1), np.ones(1), np.full(1, 1e9), 1.0, np.zeros(1))
    config = PosteriorConfig(slabs=(0.5,), slabs_listed=(0.5,))
    chain = Chain(np.ones((1, 4), bool), PriorClasses.of(None, np.ones((1, 4), bool)), config, 0)
    summary = chain.run(plain(x, y), choice, 60_000)
    a, b = 0.1, 20.0
    weights, total = np.zeros(4), 0.0
    # one target: no regulator has another open edge, so each is open with odds a / b
    for subset in itertools.product([0, 1], repeat=4):
        open_ = np.array(subset, bool)
        cov = np.eye(40) + 0.25 * x[:, open_] @ x[:, open_].T
        density = np.exp(multivariate_normal(cov=cov).logpdf(y[:, 0]) + open_.sum() * np.log(a / b) + 60)
        weights, total = weights + density * open_, total + density
    np.testing.assert_allclose(summary.inclusion[0], weights / total, atol=0.015)


def test_the_noise_of_a_round_is_its_mean_over_the_sweeps() -> None:
    """No gate may open: sweeps draw from an inverse gamma, whose mean is known and whose draws scatter by 10 %."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(200, 2)), rng.normal(size=(200, 30))
    choice = Choice(np.zeros(30, int), np.ones(30), np.ones(30), np.full(30, 10.0), 1.0, np.zeros(30))
    closed = np.zeros((30, 2), bool)
    summary = Chain(closed, PriorClasses.of(None, closed), PosteriorConfig(), 0).run(plain(x, y), choice, 6000)
    expected = ((y**2).sum(0) + 10.0) / (210 - 2)
    # 800 draws, each with a relative standard deviation of sqrt(2 / 206).
    np.testing.assert_allclose(summary.variance, expected, rtol=5 * np.sqrt(2 / 206 / 800))


def test_the_chain_does_not_depend_on_threads_and_repeats_by_seed() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(50, 6)), rng.normal(size=(50, 12))
    choice = Choice(np.zeros(12, int), np.ones(12), np.ones(12), np.full(12, 10.0), 1.0, np.zeros(12))
    runs = []
    for threads, seed in ((1, 0), (3, 0), (1, 1)):
        every = np.ones((12, 6), bool)
        chain = Chain(every, PriorClasses.of(None, every), PosteriorConfig(threads=threads), seed)
        runs.append(chain.run(plain(x, y), choice, 60).inclusion)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize("true_rate", [0.05, 0.9])
def test_the_rate_of_a_class_is_found_from_where_it_starts(true_rate: float) -> None:
    rng = np.random.default_rng(5)
    is_open = rng.random(400) < true_rate
    # log Bayes factors of a Gaussian test: N(+-s^2/2, s^2)
    log_factor = np.where(is_open, 1, -1) * 4.5 + 3.0 * rng.normal(size=400)
    log_odds = np.full(400, np.log(0.8 / 0.2))
    p = 1 / (1 + np.exp(-(log_factor + log_odds)))
    assert abs(learn_rate(p, log_odds, 0.8) - true_rate) < 0.08


def test_smoothing_is_gaussian_conditioning() -> None:
    design, rng = one_design(series=3), np.random.default_rng(6)
    kinds = dictionary(np.array([0.5]), 3)
    bases = {-1: [basis(design, 0.0, 0.0)], 0: [basis(design, 0.5, 0.0)]}
    kind = int(np.flatnonzero((kinds.rate_index == 0) & (kinds.offset == 1.0) & (kinds.drift == 0.3))[3])
    choice = Choice(np.full(2, kind), np.array([0.2, 0.3]), np.ones(2), np.ones(2), 1.0, np.zeros(2))
    y = rng.normal(size=(3, 4, 2))
    smoother = Smoother(setting(design, y, kinds, bases, choice))
    states = States.start([design], 2)
    smoother.smooth(states)
    part, levels = bases[0][0], (kinds.initial[kind], kinds.offset[kind], kinds.drift[kind])
    sigma, state = part.covariance(*levels), part.state_covariance(*levels)
    means = part.means[design.at]
    gls = np.linalg.inv(means.T @ np.linalg.inv(sigma) @ means) @ means.T @ np.linalg.inv(sigma) @ y.mean(0)
    for s in range(3):
        want = part.means @ gls + state[:, design.at] @ np.linalg.solve(sigma, y[s] - means @ gls)
        np.testing.assert_allclose(states.estimate[0][s], want, atol=1e-10)


def test_the_joint_step_conditions_on_the_targets_too() -> None:
    """A constant regulator and one target: the posterior of the regulator from both, computed densely."""
    design, rng = one_design(series=5), np.random.default_rng(7)
    kinds = dictionary(np.array([0.5]), 5)
    bases = {-1: [basis(design, 0.0, 0.0)], 0: [basis(design, 0.5, 0.0)]}
    parent = int(np.flatnonzero((kinds.rate_index == -1) & (kinds.initial > 1))[0])
    child = int(np.flatnonzero((kinds.rate_index == 0) & (kinds.offset == 0.1) & (kinds.drift == 0.1))[2])
    choice = Choice(np.array([parent, child]), np.array([0.3, 0.2]), np.ones(2), np.ones(2), 1.0, np.zeros(2))
    y = rng.normal(size=(5, 4, 2))
    y -= y.mean(axis=(0, 1))
    last = believing(np.array([[0.0, 0.0], [0.8, 0.0]]))
    smoother = Smoother(setting(design, y, kinds, bases, choice))
    states = States.start([design], 2)
    for _ in range(30):
        smoother.smooth(states)
        smoother.produce(states, last.weight)
        smoother.joint(states, last, 0.1)
        smoother.produce(states, last.weight)
    own, other = bases[-1][0], bases[0][0]
    prior = 0.3 * own.state_covariance(kinds.initial[parent], 0.0, 0.0)
    noise = 0.2 * other.covariance(kinds.initial[child], kinds.offset[child], kinds.drift[child])
    response = 0.8 * other.response[design.at]
    seen = np.vstack([np.eye(len(design.grid))[design.at], response])
    cov = seen @ prior @ seen.T + np.block([[0.3 * np.eye(4), np.zeros((4, 4))], [np.zeros((4, 4)), noise]])
    mean_own, mean_other = states.effects[parent], states.effects[child]
    center = own.means @ mean_own[:, 0]
    for s in range(5):
        rest = np.concatenate(
            [y[s, :, 0] - center[design.at], y[s, :, 1] - other.means[design.at] @ mean_other[:, 0] - response @ center]
        )
        want = center + prior @ seen.T @ np.linalg.solve(cov, rest)
        np.testing.assert_allclose(states.estimate[0][s, :, 0], want, atol=1e-6)

"""Stimuli and knock-outs in the gated ODE and in forecasts, on a system whose effects are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fit_systems import GENES, TIMES, TRUTH, N, make_start, production, simulate
from scipy.integrate import solve_ivp

from grn_l0 import GrnWarning
from grn_l0.dynamics import Linear
from grn_l0.fit import FitConfig, FitResult, fit, load_model, save_model
from grn_l0.fit.drive import Drive, Stimuli
from grn_l0.fit.loss import EdgePrior, Objective
from grn_l0.fit.problem import make_problem, standard_deviation
from grn_l0.fit.start_file import canonical, load_start, save_start
from grn_l0.gates import HardConcrete
from grn_l0.posterior import PosteriorConfig, infer_start
from grn_l0.posterior.start import Inputs, Start
from grn_l0.solve import ExponentialHeun
from grn_l0.sparsity import Penalty
from grn_l0.timeseries import TimeSeries

ALL = np.arange(N)
EFFECT = np.zeros((2, N))
EFFECT[0, [3, 9]] = 0.6, -0.4
EFFECT[1, 4] = 0.5
NOISE = 0.02


def stimulated(
    n: int, seed: int, *, noise: float = NOISE, knockouts: bool = False, times: np.ndarray = TIMES
) -> tuple[TimeSeries, np.ndarray]:
    """Series of the known system under two stimuli whose levels change at observations; gene 3 out in half of them."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0, 1, (n, len(times), 2)) * (rng.random((n, len(times), 2)) < 0.6)
    out = np.zeros((n, N), dtype=bool)
    out[::2, 3] = knockouts
    clean = np.empty((n, len(times), N))
    for s in range(n):
        clean[s, 0] = rng.uniform(0.1, 0.9, N)
        for k, gap in enumerate(np.diff(times)):
            pushed = level[s, k] @ EFFECT
            right = lambda t, x, u=pushed, held=out[s]: np.where(held, 0.0, production(x, False) + u - x)  # noqa: E731
            clean[s, k + 1] = solve_ivp(right, (0, gap), clean[s, k], rtol=1e-8, atol=1e-10).y[:, -1]
    series = TimeSeries(
        genes=GENES,
        trajectories=tuple(f"s{k}" for k in range(n)),
        values=clean + noise * rng.normal(size=clean.shape),
        times=np.tile(times, (n, 1)),
        stimuli=level,
        stimulus_names=("drug", "heat"),
        knockouts=out,
    )
    return series, clean


def with_inputs(series: TimeSeries, clean: np.ndarray, share: float) -> Start:
    """A start that knows this share of the effects."""
    inputs = Inputs(
        names=series.stimulus_names,
        effect=share * EFFECT,
        width=np.where(EFFECT != 0, 0.5, 0.02),
        level=np.asarray(series.stimuli)[:, :-1],
    )
    return replace(make_start(series, clean, NOISE), inputs=inputs)


def objective(series: TimeSeries, start: Start, config: FitConfig) -> Objective:
    sd = standard_deviation(series)
    dynamics = Linear.from_start(start, series, regulators=torch.arange(N))
    return Objective(
        problem=make_problem(series, start, sd, config),
        dynamics=dynamics.scaled(1 / torch.from_numpy(sd)),
        gate=HardConcrete.from_probability(torch.from_numpy(start.inclusion), ~torch.eye(N, dtype=torch.bool)),
        sparsity=Penalty(torch.from_numpy(start.penalty)),
        solver=ExponentialHeun(step=0.05),
        prior=EdgePrior.from_start(start, sd, sd, 1.0, torch.float64),
        drive=None if start.inputs is None else Drive(start.inputs, sd, torch.float64),
    )


@pytest.fixture(scope="module")
def fitted() -> FitResult:
    series, clean = stimulated(40, 0)
    return fit(series, with_inputs(series, clean, 0.5), regulators=ALL, config=FitConfig(families="linear"))


@pytest.mark.parametrize("longest", [12, 3])
def test_residuals_of_the_truth_are_the_noise(longest: int) -> None:
    """Whole trajectories, and windows from the true states."""
    series, clean = stimulated(6, 1)
    start = with_inputs(series, clean, 1.0)
    true = replace(start, weight=TRUTH, offset=np.full(N, 0.5), rate=np.ones(N), initial=clean[:, 0], states=clean)
    part = objective(series, true, FitConfig(dtype="float64", longest=longest))
    found = part.squares(torch.ones(N, N, dtype=torch.float64)).detach().numpy()
    wrong = ((series.values - clean) / start.noise) ** 2
    # In windows every value but the first is counted once at the end of a step and once at that of two (less the edge).
    counted = 0.5 * (wrong[:, 1:].sum((0, 1)) + wrong[:, 2:].sum((0, 1))) if longest == 3 else wrong.sum((0, 1))
    np.testing.assert_allclose(found, counted, rtol=2e-3)
    without = objective(series, replace(true, inputs=None), FitConfig(dtype="float64", longest=longest))
    worse = without.squares(torch.ones(N, N, dtype=torch.float64)).detach().numpy()
    assert (worse[[3, 4, 9]] > 3 * found[[3, 4, 9]]).all()


def test_gradient_of_the_effects_against_finite_differences() -> None:
    series, clean = stimulated(4, 2)
    target = objective(series, with_inputs(series, clean, 0.5), FitConfig(dtype="float64"))
    loss = lambda: target(target.gate.deterministic())  # noqa: E731
    loss().backward()
    assert target.drive is not None
    moved = target.drive.moved
    assert moved.grad is not None
    direction = torch.from_numpy(np.random.default_rng(0).normal(size=tuple(moved.shape)))
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            moved.add_(sign * 1e-5 * direction)
            values.append(float(loss()))
            moved.sub_(sign * 1e-5 * direction)
    assert float((moved.grad * direction).sum()) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5)


def test_the_prior_of_the_effects_by_hand_and_what_no_width_allows() -> None:
    series, clean = stimulated(4, 2)
    inputs = with_inputs(series, clean, 1.0).inputs
    assert inputs is not None
    width = np.array([[0.5], [0.0]]) * np.ones(N)
    drive = Drive(replace(inputs, effect=EFFECT * [[1], [0]], width=width), np.ones(N), torch.float64)
    with torch.no_grad():
        drive.moved.fill_(0.3)
    np.testing.assert_allclose(drive.effect[0].detach(), EFFECT[0] + 0.15)
    assert (drive.effect[1] == 0).all()
    expected = 0.5 * (((EFFECT[0] + 0.15) / 0.5) ** 2).sum() + 0.5 * N * 0.3**2
    assert float(drive.penalty().detach()) == pytest.approx(expected)


@pytest.mark.parametrize("longest", [12, 3])
def test_a_knocked_out_gene_counts_for_nothing_and_stays_at_its_mean(longest: int) -> None:
    series, clean = stimulated(6, 3, knockouts=True)
    start, config = with_inputs(series, clean, 1.0), FitConfig(dtype="float64", longest=longest)
    one = objective(series, start, config)
    # The same mean, other values: nothing may change.
    values = series.values.copy()
    values[::2, :, 3] = values[::2, ::-1, 3]
    other = objective(replace(series, values=values), start, config)
    z = one.gate.deterministic().detach()
    assert float(one(z).detach()) == pytest.approx(float(other(z).detach()), rel=1e-12)
    problem, sd = one.problem, standard_deviation(series)
    held = problem.held
    assert held is not None and held.sum() == problem.weight[:, 0, 3].numel() / 2
    mean = series.values[::2, :, 3].mean(1) / sd[3]
    np.testing.assert_allclose(np.unique(problem.initial[held]), np.unique(mean))
    x = one.solver.solve(one.dynamics, one.initial, problem.times, z, held=held).detach()
    assert (x[held.nonzero()[:, 0], :, 3] == x[held.nonzero()[:, 0], :1, 3]).all()
    whole = longest == 12
    expected = np.full(N, 30.0)
    expected[3] = 15.0
    assert problem.observed.tolist() == expected.tolist()
    if whole and problem.initial_sd is not None:
        # Six measurements of one level are known that much better than one.
        noise = start.noise[3] / sd[3]
        np.testing.assert_allclose(problem.initial_sd[:, 3], [noise / np.sqrt(6), noise] * 3)


def test_initial_states_of_many_cells_are_more_certain() -> None:
    series, clean = stimulated(4, 3)
    weights = np.ones(series.times.shape)
    weights[1, 0] = 4.0
    problem = make_problem(
        replace(series, weights=weights), with_inputs(series, clean, 1.0), np.ones(N), FitConfig(dtype="float64")
    )
    assert problem.initial_sd is not None
    np.testing.assert_allclose(problem.initial_sd[:, 0], NOISE * np.array([1, 0.5, 1, 1]))


def test_effects_are_recovered_from_half_of_them(fitted: FitResult) -> None:
    assert fitted.stimuli is not None and fitted.stimuli.names == ("drug", "heat")
    np.testing.assert_allclose(fitted.stimuli.effect, EFFECT, atol=0.05)
    np.testing.assert_allclose(fitted.stimuli.expected, 0.5 * EFFECT)


def test_effects_are_found_without_a_posterior() -> None:
    series, _ = stimulated(40, 4)
    config = FitConfig(families="linear")
    made = fit(series, None, regulators=ALL, config=config)
    assert made.stimuli is not None
    np.testing.assert_allclose(made.stimuli.effect, EFFECT, atol=0.1)


def test_forecasts_know_the_stimuli_of_other_series(fitted: FitResult) -> None:
    other, clean = stimulated(6, 5, noise=0.0)
    found = fitted.forecast(other)
    assert found.mse_full < 0.1 * replace(fitted, stimuli=None).forecast(other).mse_full
    np.testing.assert_allclose(found.full, clean, atol=0.1)
    # Columns are found by name, genes in any order.
    order = np.random.default_rng(0).permutation(N)
    turned = replace(
        other,
        stimuli=np.asarray(other.stimuli)[:, :, ::-1],
        stimulus_names=("heat", "drug"),
        genes=tuple(GENES[i] for i in order),
        values=other.values[:, :, order],
    )
    np.testing.assert_array_equal(fitted.forecast(turned).full, found.full)


def test_a_stimulus_without_levels_is_off_and_said(fitted: FitResult) -> None:
    other, _ = stimulated(6, 5)
    level = np.asarray(other.stimuli).copy()
    level[:, :, 1] = 0.0
    off = fitted.forecast(replace(other, stimuli=level))
    with pytest.warns(GrnWarning, match="no stimulus 'heat'"):
        bare = fitted.forecast(replace(other, stimuli=level[:, :, :1], stimulus_names=("drug",)))
    np.testing.assert_array_equal(off.full, bare.full)


def test_a_gene_that_is_knocked_out_stays_at_its_present_value(fitted: FitResult) -> None:
    other, clean = stimulated(6, 6, noise=0.0, knockouts=True)
    found = fitted.forecast(other)
    np.testing.assert_array_equal(found.one_step[::2, 1:, 3], other.values[::2, :-1, 3].astype(np.float32))
    unaware = fitted.forecast(replace(other, knockouts=None))
    rest = np.arange(N) != 3
    better, worse = (np.mean((f.full - clean)[::2][:, :, rest] ** 2) for f in (found, unaware))
    assert better < 0.5 * worse
    np.testing.assert_array_equal(found.full[1::2], unaware.full[1::2])


def test_a_found_stimulus_shapes_the_fit_but_has_no_name_to_be_forecast_by() -> None:
    series, clean = stimulated(20, 7)
    start = with_inputs(series, clean, 1.0)
    assert start.inputs is not None
    blind = replace(series, stimuli=None, stimulus_names=())
    config = FitConfig(families="linear")
    made = fit(blind, replace(start, inputs=replace(start.inputs, names=())), regulators=ALL, config=config)
    unaware = fit(blind, replace(start, inputs=None), regulators=ALL, config=config)
    assert made.stimuli is None
    # Series of the same system on which nothing acts.
    rest, _ = simulate(6, 0.0, 8)
    assert made.forecast(rest).mse_full < 0.3 * unaware.forecast(rest).mse_full


def test_a_context_brings_its_own_levels() -> None:
    times = np.arange(0, 10, 0.5)
    series, clean = stimulated(8, 9, times=times)
    start = with_inputs(series, clean, 1.0)
    made = fit(series, start, regulators=ALL, config=FitConfig(families="linear"))
    other, _ = stimulated(4, 10, times=times)

    def some(part: slice, level: float = 1.0) -> TimeSeries:
        stimuli = level * np.asarray(other.stimuli)
        return TimeSeries(
            genes=GENES,
            trajectories=other.trajectories,
            values=other.values[:, part],
            times=other.times[:, part],
            stimuli=stimuli[:, part],
            stimulus_names=other.stimulus_names,
        )

    past, later = slice(0, 12), slice(12, None)
    known = made.forecast(some(later), context=some(past))
    assert known.mse_one_step < 0.7 * made.forecast(some(later, 0.0), context=some(past)).mse_one_step
    # Levels before the gap act on what is carried into it.
    changed = made.forecast(some(later), context=some(past, 0.0))
    assert known.mse_one_step < changed.mse_one_step


def test_models_and_starts_come_back_with_their_stimuli(fitted: FitResult, tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", fitted)
    again = load_model(tmp_path / "m.safetensors")
    other, clean = stimulated(6, 5)
    for gates in ("hard", "expected"):
        a, b = fitted.forecast(other, gates=gates), again.forecast(other, gates=gates)
        assert np.array_equal(a.full, b.full) and np.array_equal(a.one_step, b.one_step)
    assert isinstance(again.stimuli, Stimuli) and again.stimuli.names == ("drug", "heat")
    start = canonical(with_inputs(other, clean, 1.0))
    save_start(tmp_path / "s.safetensors", start, {})
    back = load_start(tmp_path / "s.safetensors").inputs
    assert back is not None and start.inputs is not None and back.names == start.inputs.names
    for name in ("effect", "width", "level"):
        x, y = getattr(back, name), getattr(start.inputs, name)
        assert x.tobytes() == y.tobytes() and x.strides == y.strides


def test_the_posterior_hands_on_effects_and_the_offset_of_level_0() -> None:
    series, _ = stimulated(40, 11, noise=0.01)
    start = infer_start(series, ALL, config=PosteriorConfig(false_share=None))
    assert start.inputs is not None and start.inputs.names == ("drug", "heat") and start.lag == 0.0
    np.testing.assert_allclose(start.inputs.level, np.asarray(series.stimuli)[:, :-1], rtol=1e-12)
    np.testing.assert_allclose(start.inputs.effect, EFFECT, atol=0.05)
    assert (start.inputs.width[EFFECT != 0] > 3 * np.median(start.inputs.width)).all()
    # Production at the center of the regulators when nothing acts.
    np.testing.assert_allclose(start.offset, production(start.center, False), atol=0.05)

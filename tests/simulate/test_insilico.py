"""Thermodynamic production, proteins and the networks that have them, against sums over states and closed forms."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.linalg import expm

from grn_l0._errors import OptionError
from grn_l0.simulate import Change, ThermodynamicProduction, initial_states, insilico_system, random_system
from grn_l0.simulate.insilico import draw_promoter
from grn_l0.simulate.production import LinearProduction
from grn_l0.simulate.thermodynamic import Module, Promoter

SYSTEM = insilico_system(60, 1)


def activity(module: Module, y: np.ndarray) -> float:
    """The probability that a module is active, from the weights of its bound states."""
    regulators = (*module.activators, *module.deactivators)
    chi = {j: (y[j] / k) ** n for j, k, n in zip(regulators, module.k, module.n, strict=True)}
    on = float(np.prod([chi[j] for j in module.activators]))
    if module.as_complex:
        silent = on * float(np.prod([chi[j] for j in module.deactivators])) if module.deactivators else 0.0
        return on / (1 + on + silent)
    # Every subset of the regulators may be bound; only all activators without any deactivator count.
    total = sum(
        float(np.prod([chi[j] for j, bound in zip(regulators, state, strict=True) if bound]))
        for state in product((False, True), repeat=len(regulators))
    )
    return on / total


def test_production_is_the_sum_over_all_promoter_states(rng: np.random.Generator) -> None:
    body = SYSTEM.production
    assert isinstance(body, ThermodynamicProduction)
    sizes = {len(p.modules) for p in body.promoters}
    assert {0, 1, 2} <= sizes
    assert any(m.deactivators and m.as_complex for p in body.promoters for m in p.modules)
    x, shift = rng.random((3, 60)), rng.uniform(-0.6, 0.6, (3, 60))
    free, shifted = body(x), body.shifted(x, shift)
    for s in range(3):
        for i, promoter in enumerate(body.promoters):
            m = [activity(module, x[s]) for module in promoter.modules]
            expected = [0.0, 0.0]
            for state, alpha in enumerate(promoter.alpha):
                p = float(np.prod([q if state >> k & 1 else 1 - q for k, q in enumerate(m)]))
                expected[0] += p * alpha
                expected[1] += p * min(max(alpha + shift[s, i], 0.0), 1.0)
            np.testing.assert_allclose([free[s, i], shifted[s, i]], expected, rtol=1e-10, atol=1e-14)


def test_promoters_can_be_switched_on_and_off(rng: np.random.Generator) -> None:
    for _ in range(200):
        sign = rng.choice([-1.0, 1.0], 5)
        promoter = draw_promoter(np.arange(int(rng.integers(1, 6))), sign, rng)
        alpha = np.array(promoter.alpha)
        effect = np.array([alpha[1 << k] - alpha[0] for k in range(len(promoter.modules))])
        up = sum(1 << k for k in range(len(effect)) if effect[k] > 0)
        down = len(alpha) - 1 - up
        assert alpha[up] == pytest.approx(1.0)
        assert down == 0 or alpha[down] <= 0.25 + 1e-12
        for module, e in zip(promoter.modules, effect, strict=True):
            assert all(sign[j] == np.sign(e) for j in module.activators)
            assert all(sign[j] == -np.sign(e) for j in module.deactivators)


def test_edges_are_what_production_depends_on() -> None:
    step, numeric = 1e-6, np.zeros((60, 60))
    for level in (0.2, 0.5, 0.8):
        x = np.full((1, 60), level)
        for j in range(60):
            up, down = x.copy(), x.copy()
            up[0, j] += step
            down[0, j] -= step
            change = (SYSTEM.production(up) - SYSTEM.production(down))[0] / (2 * step)
            numeric[j] = np.where(np.abs(change) > np.abs(numeric[j]), change, numeric[j])
    seen = np.abs(numeric) > 1e-7
    np.testing.assert_array_equal(np.sign(numeric[seen]), SYSTEM.truth[seen])
    # Some regulators of many-regulator genes hardly matter at these three states.
    assert seen.sum() > 0.9 * len(SYSTEM.edges)


def test_networks_have_the_density_hubs_and_feedback_of_the_challenge() -> None:
    systems = [insilico_system(100, seed) for seed in range(5)]
    truth = [np.abs(s.truth) for s in systems]
    assert 0.015 < np.mean(truth) < 0.025
    assert np.mean([t.sum(axis=1).max() for t in truth]) > 15
    for t in truth:
        assert np.linalg.matrix_power(t, 100).any()  # a path of 100 edges exists only along a ring
        assert not np.diag(t).any()
    half = np.log(2) / np.concatenate([s.rate for s in systems])
    assert 5 <= half.min() < half.mean() < half.max() <= 50


def test_proteins_follow_expression_as_the_matrix_exponential() -> None:
    system = random_system(9, 2, production="linear", rate_spread=0.3, proteins=True)
    body, dp = system.production, system.protein_rate
    assert isinstance(body, LinearProduction)
    assert dp is not None
    x0, times = initial_states(system, 3, 1), np.array([0.0, 0.6, 2.0])
    rate = np.where(system.inputs, 0.0, system.rate)
    # d(x, y, 1)/dt with x made from y
    matrix = np.zeros((19, 19))
    matrix[:9, :9], matrix[:9, 9:18] = -np.diag(rate), rate[:, None] * body.weights.T
    matrix[:9, 18] = rate * (body.offset - body.center * body.weights.sum(axis=0))
    matrix[9:18, :9], matrix[9:18, 9:18] = np.diag(dp), -np.diag(dp)
    solved = system.states(x0, times)
    assert solved.shape == (3, 3, 18)
    for k, time in enumerate(times):
        exact = np.hstack([x0, x0, np.ones((3, 1))]) @ expm(matrix * time).T
        np.testing.assert_allclose(solved[:, k], exact[:, :18], atol=1e-8)
    np.testing.assert_array_equal(system.solve(x0, times), solved[:, :, :9])
    onwards = system.solve(solved[:, 1], times[1:])
    np.testing.assert_allclose(onwards[:, -1], solved[:, -1, :9], atol=1e-7)


def test_states_at_rest_solve_the_linear_equations() -> None:
    system = random_system(12, 3, production="linear", proteins=True, inputs_share=0.4)
    body = system.production
    assert isinstance(body, LinearProduction)
    x0 = initial_states(system, 2, 0)
    scale = np.ones((2, 12))
    scale[1, 8] = 0.0
    rest = system.steady_states(x0, change=Change(scale=scale))
    for s in range(2):
        weights = np.where(system.inputs, 0.0, body.weights * scale[s])
        constant = np.where(system.inputs, x0[s], scale[s] * (body.offset - body.center * body.weights.sum(axis=0)))
        exact = np.linalg.solve(np.eye(12) - weights.T, constant)
        np.testing.assert_allclose(rest[s], [*exact, *exact], atol=1e-4)


def test_a_shift_moves_other_productions_within_their_range() -> None:
    system = random_system(10, 0)
    x, shift = np.full((1, 10), 0.5), np.zeros((1, 10))
    shift[0, 6:9] = 0.2, 5.0, -5.0
    changed = Change(shift=shift).apply(system.production, x)[0]
    free = system.production(x)[0]
    np.testing.assert_allclose(changed[6:9], [min(free[6] + 0.2, 1.0), 1.0, 0.0])
    np.testing.assert_array_equal(changed[:6], free[:6])


@pytest.mark.parametrize(
    "options",
    [{"n_genes": 3}, {"mean_in_degree": 0.2}, {"hubs": -1.0}, {"half_life": (5.0, 5.0)}, {"repressor_share": 1.2},
     {"sources_share": -0.1}, {"regulators_share": 2.0}],
)  # fmt: skip
def test_options_outside_their_range(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        insilico_system(**options)  # type: ignore[arg-type]


def test_promoters_and_proteins_that_do_not_fit() -> None:
    with pytest.raises(OptionError, match="levels"):
        ThermodynamicProduction([Promoter(modules=(), alpha=(0.1, 0.2))])
    with pytest.raises(OptionError, match="protein"):
        replace(SYSTEM, protein_rate=np.zeros(60))

"""Solutions against closed forms and scipy, and what random systems promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from grn_l0._errors import DivergenceError, OptionError, TableError
from grn_l0.simulate import System, initial_states, random_system
from grn_l0.simulate.production import LinearProduction
from grn_l0.simulate.random_network import ProductionName

PRODUCTIONS: tuple[ProductionName, ...] = ("logic", "linear", "logistic")


def test_linear_system_is_the_matrix_exponential() -> None:
    system = random_system(12, 3, production="linear", rate_spread=0.3)
    body = system.production
    assert isinstance(body, LinearProduction)
    x0, times = initial_states(system, 4, 1), np.array([0.0, 0.7, 2.5])
    rate = np.where(system.inputs, 0.0, system.rate)
    # dx/dt = M x + c, as one matrix acting on (x, 1)
    augmented = np.zeros((13, 13))
    augmented[:12, :12] = rate[:, None] * (body.weights.T - np.eye(12))
    augmented[:12, 12] = rate * (body.offset - body.center * body.weights.sum(axis=0))
    solved = system.solve(x0, times)
    for k, time in enumerate(times):
        exact = np.hstack([x0, np.ones((4, 1))]) @ expm(augmented * time).T
        np.testing.assert_allclose(solved[:, k], exact[:, :12], atol=1e-8)


@pytest.mark.parametrize("production", PRODUCTIONS)
def test_random_system_agrees_with_scipy_one_trajectory_at_a_time(production: ProductionName) -> None:
    system = random_system(20, 1, production=production, rate_spread=0.2)
    x0, times = initial_states(system, 3, 0), np.array([0.0, 1.0, 4.0])
    rate = np.where(system.inputs, 0, system.rate)
    solved = system.solve(x0, times)
    for k in range(3):
        one = solve_ivp(
            lambda t, x: rate * (system.production(x[None])[0] - x),
            (0, 4),
            x0[k],
            "LSODA",
            times,
            rtol=1e-9,
            atol=1e-11,
        )
        np.testing.assert_allclose(solved[k], one.y.T, atol=1e-6)
    np.testing.assert_array_equal(solved[:, -1, system.inputs], x0[:, system.inputs])


@pytest.mark.parametrize("production", PRODUCTIONS)
def test_edges_are_what_production_depends_on(production: ProductionName) -> None:
    system = random_system(25, 4, production=production)
    x, step = np.full((1, 25), 0.47), 1e-5
    numeric = np.zeros((25, 25))
    for j in range(25):
        up, down = x.copy(), x.copy()
        up[0, j] += step
        down[0, j] -= step
        numeric[j] = (system.production(up) - system.production(down))[0] / (2 * step)
    numeric[:, system.inputs] = 0  # an input's production is not used
    np.testing.assert_array_equal(np.sign(np.round(numeric, 9)), system.truth)
    assert not np.diag(system.truth).any()


@pytest.mark.parametrize("production", ["logic", "logistic"])
def test_states_stay_in_range(production: ProductionName) -> None:
    system = random_system(40, 2, production=production)
    values = system.solve(initial_states(system, 5, 0), np.array([0.0, 3.0, 20.0]))
    assert values.min() >= -1e-9
    assert values.max() <= 1 + 1e-9


def test_few_hubs_and_most_genes_regulate_nothing() -> None:
    system = random_system(200, 0)
    out_degree = np.abs(system.truth).sum(axis=1)
    assert (out_degree == 0).mean() > 0.7
    assert out_degree.max() > 5 * out_degree[out_degree > 0].mean()
    assert (np.abs(system.truth).sum(axis=0)[~system.inputs] >= 1).all()


def test_the_seed_decides() -> None:
    first, again, other = (random_system(30, seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first.edges, again.edges)
    x = np.full((1, 30), 0.3)
    np.testing.assert_array_equal(first.production(x), again.production(x))
    assert not first.edges.equals(other.edges)


@pytest.mark.parametrize(
    "options",
    [{"n_genes": 3}, {"regulators_share": 1.5}, {"inputs_share": -0.1}, {"mean_in_degree": 0.5}, {"rate_spread": -1.0},
     {"production": "cubic"}, {"repressor_share": 2.0}],
)  # fmt: skip
def test_options_outside_their_range(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        random_system(**options)  # type: ignore[arg-type]


def test_what_cannot_be_solved() -> None:
    system = random_system(8, 0)
    with pytest.raises(OptionError, match="expected"):
        system.solve(np.zeros((2, 7)), np.array([0.0, 1.0]))
    with pytest.raises(OptionError, match="increasing"):
        system.solve(np.zeros((2, 8)), np.array([0.0, 1.0, 1.0]))
    np.testing.assert_array_equal(system.solve(np.ones((2, 8)), np.array([3.0])), np.ones((2, 1, 8)))
    explosive = replace(system, production=lambda x: x + x**2 + 1, inputs=np.zeros(8, dtype=bool))
    with pytest.raises(DivergenceError):
        explosive.solve(np.ones((1, 8)), np.array([0.0, 50.0]))
    with pytest.raises(OptionError, match="rate"):
        replace(system, rate=np.ones(3))
    with pytest.raises(OptionError, match="negative"):
        replace(system, rate=-np.ones(8))
    with pytest.raises(TableError, match="sign"):
        replace(system, edges=system.edges.drop(columns="sign"))


def test_an_edge_of_changing_sign_counts_as_an_edge() -> None:
    edges = pd.DataFrame({"source": ["A", "B"], "target": ["B", "A"], "sign": [0, -1]})
    inputs = np.zeros(2, dtype=bool)
    system = System(genes=("A", "B"), edges=edges, production=lambda x: x, rate=np.ones(2), inputs=inputs)
    np.testing.assert_array_equal(system.truth, [[0, 1], [-1, 0]])


def test_without_hubs_the_out_degree_is_poisson() -> None:
    options = {"regulators_share": 1.0, "inputs_share": 0.2}
    plain = [random_system(150, seed, hubs=0.0, **options) for seed in range(5)]  # type: ignore[arg-type]
    degree = np.concatenate([np.abs(s.truth).sum(axis=1) for s in plain])
    assert degree.var() / degree.mean() == pytest.approx(1.0, abs=0.15)
    with_hubs = np.abs(random_system(150, 0, **options).truth).sum(axis=1)  # type: ignore[arg-type]
    assert with_hubs.max() > 3 * degree.max()


def test_feedback_can_be_left_out() -> None:
    for seed in range(3):
        for feedback in (True, False):
            system = random_system(60, seed, feedback=feedback, hubs=0.0, regulators_share=1.0, inputs_share=0.1)
            # Some power of a matrix without rings is 0.
            assert np.linalg.matrix_power(np.abs(system.truth), 60).any() == feedback
            assert len(system.edges) > 60
    with pytest.raises(OptionError, match="hubs"):
        random_system(60, hubs=-0.5)

"""DiffPrune: exact zeros, gradients, and what its surrogate stands for."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import norm

from grn_l0._errors import OptionError
from grn_l0.gates import DiffPrune, edge_keys

THETA_0 = 0.2 * math.log(0.1 / 1.1)


def test_zeros_are_exact_and_nothing_is_drawn() -> None:
    theta = torch.tensor([[-3.0, THETA_0 - 1e-6, THETA_0 + 1e-6, 0.0, -THETA_0 + 1e-6, 3.0]], dtype=torch.float64)
    gate = DiffPrune(theta)
    z = gate.sample(torch.Generator().manual_seed(0))
    assert torch.equal(z, gate.deterministic())
    assert z[0, 0] == 0 and z[0, 1] == 0 and 0 < z[0, 2] < 1e-4
    assert float(z[0, 3].detach()) == pytest.approx(0.5)
    assert z[0, 4] == 1 and z[0, 5] == 1
    assert gate.threshold == pytest.approx(THETA_0)


def test_the_share_of_zeros_is_the_reported_sparsity() -> None:
    gate = DiffPrune(torch.randn(50, 80, generator=torch.Generator().manual_seed(0)))
    zeros = float((gate.deterministic() == 0).double().mean())
    assert zeros == float((gate.theta <= gate.threshold).double().mean())
    assert 0.2 < zeros < 0.6


def test_the_surrogate_is_the_probability_of_staying_open() -> None:
    theta = torch.tensor([-1.5, THETA_0, 0.5], dtype=torch.float64)
    expected = norm.cdf((theta.numpy() - THETA_0) / 1.0)
    torch.testing.assert_close(DiffPrune(theta).probability().detach(), torch.from_numpy(expected))
    assert float(DiffPrune(theta, width=0.01).probability()[0].detach()) == 0.0


@pytest.mark.parametrize("stochastic", [False, True])
def test_gradients_against_finite_differences_away_from_kinks(stochastic: bool) -> None:
    theta = torch.tensor([[-0.3, 0.1, 0.3], [-1.0, 0.2, 0.8]], dtype=torch.float64, requires_grad=True)

    def functions(parameter: torch.Tensor) -> tuple[torch.Tensor, ...]:
        gate = DiffPrune(parameter, stochastic=stochastic)
        del gate._parameters["theta"]
        gate.theta = parameter  # type: ignore[assignment]
        drawn = gate.sample(torch.Generator().manual_seed(1))
        return drawn, gate.deterministic(), gate.probability(), gate.mean(), gate.variance()

    assert torch.autograd.gradcheck(functions, (theta,))


def test_closed_gates_have_no_gradient_but_their_price() -> None:
    gate = DiffPrune(torch.tensor([-1.0, 0.0], dtype=torch.float64))
    gate.deterministic().sum().backward()
    assert gate.theta.grad is not None and gate.theta.grad[0] == 0 and gate.theta.grad[1] > 0
    gate.theta.grad = None
    gate.probability().sum().backward()
    assert bool((gate.theta.grad > 0).all())


def test_from_probability_inverts_the_surrogate() -> None:
    p = torch.tensor([[0.05, 0.5, 0.95]], dtype=torch.float64)
    torch.testing.assert_close(DiffPrune.from_probability(p).probability().detach(), p)
    odds = DiffPrune.from_probability(p, odds=4.0, bound=9.0).probability().detach()
    torch.testing.assert_close(odds / (1 - odds), 4 * p / (1 - p))


def test_draws_of_the_stochastic_form_follow_names() -> None:
    names = [f"g{k}" for k in range(20)]
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    shuffled = [names[k] for k in order]
    draws = [
        DiffPrune(torch.zeros(20, 20), stochastic=True, keys=edge_keys(n, n)).sample(torch.Generator().manual_seed(3))
        for n in (names, shuffled)
    ]
    torch.testing.assert_close(draws[0][order][:, order], draws[1], atol=1e-6, rtol=0)


@pytest.mark.parametrize("bad", [{"beta": 0.0}, {"gamma": 0.1}, {"zeta": 1.0}, {"width": 0.0}])
def test_refusals(bad: dict[str, float]) -> None:
    with pytest.raises(OptionError, match="DiffPrune needs"):
        DiffPrune(torch.zeros(2), **bad)
    with pytest.raises(OptionError, match="finite"):
        DiffPrune(torch.full((2,), float("nan")))

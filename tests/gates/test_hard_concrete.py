"""Hard concrete gates against sampling and against the published formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from grn_l0._errors import OptionError
from grn_l0.gates import AbstractGate, Fixed, HardConcrete, edge_keys

BETA, GAMMA, ZETA = 2 / 3, -0.1, 1.1
ALPHAS = torch.tensor([-6.0, -3.0, -1.6, 0.0, 2.0, 5.0], dtype=torch.float64)


def published(u: np.ndarray, log_alpha: float) -> np.ndarray:
    s = 1 / (1 + np.exp(-((np.log(u) - np.log(1 - u) + log_alpha) / BETA)))
    return np.minimum(1, np.maximum(0, s * (ZETA - GAMMA) + GAMMA))


@pytest.fixture
def many() -> tuple[HardConcrete, torch.Tensor]:
    gate = HardConcrete(ALPHAS[:, None].expand(-1, 200_000))
    return gate, gate.sample(torch.Generator().manual_seed(0)).detach()


def test_probability_matches_sampling_and_formula(many: tuple[HardConcrete, torch.Tensor]) -> None:
    gate, z = many
    frequency = (z != 0).double().mean(1)
    closed = gate.probability()[:, 0].detach()
    formula = torch.sigmoid(ALPHAS - BETA * math.log(-GAMMA / ZETA))
    torch.testing.assert_close(closed, formula)
    assert (frequency - closed).abs().max() < 5 * 0.5 / math.sqrt(200_000)


def test_mean_matches_sampling_and_quadrature(many: tuple[HardConcrete, torch.Tensor]) -> None:
    _, z = many
    mean = HardConcrete(ALPHAS[:, None]).mean()[:, 0].detach()
    assert (z.mean(1) - mean).abs().max() < 5 * 0.5 / math.sqrt(200_000)
    u = (np.arange(100_000) + 0.5) / 100_000
    exact = [published(u, float(a)).mean() for a in ALPHAS]
    np.testing.assert_allclose(mean, exact, atol=1e-6)


@pytest.mark.parametrize("q", [0.05, 0.3, 0.5, 0.8, 0.99])
def test_quantiles_match_sampling_and_formula(many: tuple[HardConcrete, torch.Tensor], q: float) -> None:
    gate, z = many
    closed = gate.quantile(q)[:, 0].detach().numpy()
    np.testing.assert_allclose(closed, [published(np.array(q), float(a)) for a in ALPHAS], atol=1e-12)
    np.testing.assert_allclose(closed, np.quantile(z.numpy(), q, axis=1), atol=0.02)


def test_test_time_value_is_the_published_one() -> None:
    gate = HardConcrete(ALPHAS[:, None])
    expected = (torch.sigmoid(ALPHAS) * (ZETA - GAMMA) + GAMMA).clamp(0, 1)
    torch.testing.assert_close(gate.deterministic()[:, 0].detach(), expected)


def test_gradients_against_finite_differences() -> None:
    u = torch.tensor([[0.3, 0.6], [0.7, 0.2]], dtype=torch.float64)
    alpha = torch.tensor([[0.4, -0.3], [0.1, 1.0]], dtype=torch.float64, requires_grad=True)

    def functions(log_alpha: torch.Tensor) -> tuple[torch.Tensor, ...]:
        gate = HardConcrete(log_alpha)
        del gate._parameters["log_alpha"]
        gate.log_alpha = log_alpha
        return gate.quantile(u), gate.probability(), gate.mean(), gate.deterministic()

    assert torch.autograd.gradcheck(functions, (alpha,))


def test_forbidden_pairs_are_exactly_zero_and_get_no_gradient() -> None:
    allowed = ~torch.eye(4, dtype=torch.bool)
    gate = HardConcrete(torch.full((4, 4), 3.0), allowed)
    z = gate.sample(torch.Generator().manual_seed(1))
    for values in (z, gate.deterministic(), gate.probability(), gate.mean(), gate.quantile(0.9)):
        assert (values.diagonal() == 0).all()
        assert (values[allowed] >= 0).all()
    z.sum().backward()
    assert gate.log_alpha.grad is not None
    assert (gate.log_alpha.grad.diagonal() == 0).all()


def test_from_probability_inverts_probability() -> None:
    p = torch.tensor([[0.1, 0.5, 0.9]], dtype=torch.float64)
    torch.testing.assert_close(HardConcrete.from_probability(p).probability().detach(), p)
    odds = HardConcrete.from_probability(p, odds=4.0).probability().detach()
    torch.testing.assert_close(odds / (1 - odds), 4 * p / (1 - p))


def test_keyed_draws_follow_the_names() -> None:
    names = [f"g{k}" for k in range(30)]
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    shuffled = [names[k] for k in order]
    draws = [
        HardConcrete(torch.zeros(30, 30), keys=edge_keys(n, n)).sample(torch.Generator().manual_seed(3)).detach()
        for n in (names, shuffled)
    ]
    assert torch.equal(draws[0][order][:, order], draws[1])


def test_keyed_draws_are_uniform_and_fresh() -> None:
    keys = edge_keys([f"r{k}" for k in range(200)], [f"t{k}" for k in range(300)])
    gate, generator = HardConcrete(torch.zeros(200, 300), keys=keys), torch.Generator().manual_seed(0)
    first, second = gate.sample(generator).detach(), gate.sample(generator).detach()
    p = float(gate.probability().detach()[0, 0])
    for z in (first, second):
        assert abs(float((z != 0).float().mean()) - p) < 5 * 0.5 / math.sqrt(60_000)
        assert float((z != 0).float().mean(0).std()) < 2 * 0.5 / math.sqrt(200)
    assert abs(float(torch.corrcoef(torch.stack([first.ravel(), second.ravel()]))[0, 1])) < 0.02


@pytest.mark.parametrize("bad", [{"beta": 0.0}, {"gamma": 0.1}, {"zeta": 1.0}])
def test_refuses_impossible_stretch(bad: dict[str, float]) -> None:
    with pytest.raises(OptionError, match="beta > 0"):
        HardConcrete(torch.zeros(2, 2), **bad)


def test_refuses_infinite_location_and_bad_masks() -> None:
    with pytest.raises(OptionError, match="finite"):
        HardConcrete(torch.full((2, 2), float("inf")))
    with pytest.raises(OptionError, match="0, 1"):
        Fixed(torch.full((2, 2), 2.0))


@pytest.mark.parametrize(
    "gate",
    [
        HardConcrete(torch.randn(3, 5, generator=torch.Generator().manual_seed(0))),
        Fixed(torch.ones(3, 5, dtype=torch.bool)),
    ],
)
def test_contract(gate: AbstractGate) -> None:
    one, two = (gate.sample(torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(one, two)
    for values in (one, gate.deterministic(), gate.probability()):
        assert values.shape == (3, 5)
        assert ((values >= 0) & (values <= 1)).all()
    assert (gate.probability()[gate.deterministic() > 0] > 0).all()

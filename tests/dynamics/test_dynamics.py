"""Both families: closed gates, units, permutations, tangents."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from grn_l0._errors import OptionError
from grn_l0.dynamics import FAMILIES, AbstractDynamics, Linear, Logistic
from grn_l0.timeseries import TimeSeries

N, R = 6, 4
REGULATORS = torch.tensor([0, 2, 3, 5])


def make(kind: str, floor: float | None = 0.0, features: str = "log-odds") -> AbstractDynamics:
    rng = np.random.default_rng(0)
    start = SimpleNamespace(
        weight=rng.normal(0, 0.5, (R, N)),
        center=np.full(R, 0.5),
        offset=rng.uniform(0.3, 0.7, N),
        rate=np.array([1.0, 0.5, 0.0, 2.0, 1.0, 0.3]),
    )
    series = TimeSeries(
        genes=tuple(f"g{k}" for k in range(N)),
        trajectories=("a",),
        values=rng.random((1, 5, N)),
        times=np.arange(5.0)[None],
    )
    if kind == "linear":
        return Linear.from_start(start, series, regulators=REGULATORS, floor=floor)
    return Logistic.from_start(start, series, regulators=REGULATORS, features=features)


KINDS = ["linear", "logistic"]


def states(seed: int = 1) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).uniform(0.1, 0.9, (3, N)))


@pytest.mark.parametrize("kind", KINDS)
def test_closed_gates_give_a_jacobian_of_exactly_zero(kind: str) -> None:
    model = make(kind, floor=None)
    z = (torch.rand(R, N, generator=torch.Generator().manual_seed(0), dtype=torch.float64) > 0.5).double()
    jacobian = torch.autograd.functional.jacobian(lambda x: model.production(x[None], z)[0], states()[0])
    closed = torch.ones(N, N, dtype=torch.bool)
    closed[REGULATORS] = z == 0
    assert (jacobian.T[closed] == 0).all()
    assert (jacobian.T[~closed] != 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_constant_genes_do_not_move(kind: str) -> None:
    model = make(kind)
    change = model(0.0, states(), torch.ones(R, N, dtype=torch.float64))
    assert (change[:, 2] == 0).all()
    assert float(model.rate.detach()[2]) == 0
    change.sum().backward()
    assert model.log_rate.grad is not None and float(model.log_rate.grad[2]) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_permuting_genes_permutes_production(kind: str) -> None:
    model = make(kind)
    order = torch.tensor([3, 1, 5, 0, 4, 2])
    inverse = torch.argsort(order)
    arguments = model.arguments()
    for name, value in arguments.items():
        if name == "regulators":
            arguments[name] = inverse[value]
        elif isinstance(value, torch.Tensor) and name != "center":
            arguments[name] = value[..., order]
    x = states()
    torch.testing.assert_close(type(model)(**arguments)(0.0, x[:, order]), model(0.0, x)[:, order])


@pytest.mark.parametrize("kind", KINDS)
def test_production_is_not_negative_where_promised(kind: str) -> None:
    model = make(kind)
    model.weight.data *= 20
    assert (model.production(torch.rand(200, N, dtype=torch.float64)) >= 0).all()


def test_linear_without_floor_can_be_negative() -> None:
    model = make("linear", floor=None)
    model.weight.data *= 20
    assert (model.production(torch.rand(200, N, dtype=torch.float64)) < 0).any()


@pytest.mark.parametrize("features", ["log-odds", "identity"])
def test_logistic_is_tangent_to_the_linear_model_at_its_center(features: str) -> None:
    linear, logistic = make("linear", floor=None), make("logistic", features=features)
    x = torch.full((1, N), 0.5, dtype=torch.float64)
    torch.testing.assert_close(logistic.production(x), linear.production(x))
    torch.testing.assert_close(logistic.slope(), linear.slope())
    jacobian = torch.autograd.functional.jacobian(lambda y: logistic.production(y)[0], x)[:, 0]
    torch.testing.assert_close(jacobian.T[REGULATORS], linear.slope().detach())


@pytest.mark.parametrize("kind", KINDS)
def test_units(kind: str) -> None:
    model, factor = make(kind), torch.tensor([2.0, 0.1, 5.0, 30.0, 1.0, 0.5], dtype=torch.float64)
    scaled, x = model.scaled(factor), states()
    torch.testing.assert_close(scaled.production(x * factor), model.production(x) * factor)
    torch.testing.assert_close(scaled.slope(), model.slope() * factor / factor[REGULATORS][:, None])
    torch.testing.assert_close(scaled.rate, model.rate)


@pytest.mark.parametrize("kind", KINDS)
def test_masked_and_rebuilt(kind: str) -> None:
    model = make(kind)
    mask = torch.eye(R, N, dtype=torch.float64)
    masked, x = model.masked(mask), states()
    torch.testing.assert_close(masked.production(x), model.production(x, mask))
    assert (masked.slope()[mask == 0] == 0).all()
    again = FAMILIES[kind](**model.arguments())
    again.load_state_dict(model.state_dict())
    assert torch.equal(again(0.0, x), model(0.0, x))


def test_data_outside_the_unit_interval_get_their_own_ranges() -> None:
    values = np.random.default_rng(0).gamma(3, 10, (4, 5, N))
    series = TimeSeries(
        genes=tuple("abcdef"), trajectories=tuple("wxyz"), values=values, times=np.tile(np.arange(5.0), (4, 1))
    )
    start = SimpleNamespace(weight=np.zeros((R, N)), center=np.full(R, 30.0), offset=np.full(N, 30.0), rate=np.ones(N))
    model = Logistic.from_start(start, series, regulators=REGULATORS)
    np.testing.assert_allclose(model.upper, 1.25 * values.max((0, 1)))
    assert (model.lower == 0).all()


def test_refusals() -> None:
    arguments = make("logistic").arguments()
    with pytest.raises(OptionError, match="rates"):
        Logistic(**{**arguments, "rate": -torch.ones(N)})
    with pytest.raises(OptionError, match="lower < upper"):
        Logistic(**{**arguments, "upper": arguments["lower"]})
    with pytest.raises(OptionError, match="features"):
        Logistic(**{**arguments, "features": "cube"})

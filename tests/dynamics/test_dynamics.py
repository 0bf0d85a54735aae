"""Both families: closed gates, units, permutations, tangents."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from grn_l0._errors import OptionError
from grn_l0.dynamics import FAMILIES, AbstractDynamics, Linear, Logistic, SumProduct, TargetMLP, flops
from grn_l0.dynamics.products import at_least
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
    if kind == "logistic":
        return Logistic.from_start(start, series, regulators=REGULATORS, features=features)
    if kind == "sum-product":
        return SumProduct.from_start(start, series, regulators=REGULATORS)
    return TargetMLP.from_start(start, series, regulators=REGULATORS, units=3, floor=floor)


KINDS = list(FAMILIES)


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
        elif isinstance(value, torch.Tensor) and name not in ("center", "width"):
            arguments[name] = value[..., order]
    x = states()
    torch.testing.assert_close(type(model)(**arguments)(0.0, x[:, order]), model(0.0, x)[:, order])


@pytest.mark.parametrize("kind", KINDS)
def test_production_is_not_negative_where_promised(kind: str) -> None:
    model = make(kind)
    for edges in model.edge_parameters:
        edges.data *= 20
    assert (model.production(torch.rand(200, N, dtype=torch.float64)) >= 0).all()


@pytest.mark.parametrize("floor", [0.0, 0.3, -1e5, -torch.inf])
def test_no_production_is_below_its_floor(floor: float) -> None:
    f = torch.tensor([[-2.0, 1e-3, 0.5]], requires_grad=True)
    held = at_least(f, torch.full((3,), floor))
    assert torch.equal(held, f.detach().clamp(min=floor))
    held.sum().backward()
    assert torch.equal(f.grad, (f.detach() > floor).float())
    assert at_least(f, None) is f


def test_linear_without_floor_can_be_negative() -> None:
    model = make("linear", floor=None)
    model.weight.data *= 20
    assert (model.production(torch.rand(200, N, dtype=torch.float64)) < 0).any()


@pytest.mark.parametrize("kind", ["sum-product", "mlp"])
def test_families_are_tangent_to_the_linear_model_at_its_center(kind: str) -> None:
    linear, model = make("linear", floor=None), make(kind, floor=None)
    x = torch.full((1, N), 0.5, dtype=torch.float64)
    torch.testing.assert_close(model.production(x), linear.production(x))
    torch.testing.assert_close(model.level(), linear.level())
    torch.testing.assert_close(model.slope(), linear.slope())
    jacobian = torch.autograd.functional.jacobian(lambda y: model.production(y)[0], x)[:, 0]
    torch.testing.assert_close(jacobian.T[REGULATORS], linear.slope().detach())


def test_sums_and_products_by_hand() -> None:
    one = torch.ones(1, dtype=torch.float64)
    model = SumProduct(
        regulators=torch.tensor([0, 1]),
        center=torch.tensor([1.0, 2.0], dtype=torch.float64),
        width=torch.tensor([1.0, 4.0], dtype=torch.float64),
        offset=torch.tensor([0.5, -9.0], dtype=torch.float64),
        amplitude=torch.tensor([2.0, 3.0], dtype=torch.float64),
        weight=torch.tensor([[1.0, 1.0], [-2.0, 1.0]], dtype=torch.float64),
        exponent=torch.tensor([[2.0, 0.0], [1.0, -1.0]], dtype=torch.float64),
        rate=one.expand(2),
    )
    x = torch.tensor([[2.0, 6.0]], dtype=torch.float64)  # u = 1 and 1, so s = 1/2 and 1/2
    by_hand = [0.5 + 0.5 - 1.0 + 2.0 * 1.5**2 * 1.5, 0.0 + 3.0 / 1.5]
    assert model.production(x)[0].tolist() == pytest.approx(by_hand)


def test_a_network_per_target_by_hand() -> None:
    model = make("mlp", floor=None)
    assert isinstance(model, TargetMLP)
    x, z = states(), (torch.rand(R, N, generator=torch.Generator().manual_seed(0)) > 0.5).double()
    u = (x[:, REGULATORS] - model.center) / model.width
    for i in range(N):
        hidden = torch.tanh(model.hidden[:, i] + u @ (z[:, None, i] * model.weight[:, :, i]))
        expected = model.offset[i] + model.amplitude[i] * hidden @ model.out[:, i]
        torch.testing.assert_close(model.production(x, z)[:, i], expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtypes_follow_the_parameters(kind: str, dtype: torch.dtype) -> None:
    model = make(kind).to(dtype)
    change = model(0.0, states().to(dtype), torch.ones(R, N, dtype=dtype))
    assert change.dtype == dtype
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(change.double(), make(kind)(0.0, states()), atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_everything_is_where_the_parameters_are(kind: str, device: str) -> None:
    model, mask = make(kind).to(device), torch.eye(R, N, dtype=torch.float64, device=device)
    x = states().to(device)
    for made in (model(0.0, x), model.slope(), model.level(), model.compact(mask)(0.0, x)):
        assert made.device.type == device
    torch.testing.assert_close(model(0.0, x).cpu(), make(kind)(0.0, states()))


@pytest.mark.parametrize("kind", KINDS)
def test_compact_leaves_out_regulators_without_edges(kind: str) -> None:
    model, mask = make(kind), torch.zeros(R, N, dtype=torch.float64)
    mask[1, [0, 4]] = mask[3, 2] = 1
    small, x = model.compact(mask), states()
    assert small.regulators.tolist() == REGULATORS[[1, 3]].tolist()
    torch.testing.assert_close(small(0.0, x), model(0.0, x, mask))
    torch.testing.assert_close(small.compact()(0.0, x), small(0.0, x))
    assert not any(p.requires_grad for p in small.parameters())
    assert flops(small.matrices(None)) < flops(model.gated(mask))
    nothing = model.compact(torch.zeros(R, N, dtype=torch.float64))
    torch.testing.assert_close(nothing(0.0, x), model(0.0, x, torch.zeros(R, N, dtype=torch.float64)))


@pytest.mark.parametrize("kind", KINDS)
def test_matrices_that_are_mostly_zeros_are_stored_by_their_nonzeros(kind: str) -> None:
    arguments = make(kind).arguments()
    copies = 40  # N x R of many copies side by side, each with edges of its own only
    wide = {}
    for name, value in arguments.items():
        if name == "regulators":
            wide[name] = torch.cat([value + k * N for k in range(copies)])
        elif name in ("weight", "exponent"):
            blocks = value if value.ndim == 3 else value[:, None, :]
            full = torch.zeros(copies * R, blocks.shape[1], copies * N, dtype=value.dtype)
            for k in range(copies):
                full[k * R : (k + 1) * R, :, k * N : (k + 1) * N] = blocks
            wide[name] = full if value.ndim == 3 else full[:, 0]
        else:
            wide[name] = value.repeat(*[1] * (value.ndim - 1), copies) if isinstance(value, torch.Tensor) else value
    model, x = FAMILIES[kind](**wide), states().repeat(1, copies)
    small = model.compact()
    assert all(matrix.layout == torch.sparse_csr for matrix in small.matrices(None))
    assert flops(small.matrices(None)) == 2 * sum(int(m.count_nonzero()) for m in model.gated(None))
    assert flops(small.matrices(None)) * copies <= flops(model.gated(None))
    expected = make(kind).production(states()).repeat(1, copies)
    torch.testing.assert_close(small.response(x, small.matrices(None)), expected)


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
    for kind in ("sum-product", "mlp"):
        known = make(kind).arguments()
        with pytest.raises(OptionError, match="above 0"):
            FAMILIES[kind](**{**known, "width": -known["width"]})
    with pytest.raises(OptionError, match="features"):
        Logistic(**{**arguments, "features": "cube"})

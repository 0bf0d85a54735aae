"""Gated layers of ordinary networks, and the smaller networks that are left of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from grn_l0._errors import OptionError
from grn_l0.gates import (
    DiffPrune,
    Fixed,
    GatedConv2d,
    GatedLinear,
    HardConcrete,
    compact,
    density,
    expected_flops,
    gate_layers,
    gated_layers,
    layer_index,
    open_probability,
)
from grn_l0.gates.layers import UNITS, Unit, gate_shape
from grn_l0.sparsity import L0Constraint


def fixed_at_random(share: float, seed: int = 0) -> Callable[[torch.Size], Fixed]:
    generator = torch.Generator().manual_seed(seed)
    return lambda shape: Fixed((torch.rand(shape, generator=generator) < share).float())


def mlp(activation: nn.Module | None = None) -> nn.Sequential:
    torch.manual_seed(0)
    activation = activation or nn.ReLU()
    return nn.Sequential(
        nn.Linear(12, 20), activation, nn.Dropout(0.5), nn.Linear(20, 15), activation, nn.Linear(15, 3)
    )


def cnn() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(2, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Conv2d(6, 8, 3),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 2 * 2, 10),
        nn.Sigmoid(),
        nn.Linear(10, 4),
    )


@pytest.mark.parametrize("by", UNITS)
def test_linear_is_gated_by_weight_input_or_output(by: Unit) -> None:
    layer = nn.Linear(4, 3)
    gate = fixed_at_random(0.5)(gate_shape(layer, by))
    gated, x = GatedLinear(layer, by=by, gate=gate, generator=torch.Generator()), torch.randn(5, 4)
    z = gate.mask
    if by == "weight":
        expected = x @ (layer.weight * z).T + layer.bias
    elif by == "input":
        expected = (x * z) @ layer.weight.T + layer.bias
    else:
        expected = layer(x) * z
    torch.testing.assert_close(gated(x), expected)
    torch.testing.assert_close(gated.plain(x), expected)


@pytest.mark.parametrize("by", UNITS)
def test_convolution_is_gated_by_weight_input_or_output(by: Unit) -> None:
    layer = nn.Conv2d(3, 5, 3, padding=1, stride=2)
    gate = fixed_at_random(0.5)(gate_shape(layer, by))
    gated, x = GatedConv2d(layer, by=by, gate=gate, generator=torch.Generator()), torch.randn(2, 3, 8, 8)
    z = gate.mask
    if by == "input":
        expected = layer(x * z[:, None, None])
    elif by == "output":
        expected = layer(x) * z[:, None, None]
    else:
        expected = nn.functional.conv2d(x, layer.weight * z, layer.bias, stride=2, padding=1)
    torch.testing.assert_close(gated(x), expected)
    torch.testing.assert_close(gated.plain(x), expected)


def test_training_draws_and_evaluation_does_not() -> None:
    layer, x = GatedLinear.new(6, 4, seed=0), torch.randn(2, 6)
    layer.train()
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))
    again = [gate_layers(mlp(), seed=5).train()[0](torch.ones(1, 12)) for _ in range(2)]
    assert torch.equal(*again)


@pytest.mark.parametrize("by", UNITS)
def test_wrapping_keeps_the_network_and_its_draws_have_gradients(by: Unit) -> None:
    plain = mlp()
    network = gate_layers(plain, by=by, make=lambda shape: HardConcrete(torch.full(shape, 20.0)))
    x = torch.randn(7, 12)
    torch.testing.assert_close(network.eval()(x), plain.eval()(x))
    assert [name for name, _ in gated_layers(network)] == ["0", "3", "5"]
    half_open = gate_layers(plain, by=by, make=lambda shape: HardConcrete(torch.zeros(shape)))
    half_open.train()(x).sum().backward()
    assert all(bool(p.grad.any()) for p in half_open.parameters() if p.grad is not None)
    assert all(p.grad is not None for p in half_open.parameters())
    sizes = {"weight": 12 * 20 + 20 * 15 + 15 * 3, "input": 12 + 20 + 15, "output": 20 + 15 + 3}
    assert open_probability(network).shape == (sizes[by],)
    assert plain[0].weight.grad is None


def test_only_some_layers() -> None:
    network = gate_layers(mlp(), which=lambda name, layer: name == "3")
    assert [name for name, _ in gated_layers(network)] == ["3"]
    with pytest.raises(OptionError, match="no fully connected"):
        gate_layers(nn.Sequential(nn.ReLU()))
    with pytest.raises(OptionError, match="itself a layer"):
        gate_layers(nn.Linear(2, 2))
    with pytest.raises(OptionError, match="no gated layer"):
        density(mlp())


def test_density_and_expected_operations() -> None:
    network = gate_layers(mlp(), by="input", make=fixed_at_random(0.5, seed=1))
    open_ = [layer.gate.mask.sum() * layer.weight.shape[0] for _, layer in gated_layers(network)]
    weights = 12 * 20 + 20 * 15 + 15 * 3
    assert density(network) == pytest.approx(float(sum(open_)) / weights)
    assert expected_flops(network) == pytest.approx(2 * float(sum(open_)))
    images = gate_layers(cnn(), by="output", make=lambda shape: Fixed(torch.ones(shape))).eval()
    images(torch.zeros(1, 2, 12, 12))
    by_hand = 2 * (6 * 2 * 9 * 12 * 12 + 8 * 6 * 9 * 4 * 4 + 32 * 10 + 10 * 4)
    assert expected_flops(images) == pytest.approx(by_hand)


@pytest.mark.parametrize("by", UNITS)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("activation", [nn.ReLU(), nn.Sigmoid(), nn.Tanh()])
def test_compact_gives_the_same_output(by: Unit, share: float, activation: nn.Module) -> None:
    network = gate_layers(mlp(activation), by=by, make=fixed_at_random(share)).double().eval()
    small, x = compact(network), torch.randn(30, 12, dtype=torch.float64)
    torch.testing.assert_close(small(x), network(x), atol=1e-12, rtol=1e-9)
    if share <= 0.3 and by != "weight":
        assert sum(p.numel() for p in small.parameters()) < 0.5 * sum(p.numel() for p in mlp().parameters())


@pytest.mark.parametrize("by", UNITS)
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_compact_of_a_convolutional_network(by: Unit, share: float) -> None:
    network = gate_layers(cnn(), by=by, make=fixed_at_random(share, seed=2)).double().eval()
    small, x = compact(network), torch.randn(5, 2, 12, 12, dtype=torch.float64)
    torch.testing.assert_close(small(x), network(x), atol=1e-12, rtol=1e-9)
    assert sum(p.numel() for p in small.parameters()) <= sum(p.numel() for p in cnn().parameters())


def test_compact_takes_out_what_nothing_looks_at() -> None:
    network = mlp()
    with torch.no_grad():
        network[3].weight[:, 4:] = 0  # of 20 hidden units only four are looked at
        network[0].weight[:, 6:] = 0
    small = compact(network)
    assert [tuple(m.weight.shape) for m in small if isinstance(m, nn.Linear)] == [(4, 6), (15, 4), (3, 15)]
    x = torch.randn(8, 12)
    torch.testing.assert_close(small(x), network.eval()(x), atol=1e-6, rtol=1e-5)


def test_compact_of_a_network_with_nothing_left() -> None:
    network = gate_layers(mlp(nn.Sigmoid()), make=lambda shape: Fixed(torch.zeros(shape))).eval()
    x = torch.randn(4, 12)
    torch.testing.assert_close(compact(network)(x), network(x))


def test_refusals() -> None:
    with pytest.raises(OptionError, match="BatchNorm1d"):
        compact(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    with pytest.raises(OptionError, match="at least one"):
        compact(nn.Sequential(nn.ReLU()))
    with pytest.raises(OptionError, match="gates of shape"):
        GatedLinear(nn.Linear(2, 3), gate=DiffPrune(torch.zeros(2)), generator=torch.Generator())
    with pytest.raises(OptionError, match="'weight', an 'input'"):
        gate_shape(nn.Linear(2, 3), "row")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="groups=1"):
        GatedConv2d(nn.Conv2d(4, 4, 3, groups=2), generator=torch.Generator())
    for module in (
        nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"),
        nn.AvgPool2d(2, divisor_override=3),
        nn.Flatten(0),
    ):
        with pytest.raises(OptionError, match="does not know"):
            compact(nn.Sequential(nn.Conv2d(2, 2, 3), module))
    with pytest.raises(OptionError, match="is followed by"):
        compact(nn.Sequential(nn.Conv2d(2, 2, 3), nn.Linear(4, 1)))
    attention = nn.Sequential(nn.TransformerEncoderLayer(4, 2, 8))
    with pytest.raises(OptionError, match="inside an attention"):
        gate_layers(attention)


def test_a_layer_that_is_used_twice_keeps_one_set_of_gates() -> None:
    shared = nn.Linear(5, 5)
    network = gate_layers(nn.Sequential(shared, nn.ReLU(), shared), make=fixed_at_random(0.5))
    assert network[0] is network[2] and isinstance(network[0], GatedLinear)
    assert [name for name, _ in gated_layers(network)] == ["0"]


def test_draws_go_on_where_they_were_saved() -> None:
    one, two = gate_layers(mlp(), seed=1).train(), gate_layers(mlp(), seed=2).train()
    x = torch.ones(1, 12)
    one[0](x)
    two.load_state_dict(one.state_dict())
    assert torch.equal(one[0](x), two[0](x))


def test_layers_are_numbered_for_a_density_each() -> None:
    network = gate_layers(mlp(), by="output")
    constraint = L0Constraint(torch.tensor([0.1, 0.5, 0.9]), index=layer_index(network))
    p = open_probability(network).detach()
    expected = [0.9 - 0.1, 0.9 - 0.5, 0.0]
    assert constraint.violation(p).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "between", [(nn.Flatten(), nn.Linear(18, 2)), (nn.AvgPool2d(3, 1, 1), nn.Linear(6, 2))], ids=["flatten", "pool"]
)
def test_compact_refuses_what_mixes_the_units_of_a_sequence(between: tuple[nn.Module, ...]) -> None:
    network = gate_layers(nn.Sequential(nn.Linear(4, 6), nn.ReLU(), *between))
    with pytest.raises(OptionError, match="only after convolutions"):
        compact(network)


def test_operations_of_a_sequence_count_every_position() -> None:
    network = gate_layers(nn.Sequential(nn.Linear(4, 3)), make=lambda shape: Fixed(torch.ones(shape)))
    network(torch.zeros(2, 7, 4))
    assert expected_flops(network) == 2 * 7 * 12

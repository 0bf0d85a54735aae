"""Gates for the layers of any network, and what they leave of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from grn_l0._errors import OptionError
from grn_l0._typing import Float
from grn_l0.gates.layers import AbstractGatedLayer, GatedConv2d, GatedLinear, MakeGate, Unit, gate_shape, mostly_open

Network = TypeVar("Network", bound=nn.Module)


def gate_layers(
    module: Network,
    *,
    by: Unit = "weight",
    make: MakeGate = mostly_open,
    which: Callable[[str, nn.Module], bool] | None = None,
    seed: int = 0,
) -> Network:
    """A copy of a network whose fully connected and convolutional layers have gates.

    Parameters
    ----------
    module
        Any network. Its own parameters are copied, not shared.
    by
        One gate per "weight", per "input" or per "output" unit or channel.
    make
        Makes the gates of a layer, given their shape.
    which
        Called with name and layer; False leaves a layer as it is.
    seed
        Of the draws of all gates.

    Raises
    ------
    OptionError
        If no layer is left to be gated.
    """
    out, generator, found = copy.deepcopy(module), torch.Generator().manual_seed(seed), 0
    for name, layer in list(out.named_modules()):
        if not isinstance(layer, nn.Linear | nn.Conv2d) or (which is not None and not which(name, layer)):
            continue
        parent_name, _, own = name.rpartition(".")
        if not own:
            raise OptionError("the network is itself a layer; wrap it with GatedLinear or GatedConv2d")
        gate = make(gate_shape(layer, by))
        wrapped: AbstractGatedLayer = (
            GatedLinear(layer, by=by, gate=gate, generator=generator)
            if isinstance(layer, nn.Linear)
            else GatedConv2d(layer, by=by, gate=gate, generator=generator)
        )
        setattr(out.get_submodule(parent_name), own, wrapped)
        found += 1
    if not found:
        raise OptionError("no fully connected or convolutional layer was found to be gated")
    return out


def gated_layers(module: nn.Module) -> Iterator[tuple[str, AbstractGatedLayer]]:
    """Names and layers, in the order in which they were registered."""
    for name, layer in module.named_modules():
        if isinstance(layer, AbstractGatedLayer):
            yield name, layer


def open_probability(module: nn.Module) -> Float[Tensor, " gates"]:
    """P(z != 0) of all gates of a network, layer after layer: what an `AbstractSparsity` takes."""
    found = [layer.gate.probability().reshape(-1) for _, layer in gated_layers(module)]
    if not found:
        raise OptionError("this network has no gated layer; see gate_layers")
    return torch.cat(found)


@torch.no_grad()
def density(module: nn.Module) -> float:
    """Share of the gated layers' weights whose gates are open at test time."""
    kept = total = 0
    for _, layer in gated_layers(module):
        kept += int((layer.spread(layer.gate.deterministic()) != 0).sum())
        total += layer.weight.numel()
    if not total:
        raise OptionError("this network has no gated layer; see gate_layers")
    return kept / total


@torch.no_grad()
def expected_flops(module: nn.Module) -> float:
    """Multiplications and additions per example that open gates cost, expected over their draws.

    Of a convolution as many as at the size of the images that it saw last. Each layer counts its own gates only: a
    unit that no later layer looks at is not yet taken off, which `compact` does.
    """
    return sum(2.0 * layer.positions * float(layer.open_weights().sum()) for _, layer in gated_layers(module))

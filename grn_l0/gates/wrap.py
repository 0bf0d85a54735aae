"""Gates for the layers of any network, and what they leave of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int
from grn_l0.gates.layers import AbstractGatedLayer, GatedConv2d, GatedLinear, MakeGate, Unit, gate_shape, mostly_open

Wrapped = TypeVar("Wrapped", bound=nn.Module)
#: These read the weights of the layers inside them themselves, so that gates there would do nothing.
_PAST_GATES = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)


def gate_layers(
    module: Wrapped,
    *,
    by: Unit = "weight",
    make: MakeGate = mostly_open,
    which: Callable[[str, nn.Module], bool] | None = None,
    seed: int = 0,
) -> Wrapped:
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
        If no layer is left to be gated, or one is inside an attention, which would not see its gates.
    """
    out, generator = copy.deepcopy(module), torch.Generator().manual_seed(seed)
    blind = [name for name, inner in out.named_modules() if isinstance(inner, _PAST_GATES)]
    made: dict[nn.Module, AbstractGatedLayer] = {}  # a layer that is used twice keeps one set of gates
    for name, layer in list(out.named_modules(remove_duplicate=False)):
        if type(layer) not in (nn.Linear, nn.Conv2d) or (which is not None and not which(name, layer)):
            continue
        parent_name, _, own = name.rpartition(".")
        if not own:
            raise OptionError("the network is itself a layer; wrap it with GatedLinear or GatedConv2d")
        if any(not above or name.startswith(f"{above}.") for above in blind):
            raise OptionError(f"{name} is inside an attention, which would not see its gates; leave it out with which=")
        if layer not in made:
            made[layer] = _gated(layer, by, make, generator)
        setattr(out.get_submodule(parent_name), own, made[layer])
    if not made:
        raise OptionError("no fully connected or convolutional layer was found to be gated")
    return out


def _gated(layer: nn.Module, by: Unit, make: MakeGate, generator: torch.Generator) -> AbstractGatedLayer:
    if isinstance(layer, nn.Linear):
        gate = make(gate_shape(layer, by)).to(layer.weight.device, layer.weight.dtype)
        return GatedLinear(layer, by=by, gate=gate, generator=generator)
    if isinstance(layer, nn.Conv2d):
        gate = make(gate_shape(layer, by)).to(layer.weight.device, layer.weight.dtype)
        return GatedConv2d(layer, by=by, gate=gate, generator=generator)
    raise TypeError(f"no gated layer for a {type(layer).__name__}")


def gated_layers(module: nn.Module) -> Iterator[tuple[str, AbstractGatedLayer]]:
    """Names and layers, in the order in which they were registered."""
    for name, layer in module.named_modules():
        if isinstance(layer, AbstractGatedLayer):
            yield name, layer


def open_probability(module: nn.Module) -> Float[Tensor, " gates"]:
    """P(z != 0) of all gates of a network, layer after layer: what an `AbstractSparsity` takes."""
    return torch.cat([layer.gate.probability().reshape(-1) for layer in _some(module)])


def layer_index(module: nn.Module) -> Int[Tensor, " gates"]:
    """The number of each gate's layer, in the order of `open_probability`: for a density per layer."""
    sizes = [layer.gate.probability().numel() for layer in _some(module)]
    return torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))


@torch.no_grad()
def density(module: nn.Module) -> float:
    """Share of the gated layers' *weights* whose gates are open at test time; a gate per unit closes many weights."""
    kept = total = 0
    for layer in _some(module):
        kept += int((layer.spread(layer.gate.deterministic()) != 0).sum())
        total += layer.weight.numel()
    return kept / total


@torch.no_grad()
def expected_flops(module: nn.Module) -> float:
    """Multiplications and additions per example that open gates cost, expected over their draws.

    Of a convolution as many as at the size of the images that it saw last, so 0 before it has seen any. Each layer
    counts its own gates only: a unit that no later layer looks at is not yet taken off, which `compact` does.
    """
    return sum(2.0 * layer.positions * float(layer.open_weights().sum()) for layer in _some(module))


def _some(module: nn.Module) -> list[AbstractGatedLayer]:
    found = [layer for _, layer in gated_layers(module)]
    if not found:
        raise OptionError("this network has no gated layer; see gate_layers")
    return found

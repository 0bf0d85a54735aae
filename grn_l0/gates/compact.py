"""A smaller network that computes the same: what closed gates leave behind is taken out."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float, Int
from grn_l0.gates.layers import AbstractGatedLayer, convolution, linear

_ELEMENTWISE = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softsign)
_POOLS = (nn.MaxPool2d, nn.AvgPool2d)


class Select(nn.Module):
    """Takes the features or channels that the rest of a network looks at."""

    index: Tensor

    def __init__(self, index: Int[Tensor, " kept"], axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.register_buffer("index", index)

    def forward(self, x: Float[Tensor, ...]) -> Float[Tensor, ...]:
        """The features `index` of one axis."""
        return x.index_select(self.axis, self.index)


@dataclass
class _Stage:
    """A layer with what follows it up to the next one, for which each of its channels becomes `flattened` features."""

    layer: nn.Linear | nn.Conv2d
    after: list[nn.Module] = field(default_factory=list)
    flattened: int = 1


def compact(network: nn.Sequential) -> nn.Sequential:
    """The network at test time without what closed gates have made useless; its outputs are the same.

    Units whose value does not depend on the input are folded into the biases of the next layer; units that no weight
    of the next layer looks at, and inputs that nothing looks at, are taken out. Single weights of units that stay are
    kept as zeros.

    Parameters
    ----------
    network
        Gated or plain fully connected and convolutional layers, one after the other, with elementwise activations,
        pooling, flattening and dropout between them.

    Returns
    -------
    A new network of plain layers, in evaluation mode.

    Raises
    ------
    OptionError
        If there is a module of another kind among them: nobody has said what may be left out around it.
    """
    with torch.no_grad():
        before, stages = _stages(network)
        for first, second in pairwise(stages):
            _fold(first, second)
        for first, second in zip(reversed(stages[:-1]), reversed(stages[1:]), strict=True):
            _keep_outputs(first, second, _used(second.layer).reshape(-1, first.flattened).any(1))
        made, inputs = list(before), _used(stages[0].layer)
        if not bool(inputs.all()) and bool(inputs.any()):
            stages[0].layer = _with_inputs(stages[0].layer, inputs)
            made.append(Select(inputs.nonzero()[:, 0], axis=-1 if isinstance(stages[0].layer, nn.Linear) else -3))
        for stage in stages:
            made += [stage.layer, *stage.after]
    return nn.Sequential(*made).eval()


def _stages(network: nn.Sequential) -> tuple[list[nn.Module], list[_Stage]]:
    before, stages = list[nn.Module](), list[_Stage]()
    for module in _flat(network):
        if isinstance(module, AbstractGatedLayer):
            stages.append(_Stage(module.plain))
        elif isinstance(module, nn.Linear):
            stages.append(_Stage(linear(module.weight, module.bias)))
        elif isinstance(module, nn.Conv2d) and module.groups == 1 and module.padding_mode == "zeros":
            stages.append(_Stage(convolution(module.weight, module.bias, like=module)))
        elif isinstance(module, nn.Dropout | nn.Dropout2d | nn.Identity):
            continue
        elif _passes(module):
            (stages[-1].after if stages else before).append(copy.deepcopy(module))
        else:
            raise OptionError(f"compact does not know what may be left out around {module}")
    if not stages:
        raise OptionError("compact needs a network with at least one fully connected or convolutional layer")
    for first, second in pairwise(stages):
        outputs, inputs = first.layer.weight.shape[0], second.layer.weight.shape[1]
        # pools and flattening take the channels in front, where a convolution has them and a fully connected layer not
        pooled = any(isinstance(module, _POOLS) for module in first.after)
        if isinstance(first.layer, nn.Linear) and (pooled or inputs != outputs):
            raise OptionError("compact takes pooling and flattening only after convolutions, whose channels come first")
        flat = any(isinstance(module, nn.Flatten) for module in first.after)
        if inputs % outputs or (inputs != outputs and not flat):
            raise OptionError(f"a layer with {outputs} outputs is followed by one with {inputs} inputs")
        first.flattened = inputs // outputs
    return before, stages


def _passes(module: nn.Module) -> bool:
    """Whether units pass one by one, so that leaving out one changes no other."""
    if isinstance(module, nn.Flatten):
        return module.start_dim == 1 and module.end_dim == -1
    if isinstance(module, nn.AvgPool2d):
        return module.divisor_override is None
    return isinstance(module, (*_ELEMENTWISE, *_POOLS))


def _flat(network: nn.Module) -> list[nn.Module]:
    return [inner for module in network for inner in _flat(module)] if isinstance(network, nn.Sequential) else [network]


def _used(layer: nn.Linear | nn.Conv2d) -> Bool[Tensor, " inputs"]:
    """Inputs that at least one weight looks at."""
    return (layer.weight != 0).transpose(0, 1).flatten(1).any(1)


def _fold(first: _Stage, second: _Stage) -> None:
    """Outputs of `first` that are constant become part of the biases of `second`."""
    weight, bias = first.layer.weight, first.layer.bias
    constant = ~(weight != 0).flatten(1).any(1)
    value = torch.zeros(len(weight), dtype=weight.dtype, device=weight.device) if bias is None else bias.clone()
    for module in first.after:
        if isinstance(module, _ELEMENTWISE):
            value = module(value)
        elif isinstance(module, _POOLS) and module.padding not in (0, (0, 0)):
            constant &= value == 0  # padding is seen at the border
    if isinstance(second.layer, nn.Conv2d) and second.layer.padding not in (0, (0, 0)):
        constant &= value == 0
    if not bool(constant.any()):
        return
    # every position of a constant channel has its value
    spread, known = value.repeat_interleave(first.flattened), constant.repeat_interleave(first.flattened)
    seen = second.layer.weight.flatten(2).sum(2) if second.layer.weight.ndim > 2 else second.layer.weight
    shift = seen[:, known] @ spread[known]
    new = second.layer.weight.clone()
    new[:, known] = 0
    old = second.layer.bias
    # a layer without biases gets some if a constant is more than 0
    bias_after = old + shift if old is not None else (shift if bool((shift != 0).any()) else None)
    second.layer = _like(second.layer, new, bias_after)


def _keep_outputs(first: _Stage, second: _Stage, keep: Bool[Tensor, " outputs"]) -> None:
    if bool(keep.all()):
        return
    if not bool(keep.any()):
        keep = keep.clone()
        keep[0] = True  # a layer without units is not a layer
    bias = first.layer.bias
    first.layer = _like(first.layer, first.layer.weight[keep], None if bias is None else bias[keep])
    second.layer = _with_inputs(second.layer, keep.repeat_interleave(first.flattened))


def _with_inputs(layer: nn.Linear | nn.Conv2d, keep: Bool[Tensor, " inputs"]) -> nn.Linear | nn.Conv2d:
    return _like(layer, layer.weight[:, keep], layer.bias)


def _like(layer: nn.Linear | nn.Conv2d, weight: Tensor, bias: Tensor | None) -> nn.Linear | nn.Conv2d:
    return linear(weight, bias) if isinstance(layer, nn.Linear) else convolution(weight, bias, like=layer)

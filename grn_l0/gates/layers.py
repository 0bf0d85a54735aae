"""Layers of ordinary networks whose weights, inputs or outputs have gates."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Literal, Self, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from grn_l0._errors import OptionError
from grn_l0._typing import Float
from grn_l0.gates.abstract import AbstractGate
from grn_l0.gates.hard_concrete import HardConcrete

#: What one gate of a layer closes.
Unit = Literal["weight", "input", "output"]
UNITS: tuple[Unit, ...] = ("weight", "input", "output")
#: Makes the gates of a layer, given their shape.
MakeGate = Callable[[torch.Size], AbstractGate]


def mostly_open(shape: torch.Size) -> AbstractGate:
    """Hard concrete gates that start with P(z != 0) = .9."""
    return HardConcrete.from_probability(torch.full(shape, 0.9))


class AbstractGatedLayer(nn.Module):
    """A layer with gates: drawn once per pass while training, at their test-time values otherwise.

    Parameters
    ----------
    layer
        The layer whose weights are used; its parameters are shared, not copied.
    by
        One gate per "weight", per "input" unit or channel, or per "output" unit or channel. The gate of an output
        closes its bias, too, so that the unit is 0.
    gate
        Gates of shape `gate_shape(layer, by)`; None for `mostly_open` ones.
    generator
        Of the draws; layers may share one. Its state is saved with the layer's.
    """

    weight: nn.Parameter
    bias: nn.Parameter | None
    by: Unit

    def __init__(
        self,
        layer: nn.Linear | nn.Conv2d,
        *,
        by: Unit = "weight",
        gate: AbstractGate | None = None,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        shape = gate_shape(layer, by)
        gate = mostly_open(shape) if gate is None else gate
        if gate.probability().shape != shape:
            raise OptionError(f"gates of shape {tuple(gate.probability().shape)} for a layer that needs {tuple(shape)}")
        self.by = by
        self.gate = gate
        self.weight, self.bias = cast(nn.Parameter, layer.weight), cast("nn.Parameter | None", layer.bias)
        self.generator = generator
        #: How often each weight was used per example in the last pass: positions of a convolution or of a sequence.
        self.positions = 1 if isinstance(layer, nn.Linear) else 0

    @property
    @abstractmethod
    def plain(self) -> nn.Linear | nn.Conv2d:
        """The ungated layer with the test-time gates multiplied in."""

    def get_extra_state(self) -> Tensor:
        """State of the draws."""
        return self.generator.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        """Go on drawing where that state was."""
        self.generator.set_state(state.cpu())  # wherever the other parameters were loaded to

    def gates(self) -> Float[Tensor, "*gates"]:
        """A draw while training, the test-time gates otherwise."""
        return self.gate.sample(self.generator) if self.training else self.gate.deterministic()

    def gated(self, z: Float[Tensor, "*gates"]) -> tuple[Tensor, Tensor | None]:
        """Weights and bias under the gates `z`."""
        bias = self.bias * z if self.by == "output" and self.bias is not None else self.bias
        return self.weight * self.spread(z), bias

    def open_weights(self) -> Float[Tensor, "*weights"]:
        """P(z != 0) of every weight."""
        return self.spread(self.gate.probability())

    def spread(self, z: Float[Tensor, "*gates"]) -> Float[Tensor, "*weights"]:
        """Values of the gates at every weight that they close."""
        rest = (1,) * (self.weight.ndim - 2)
        along = {"input": (1, -1, *rest), "output": (-1, 1, *rest), "weight": self.weight.shape}[self.by]
        return z.reshape(along).expand_as(self.weight)


@final
class GatedLinear(AbstractGatedLayer):
    """A fully connected layer with gates; see `AbstractGatedLayer`."""

    @classmethod
    def new(cls, n_in: int, n_out: int, *, seed: int, bias: bool = True, by: Unit = "weight") -> Self:
        """A new layer with `mostly_open` gates, whose draws are seeded with `seed`."""
        return cls(nn.Linear(n_in, n_out, bias=bias), by=by, generator=torch.Generator().manual_seed(seed))

    def forward(self, x: Float[Tensor, "... inputs"]) -> Float[Tensor, "... outputs"]:
        """``x W' + b`` with gated W (and b)."""
        self.positions = math.prod(x.shape[1:-1])
        return functional.linear(x, *self.gated(self.gates()))

    @property
    def plain(self) -> nn.Linear:
        """The ungated layer with the test-time gates multiplied in."""
        with torch.no_grad():
            return linear(*self.gated(self.gate.deterministic()))


@final
class GatedConv2d(AbstractGatedLayer):
    """A two-dimensional convolution with gates, per weight or per channel; see `AbstractGatedLayer`."""

    def __init__(
        self,
        layer: nn.Conv2d,
        *,
        by: Unit = "weight",
        gate: AbstractGate | None = None,
        generator: torch.Generator,
    ) -> None:
        if layer.groups != 1 or layer.padding_mode != "zeros":
            raise OptionError("gated convolutions need groups=1 and padding_mode='zeros'")
        super().__init__(layer, by=by, gate=gate, generator=generator)
        self.stride, self.padding, self.dilation = layer.stride, layer.padding, layer.dilation

    @classmethod
    def new(cls, n_in: int, n_out: int, kernel_size: int, *, seed: int, bias: bool = True, by: Unit = "weight") -> Self:
        """A new layer with `mostly_open` gates, whose draws are seeded with `seed`."""
        layer = nn.Conv2d(n_in, n_out, kernel_size, bias=bias)
        return cls(layer, by=by, generator=torch.Generator().manual_seed(seed))

    def forward(self, x: Float[Tensor, "examples inputs height width"]) -> Float[Tensor, "examples outputs h w"]:
        """The convolution with gated weights (and bias)."""
        weight, bias = self.gated(self.gates())
        y = functional.conv2d(x, weight, bias, self.stride, self.padding, self.dilation)
        self.positions = y.shape[-1] * y.shape[-2]
        return y

    @property
    def plain(self) -> nn.Conv2d:
        """The ungated layer with the test-time gates multiplied in."""
        with torch.no_grad():
            weight, bias = self.gated(self.gate.deterministic())
            return convolution(weight, bias, like=self)


def gate_shape(layer: nn.Linear | nn.Conv2d, by: Unit) -> torch.Size:
    """Shape of the gates of a layer: its weights, its inputs or its outputs."""
    if by not in UNITS:
        raise OptionError(f"a gate closes a 'weight', an 'input' or an 'output', not {by!r}")
    if by == "weight":
        return layer.weight.shape
    return torch.Size([layer.weight.shape[1 if by == "input" else 0]])


def linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """A fully connected layer with these parameters."""
    made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype, device=weight.device)
    _fill(made, weight, bias)
    return made


def convolution(weight: Tensor, bias: Tensor | None, like: GatedConv2d | nn.Conv2d) -> nn.Conv2d:
    """A convolution with these parameters, its stride, padding and dilation those of `like`."""
    made = nn.Conv2d(
        weight.shape[1],
        weight.shape[0],
        (int(weight.shape[2]), int(weight.shape[3])),
        stride=like.stride,  # type: ignore[arg-type]
        padding=like.padding,  # type: ignore[arg-type]
        dilation=like.dilation,  # type: ignore[arg-type]
        bias=bias is not None,
        dtype=weight.dtype,
        device=weight.device,
    )
    _fill(made, weight, bias)
    return made


def _fill(layer: nn.Linear | nn.Conv2d, weight: Tensor, bias: Tensor | None) -> None:
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None and layer.bias is not None:
            layer.bias.copy_(bias)

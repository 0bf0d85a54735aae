"""Production by a small neural network per target, on its gated inputs."""

from __future__ import annotations

from typing import Any, ClassVar, Self, final

import torch
from torch import Tensor, nn

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int
from grn_l0.dynamics.abstract import AbstractDynamics, LinearStart
from grn_l0.dynamics.products import Gated, affine, at_least
from grn_l0.dynamics.ranges import spread_of
from grn_l0.timeseries import TimeSeries


@final
class TargetMLP(AbstractDynamics):
    r"""One hidden layer of H units per target, all targets in one matrix product.

    .. math::
        f_i(x; z) = \max\Big(least_i, b_i + a_i \sum_k o_{ki} \tanh\big(h_{ki} + \sum_j z_{ji} w_{kji} u_j\big)\Big),
        \quad u_j = (x_j - c_j) / \sigma_j

    One gate closes the H weights of an edge.

    Parameters
    ----------
    regulators
        Positions of the R regulators among the N genes.
    center, width
        c and sigma > 0, shape (R,), in the units of expression. Not trained.
    offset
        b, shape (N,), in the units of expression.
    amplitude
        a > 0, shape (N,), in the units of expression. Not trained.
    weight
        w, shape (R, H, N).
    hidden
        h, shape (H, N).
    out
        o, shape (H, N).
    rate
        d, shape (N,), 1 / time.
    floor
        Least production, a number or shape (N,) (0 for concentrations); None leaves it unrestricted.
    """

    kind: ClassVar[str] = "mlp"
    pace: ClassVar[float] = 0.15
    regulator_axes: ClassVar[dict[str, int]] = {"regulators": 0, "center": 0, "width": 0, "weight": 0}
    center: Tensor
    width: Tensor
    amplitude: Tensor
    floor: Tensor | None

    def __init__(
        self,
        *,
        regulators: Int[Tensor, " regulators"],
        center: Float[Tensor, " regulators"],
        width: Float[Tensor, " regulators"],
        offset: Float[Tensor, " genes"],
        amplitude: Float[Tensor, " genes"],
        weight: Float[Tensor, "regulators units genes"],
        hidden: Float[Tensor, "units genes"],
        out: Float[Tensor, "units genes"],
        rate: Float[Tensor, " genes"],
        floor: float | Tensor | None = None,
    ) -> None:
        super().__init__(regulators, rate)
        if not bool((amplitude > 0).all()) or not bool((width > 0).all()):
            raise OptionError("a network per target needs amplitudes and widths above 0")
        least = None if floor is None else torch.as_tensor(floor, dtype=offset.dtype).expand_as(offset).clone()
        self.register_buffer("floor", least)
        for name, buffer in (("center", center), ("width", width), ("amplitude", amplitude)):
            self.register_buffer(name, buffer.detach().clone())
        self.offset = nn.Parameter(offset.detach().clone())
        self.weight = nn.Parameter(weight.detach().clone())
        self.hidden = nn.Parameter(hidden.detach().clone())
        self.out = nn.Parameter(out.detach().clone())

    @classmethod
    def from_start(
        cls,
        start: LinearStart,
        series: TimeSeries,
        *,
        regulators: Int[Tensor, " regulators"],
        units: int = 2,
        floor: float | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> Self:
        """Tangent to the linear model of `start` at its center.

        All units of a target begin with the same weights and with biases from -1 to 1: they bend at different places,
        so that they part without any random number.
        """
        deviation, largest = (torch.as_tensor(a, dtype=dtype) for a in spread_of(series))
        slope, width = torch.as_tensor(start.weight, dtype=dtype), deviation[regulators]
        n = len(largest)
        amplitude = 2 * largest
        bias = torch.linspace(-1, 1, units, dtype=dtype) if units > 1 else torch.zeros(1, dtype=dtype)
        out = 1 / (units * (1 - torch.tanh(bias) ** 2))  # each unit has 1 / H of the slope
        inner = slope * width[:, None] / amplitude
        shift = amplitude * (out * torch.tanh(bias)).sum()
        return cls(
            regulators=regulators,
            center=torch.as_tensor(start.center, dtype=dtype),
            width=width,
            offset=torch.as_tensor(start.offset, dtype=dtype) - shift,
            amplitude=amplitude,
            weight=inner[:, None, :].expand(-1, units, -1),
            hidden=bias[:, None].expand(-1, n),
            out=out[:, None].expand(-1, n),
            rate=torch.as_tensor(start.rate, dtype=dtype),
            floor=floor,
        )

    @property
    def edge_parameters(self) -> tuple[nn.Parameter, ...]:
        """Weights of the hidden units."""
        return (self.weight,)

    def gated(self, z: Float[Tensor, "regulators genes"] | None) -> Gated:
        """Weights of all units times gates, shape (R, H N)."""
        weight = self.weight if z is None else self.weight * z[:, None, :]
        return (weight.flatten(1),)

    def response(self, x: Float[Tensor, "series genes"], gated: Gated) -> Float[Tensor, "series genes"]:
        """Production at `x`, shape (S, N)."""
        u = (x[:, self.regulators] - self.center) / self.width
        units = affine(self.hidden.flatten(), u, gated[0]).tanh().reshape(len(x), *self.hidden.shape)
        f = self.offset + self.amplitude * (units * self.out).sum(1)
        return at_least(f, self.floor)

    def slope(self) -> Float[Tensor, "regulators genes"]:
        """Tangent of production at the center, shape (R, N)."""
        per_unit = self.amplitude * self.out * (1 - self.hidden.tanh().square())
        return (self.weight * per_unit).sum(1) / self.width[:, None]

    def level(self) -> Float[Tensor, " genes"]:
        """Production at the center, before the floor, shape (N,)."""
        return self.offset + self.amplitude * (self.out * self.hidden.tanh()).sum(0)

    def arguments(self) -> dict[str, Any]:
        """What the constructor takes."""
        names = ("regulators", "center", "width", "offset", "amplitude", "weight", "hidden", "out", "rate", "floor")
        values = {name: getattr(self, name) for name in names}
        return {name: value.detach() if isinstance(value, Tensor) else value for name, value in values.items()}

    def scaled(self, factor: Float[Tensor, " genes"]) -> Self:
        """The same dynamics in the units of ``x * factor``."""
        inner, changed = factor[self.regulators], self.arguments()
        changed["center"], changed["width"] = self.center * inner, self.width * inner
        changed["offset"], changed["amplitude"] = changed["offset"] * factor, self.amplitude * factor
        changed["floor"] = None if self.floor is None else self.floor * factor
        return type(self)(**changed)

    def masked(self, mask: Float[Tensor, "regulators genes"]) -> Self:
        """A copy whose weights outside `mask` are exactly 0."""
        return type(self)(**{**self.arguments(), "weight": self.weight.detach() * mask[:, None, :]})

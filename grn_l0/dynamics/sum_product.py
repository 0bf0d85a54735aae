"""Production as a sum plus a product of saturating responses, as in PHOENIX."""

from __future__ import annotations

from typing import Any, ClassVar, Self, final

import torch
from torch import Tensor, nn

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int
from grn_l0.dynamics.abstract import AbstractDynamics, LinearStart
from grn_l0.dynamics.products import Gated, affine
from grn_l0.dynamics.ranges import spread_of
from grn_l0.timeseries import TimeSeries

#: The logarithm of a product is kept below this: no product is more than some 400 times its value at the center.
_CEILING = 6.0
#: Width of a response at the start, in standard deviations of the regulator. On SIM350 (training loss) 2, 4 and 8 gave
#: 2500, 1200 and 100 nats more than a linear production.
_WIDTH = 8.0
#: 1 + s is kept above this before its logarithm is taken.
_LEAST = 0.05


@final
class SumProduct(AbstractDynamics):
    r"""Additive and multiplicative regulation, each regulator through a response that saturates.

    .. math::
        f_i(x; z) = \max\Big(0, b_i + \sum_j z_{ji} w_{ji} s_j(x_j)\Big)
        + a_i \prod_j \big(1 + s_j(x_j)\big)^{z_{ji} v_{ji}}, \quad
        s_j(x) = \frac{u}{1 + |u|}, \; u = \frac{x - c_j}{\sigma_j}

    Where s is the softsign, from -1 to 1, so that 1 + s is a Hill-like activation around c. One gate closes both terms
    of an edge. Never negative, as a > 0.

    Parameters
    ----------
    regulators
        Positions of the R regulators among the N genes.
    center, width
        c and sigma > 0, shape (R,), in the units of expression. Not trained.
    offset
        b, shape (N,), in the units of expression.
    amplitude
        a > 0, shape (N,), in the units of expression.
    weight
        w, shape (R, N), in the units of the target.
    exponent
        v, shape (R, N).
    rate
        d, shape (N,), 1 / time.

    References
    ----------
    Hossain et al., "Biologically informed NeuralODEs for genome-wide regulatory dynamics" (PHOENIX), Genome Biology
    2024, whose softsign responses, sums and products of responses these are; here each edge has one gate for both, and
    the products are of the responses themselves.
    """

    kind: ClassVar[str] = "sum-product"
    pace: ClassVar[float] = 4.0
    regulator_axes: ClassVar[dict[str, int]] = {"regulators": 0, "center": 0, "width": 0, "weight": 0, "exponent": 0}
    center: Tensor
    width: Tensor

    def __init__(
        self,
        *,
        regulators: Int[Tensor, " regulators"],
        center: Float[Tensor, " regulators"],
        width: Float[Tensor, " regulators"],
        offset: Float[Tensor, " genes"],
        amplitude: Float[Tensor, " genes"],
        weight: Float[Tensor, "regulators genes"],
        exponent: Float[Tensor, "regulators genes"],
        rate: Float[Tensor, " genes"],
    ) -> None:
        super().__init__(regulators, rate)
        if not bool((amplitude > 0).all()) or not bool((width > 0).all()):
            raise OptionError("a sum-product production needs amplitudes and widths above 0")
        self.register_buffer("center", center.detach().clone())
        self.register_buffer("width", width.detach().clone())
        self.offset = nn.Parameter(offset.detach().clone())
        self.log_amplitude = nn.Parameter(amplitude.detach().log())
        self.weight = nn.Parameter(weight.detach().clone())
        self.exponent = nn.Parameter(exponent.detach().clone())

    @classmethod
    def from_start(
        cls,
        start: LinearStart,
        series: TimeSeries,
        *,
        regulators: Int[Tensor, " regulators"],
        dtype: torch.dtype = torch.float64,
    ) -> Self:
        """Tangent to the linear model of `start` at its center, by the sum alone: products begin as constants.

        A response is eight standard deviations of its regulator wide, so that it begins to bend where there are data.
        Production at the center is at least a hundredth of the gene's largest value; half of it is the product's.
        """
        deviation, largest = (torch.as_tensor(a, dtype=dtype) for a in spread_of(series))
        slope, center = torch.as_tensor(start.weight, dtype=dtype), torch.as_tensor(start.center, dtype=dtype)
        level = torch.maximum(torch.as_tensor(start.offset, dtype=dtype), 0.01 * largest)
        width = _WIDTH * deviation[regulators]
        by_response = slope * width[:, None]  # ds/dx = 1 / sigma at the center
        return cls(
            regulators=regulators,
            center=center,
            width=width,
            offset=level / 2,
            amplitude=level / 2,
            weight=by_response,
            exponent=torch.zeros_like(by_response),
            rate=torch.as_tensor(start.rate, dtype=dtype),
        )

    @property
    def edge_parameters(self) -> tuple[nn.Parameter, ...]:
        """Additive weights and exponents."""
        return (self.weight, self.exponent)

    def gated(self, z: Float[Tensor, "regulators genes"] | None) -> Gated:
        """Weights and exponents times gates, both (R, N)."""
        return (self.weight, self.exponent) if z is None else (self.weight * z, self.exponent * z)

    def response(self, x: Float[Tensor, "series genes"], gated: Gated) -> Float[Tensor, "series genes"]:
        """Production at `x`, shape (S, N)."""
        u = (x[:, self.regulators] - self.center) / self.width
        s = u / (1 + u.abs())
        total = torch.relu(affine(self.offset, s, gated[0]))
        power = affine(torch.zeros_like(self.offset), torch.log((1 + s).clamp(min=_LEAST)), gated[1])
        return total + self.log_amplitude.exp() * power.clamp(max=_CEILING).exp()

    def slope(self) -> Float[Tensor, "regulators genes"]:
        """Tangent of production at the center, shape (R, N): that of sum and product together."""
        total = self.weight * (self.offset > 0) + self.exponent * self.log_amplitude.exp()
        return total / self.width[:, None]

    def level(self) -> Float[Tensor, " genes"]:
        """Production at the center, shape (N,)."""
        return self.offset.clamp(min=0) + self.log_amplitude.exp()

    def arguments(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {
            "regulators": self.regulators,
            "center": self.center,
            "width": self.width,
            "offset": self.offset.detach(),
            "amplitude": self.log_amplitude.detach().exp(),
            "weight": self.weight.detach(),
            "exponent": self.exponent.detach(),
            "rate": self.rate.detach(),
        }

    def scaled(self, factor: Float[Tensor, " genes"]) -> Self:
        """The same dynamics in the units of ``x * factor``."""
        inner, changed = factor[self.regulators], self.arguments()
        changed["center"], changed["width"] = self.center * inner, self.width * inner
        for name in ("offset", "amplitude", "weight"):
            changed[name] = changed[name] * factor
        return type(self)(**changed)

    def masked(self, mask: Float[Tensor, "regulators genes"]) -> Self:
        """A copy whose weights and exponents outside `mask` are exactly 0."""
        changed = self.arguments()
        return type(self)(**{**changed, "weight": changed["weight"] * mask, "exponent": changed["exponent"] * mask})

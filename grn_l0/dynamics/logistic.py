"""Logistic production: the family that forecasts best once the edges are known."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self, final

import torch
from torch import Tensor, nn

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int
from grn_l0.dynamics.abstract import AbstractDynamics, LinearStart
from grn_l0.dynamics.edges import Terms, affine_edges, checked_edges
from grn_l0.dynamics.products import Gated, affine
from grn_l0.dynamics.ranges import ranges
from grn_l0.timeseries import TimeSeries

Features = Literal["identity", "log-odds"]
#: Scaled expression is kept inside these bounds before its log odds are taken.
_LOW, _HIGH = 0.02, 0.98


@final
class Logistic(AbstractDynamics):
    r"""Production between 0 and a maximum.

    .. math:: f_i(x; z) = a_i \sigma\big(b_i + \sum_j z_{ji} w_{ji} h_j(x_j)\big)

    Where h_j is the log odds of (x_j - lower_j) / (upper_j - lower_j), kept within .02 and .98, or the identity
    of the same scaled expression less one half. With one regulator and log odds this is a Hill function whose
    coefficient is w.

    Parameters
    ----------
    regulators
        Positions of the R regulators among the N genes.
    amplitude
        a > 0, shape (N,), in the units of expression.
    bias
        b, shape (N,).
    weight
        w, shape (R, N), per unit of the feature.
    rate
        d, shape (N,), 1 / time.
    lower, upper
        Range of each gene, shape (N,), lower < upper; in the units of expression.
    center
        Shape (R,): where `slope` is taken. The middle of the range by default.
    features
        "log-odds" or "identity".
    edges
        Shape (2, E), sorted by target: the edges whose weights `weight`, then of shape (E,), holds; no others exist.
        A regulator is counted among the R, a target among the N. None: all of them.
    """

    kind: ClassVar[str] = "logistic"
    regulator_axes: ClassVar[dict[str, int]] = {"regulators": 0, "center": 0, "weight": 0}
    lists_edges: ClassVar[bool] = True
    lower: Tensor
    upper: Tensor
    center: Tensor

    def __init__(
        self,
        *,
        regulators: Int[Tensor, " regulators"],
        amplitude: Float[Tensor, " genes"],
        bias: Float[Tensor, " genes"],
        weight: Float[Tensor, "regulators genes"],
        rate: Float[Tensor, " genes"],
        lower: Float[Tensor, " genes"],
        upper: Float[Tensor, " genes"],
        center: Float[Tensor, " regulators"] | None = None,
        features: Features = "log-odds",
        edges: Int[Tensor, "2 edges"] | None = None,
    ) -> None:
        super().__init__(regulators, rate)
        self.edges = checked_edges(edges, weight, self.n_regulators, self.n_genes)
        if not bool((amplitude > 0).all()) or not bool((lower < upper).all()):
            raise OptionError("a logistic production needs amplitudes above 0 and lower < upper for every gene")
        if features not in ("identity", "log-odds"):
            raise OptionError(f"features must be 'identity' or 'log-odds', not {features!r}")
        self.features: Features = features
        self.register_buffer("lower", lower.detach().clone())
        self.register_buffer("upper", upper.detach().clone())
        middle = ((lower + upper) / 2)[self.regulators] if center is None else center
        self.register_buffer("center", middle.detach().clone())
        self.log_amplitude = nn.Parameter(amplitude.detach().log())
        self.bias = nn.Parameter(bias.detach().clone())
        self.weight = nn.Parameter(weight.detach().clone())

    @classmethod
    def from_start(
        cls,
        start: LinearStart,
        series: TimeSeries,
        *,
        regulators: Int[Tensor, " regulators"],
        features: Features = "log-odds",
        edges: Int[Tensor, "2 edges"] | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> Self:
        """Logistic production that is tangent to the linear model of `start` at its center.

        The range of a gene is 0..1 for data within 0..1, else 0 .. 1.25 times its largest value; production at
        most is the upper end. Where the offset of the start is outside 5..95 % of the range it is moved inside.
        """
        lower, upper = ranges(series)
        lo, up = torch.as_tensor(lower, dtype=dtype), torch.as_tensor(upper, dtype=dtype)
        center, slope = torch.as_tensor(start.center, dtype=dtype), torch.as_tensor(start.weight, dtype=dtype)
        amplitude = up
        level = (torch.as_tensor(start.offset, dtype=dtype) / amplitude).clamp(0.05, 0.95)
        model = cls(
            regulators=regulators,
            amplitude=amplitude,
            bias=torch.logit(level),
            weight=torch.zeros_like(slope),
            rate=torch.as_tensor(start.rate, dtype=dtype),
            lower=lo,
            upper=up,
            center=center,
            features=features,
            edges=edges,
        )
        with torch.no_grad():
            value, derivative = model._feature(center, model.regulators)
            steepness = amplitude * level * (1 - level)
            if model.edges is None:
                model.weight.copy_(slope / steepness / derivative[:, None])
            else:
                model.weight.copy_(slope / steepness[model.edges[1]] / derivative[model.edges[0]])
            model.bias.sub_(model._sum(value))
        return model

    def _sum(self, h: Float[Tensor, " regulators"]) -> Float[Tensor, " genes"]:
        """Weights times the features of the regulators at one state."""
        if self.edges is None:
            return h @ self.weight
        return affine_edges(torch.zeros_like(self.bias), h[None], self.weight, self.edges)[0]

    def _feature(self, x: Tensor, genes: Tensor) -> tuple[Tensor, Tensor]:
        """Feature h and its derivative; inside the bounds these are each other's derivative."""
        low, span = self.lower[genes], self.upper[genes] - self.lower[genes]
        scaled = (x - low) / span
        if self.features == "identity":
            return scaled - 0.5, torch.ones_like(scaled) / span
        inside = scaled.clamp(_LOW, _HIGH)
        return torch.logit(inside), 1 / (inside * (1 - inside) * span)

    @property
    def edge_parameters(self) -> tuple[nn.Parameter, ...]:
        """Weights."""
        return (self.weight,)

    def gated(self, z: Float[Tensor, "regulators genes"] | None) -> Gated:
        """Weights times gates, shape (R, N)."""
        return (self.weight if z is None else self.weight * z,)

    def response(self, x: Float[Tensor, "series genes"], gated: Gated) -> Float[Tensor, "series genes"]:
        """Production at `x`, shape (S, N)."""
        low, high = self.lower[self.regulators], self.upper[self.regulators]
        h = (x[:, self.regulators] - low) / (high - low)
        h = h - 0.5 if self.features == "identity" else torch.logit(h.clamp(_LOW, _HIGH))
        edges = self.edges
        f = affine(self.bias, h, gated[0]) if edges is None else affine_edges(self.bias, h, gated[0], edges)
        return self.log_amplitude.exp() * torch.sigmoid(f)

    def terms(self, z: Float[Tensor, "regulators genes"] | None) -> Terms | None:
        """Production as a sum over the list of edges."""
        if self.edges is None:
            return None
        low, high = self.lower[self.regulators], self.upper[self.regulators]
        plain = self.features == "identity"
        return Terms(
            index=self.edges,
            weight=self.gated(z)[0],
            gate=z,
            bias=self.bias,
            shift=(low + high) / 2 if plain else low,
            scale=1 / (high - low),
            bounds=None if plain else (_LOW, _HIGH),
            amplitude=self.log_amplitude.exp(),
        )

    def slope(self) -> Float[Tensor, "regulators genes"]:
        """Tangent of production at the center, shape (R, N)."""
        value, derivative = self._feature(self.center, self.regulators)
        level = torch.sigmoid(self.bias + self._sum(value))
        steepness = self.log_amplitude.exp() * level * (1 - level)
        if self.edges is None:
            return self.weight * derivative[:, None] * steepness
        return self.weight * derivative[self.edges[0]] * steepness[self.edges[1]]

    def level(self) -> Float[Tensor, " genes"]:
        """Production at the center, shape (N,)."""
        value, _ = self._feature(self.center, self.regulators)
        return self.log_amplitude.exp() * torch.sigmoid(self.bias + self._sum(value))

    def arguments(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {
            "regulators": self.regulators,
            "amplitude": self.log_amplitude.detach().exp(),
            "bias": self.bias.detach(),
            "weight": self.weight.detach(),
            "rate": self.rate.detach(),
            "lower": self.lower,
            "upper": self.upper,
            "center": self.center,
            "features": self.features,
            "edges": self.edges,
        }

    def scaled(self, factor: Float[Tensor, " genes"]) -> Self:
        """The same dynamics in the units of ``x * factor``."""
        changed = self.arguments()
        changed["amplitude"] = changed["amplitude"] * factor
        changed["lower"], changed["upper"] = self.lower * factor, self.upper * factor
        changed["center"] = self.center * factor[self.regulators]
        return type(self)(**changed)

    def masked(self, mask: Float[Tensor, "regulators genes"]) -> Self:
        """A copy whose weights outside `mask` are exactly 0."""
        return type(self)(**{**self.arguments(), "weight": self.weight.detach() * mask})

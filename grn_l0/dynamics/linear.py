"""Production that is linear in the regulators: the family that finds edges best."""

from __future__ import annotations

from typing import Any, ClassVar, Self, final

import torch
from torch import Tensor, nn

from grn_l0._typing import Float, Int
from grn_l0.dynamics.abstract import AbstractDynamics, LinearStart
from grn_l0.dynamics.edges import Terms, affine_edges, checked_edges
from grn_l0.dynamics.products import Gated, affine, at_least
from grn_l0.timeseries import TimeSeries


@final
class Linear(AbstractDynamics):
    r"""Linear production, optionally never below a floor.

    .. math:: f_i(x; z) = b_i + \sum_j z_{ji} w_{ji} (x_j - c_j)

    Parameters
    ----------
    regulators
        Positions of the R regulators among the N genes.
    center
        c, shape (R,), expression at which `offset` holds. Not trained.
    offset
        b, shape (N,).
    weight
        w, shape (R, N), target units per regulator unit.
    rate
        d, shape (N,), 1 / time.
    floor
        Least production, a number or shape (N,) (0 for concentrations); None leaves it unrestricted.
    edges
        Shape (2, E), sorted by target: the edges whose weights `weight`, then of shape (E,), holds; no others exist.
        A regulator is counted among the R, a target among the N. None: all of them.
    """

    kind: ClassVar[str] = "linear"
    regulator_axes: ClassVar[dict[str, int]] = {"regulators": 0, "center": 0, "weight": 0}
    lists_edges: ClassVar[bool] = True
    center: Tensor
    floor: Tensor | None

    def __init__(
        self,
        *,
        regulators: Int[Tensor, " regulators"],
        center: Float[Tensor, " regulators"],
        offset: Float[Tensor, " genes"],
        weight: Float[Tensor, "regulators genes"],
        rate: Float[Tensor, " genes"],
        floor: float | Tensor | None = None,
        edges: Int[Tensor, "2 edges"] | None = None,
    ) -> None:
        super().__init__(regulators, rate)
        self.edges = checked_edges(edges, weight, self.n_regulators, self.n_genes)
        least = None if floor is None else torch.as_tensor(floor, dtype=offset.dtype).expand_as(offset).clone()
        self.register_buffer("floor", least)
        self.register_buffer("center", center.detach().clone())
        self.offset = nn.Parameter(offset.detach().clone())
        self.weight = nn.Parameter(weight.detach().clone())

    @classmethod
    def from_start(
        cls,
        start: LinearStart,
        series: TimeSeries,
        *,
        regulators: Int[Tensor, " regulators"],
        floor: float | None = None,
        edges: Int[Tensor, "2 edges"] | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> Self:
        """The linear model of a start as it stands; `series` is only there to match the other families."""
        return cls(
            regulators=regulators,
            center=torch.as_tensor(start.center, dtype=dtype),
            offset=torch.as_tensor(start.offset, dtype=dtype),
            weight=torch.as_tensor(start.weight, dtype=dtype),
            rate=torch.as_tensor(start.rate, dtype=dtype),
            floor=floor,
            edges=edges,
        )

    @property
    def edge_parameters(self) -> tuple[nn.Parameter, ...]:
        """Weights."""
        return (self.weight,)

    def gated(self, z: Float[Tensor, "regulators genes"] | None) -> Gated:
        """Weights times gates, shape (R, N)."""
        return (self.weight if z is None else self.weight * z,)

    def response(self, x: Float[Tensor, "series genes"], gated: Gated) -> Float[Tensor, "series genes"]:
        """Production at `x`, shape (S, N)."""
        h = x[:, self.regulators] - self.center
        edges = self.edges
        f = affine(self.offset, h, gated[0]) if edges is None else affine_edges(self.offset, h, gated[0], edges)
        return at_least(f, self.floor)

    def terms(self, z: Float[Tensor, "regulators genes"] | None) -> Terms | None:
        """Production as a sum over the list of edges."""
        if self.edges is None:
            return None
        return Terms(
            index=self.edges,
            weight=self.gated(z)[0],
            gate=z,
            bias=self.offset,
            shift=self.center,
            scale=torch.ones_like(self.center),
            floor=self.floor,
        )

    def slope(self) -> Float[Tensor, "regulators genes"]:
        """Tangent of production at the center, shape (R, N)."""
        return self.weight

    def level(self) -> Float[Tensor, " genes"]:
        """Production at the center, before the floor, shape (N,)."""
        return self.offset

    def arguments(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {
            "regulators": self.regulators,
            "center": self.center,
            "offset": self.offset.detach(),
            "weight": self.weight.detach(),
            "rate": self.rate.detach(),
            "floor": self.floor,
            "edges": self.edges,
        }

    def scaled(self, factor: Float[Tensor, " genes"]) -> Self:
        """The same dynamics in the units of ``x * factor``."""
        inner = factor[self.regulators]
        changed = self.arguments()
        changed["center"] = self.center * inner
        changed["offset"] = self.offset.detach() * factor
        if self.edges is None:
            changed["weight"] = self.weight.detach() * factor / inner[:, None]
        else:
            changed["weight"] = self.weight.detach() * factor[self.edges[1]] / inner[self.edges[0]]
        changed["floor"] = None if self.floor is None else self.floor * factor
        return type(self)(**changed)

    def masked(self, mask: Float[Tensor, "regulators genes"]) -> Self:
        """A copy whose weights outside `mask` are exactly 0."""
        return type(self)(**{**self.arguments(), "weight": self.weight.detach() * mask})

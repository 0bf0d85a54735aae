"""What every family of production can do."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor, nn

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Float, Int
from grn_l0.dynamics.edges import Terms, to_matrix
from grn_l0.dynamics.products import Gated, sparse_where_worth


class LinearStart(Protocol):
    """The part of a start that production needs, in expression units; see `posterior.Start`."""

    @property
    def weight(self) -> Array:
        """Slopes, shape (R, N), or one per edge for a model that has a list of edges."""

    @property
    def center(self) -> Array:
        """Expression at which `offset` holds, shape (R,)."""

    @property
    def offset(self) -> Array:
        """Production at the center, shape (N,)."""

    @property
    def rate(self) -> Array:
        """Rates d, shape (N,)."""


class AbstractDynamics(nn.Module):
    r"""N genes that are made by R regulators among them and decay.

    .. math:: dx_i/dt = d_i (f_i(x; z_{\cdot i}) - x_i)

    Where f_i is the production of gene i at steady state, z the gates and d_i >= 0 the rate. With z_ji = 0
    the entry df_i/dx_j of the Jacobian is exactly 0.

    Parameters
    ----------
    regulators
        Positions of the R regulators among the N genes.
    rate
        d, shape (N,), 1 / time. A rate of exactly 0 keeps its gene constant, for good.
    """

    kind: ClassVar[str]
    #: Learning rate of this family's weights relative to that of a linear production.
    pace: ClassVar[float] = 1.0
    #: Whether this is a copy that `compact` has made.
    compacted: bool = False
    regulators: Tensor
    moving: Tensor
    #: Which arguments of the constructor have an axis of regulators, and which axis it is.
    regulator_axes: ClassVar[dict[str, int]]
    #: Whether this family can have a list of edges in place of matrices.
    lists_edges: ClassVar[bool] = False
    #: Shape (2, E): regulator (its position among the R) and target of every edge; None for matrices of all of them.
    #: With a list, whatever is said to be (R, N) has one entry per edge instead.
    edges: Tensor | None

    def __init__(self, regulators: Int[Tensor, " regulators"], rate: Float[Tensor, " genes"]) -> None:
        super().__init__()
        if not bool((torch.isfinite(rate) & (rate >= 0)).all()):
            raise OptionError("rates must be finite and not negative")
        moving = rate > 0
        self.register_buffer("regulators", torch.as_tensor(regulators, dtype=torch.int64).clone())
        self.register_buffer("moving", moving)
        self.register_buffer("edges", None)
        self.log_rate = nn.Parameter(torch.where(moving, rate, torch.ones_like(rate)).log())

    @property
    def rate(self) -> Float[Tensor, " genes"]:
        """d, 1 / time; exactly 0 for genes that stay constant."""
        return self.log_rate.exp() * self.moving

    @property
    def n_genes(self) -> int:
        """Number N of genes."""
        return len(self.log_rate)

    @property
    def n_regulators(self) -> int:
        """Number R of regulators."""
        return len(self.regulators)

    @property
    @abstractmethod
    def edge_parameters(self) -> tuple[nn.Parameter, ...]:
        """What is trained of single edges, in the family's own units; everything else belongs to a gene."""

    @abstractmethod
    def gated(self, z: Float[Tensor, "regulators genes"] | None) -> Gated:
        """Matrices (R, ...) of the edges' parameters under the gates `z` (None: all open), computed once per solve."""

    @abstractmethod
    def response(self, x: Float[Tensor, "series genes"], gated: Gated) -> Float[Tensor, "series genes"]:
        """Production at the states `x`, given what `gated` returned."""

    @abstractmethod
    def slope(self) -> Float[Tensor, "regulators genes"]:
        """Tangent df_i/dx_j at a fixed reference state with all gates open, target units per regulator unit."""

    @abstractmethod
    def level(self) -> Float[Tensor, " genes"]:
        """Production where `slope` is taken."""

    @abstractmethod
    def scaled(self, factor: Float[Tensor, " genes"]) -> Self:
        """The same dynamics for expression in other units: ``x * factor``."""

    @abstractmethod
    def arguments(self) -> dict[str, Any]:
        """What the constructor takes, as tensors, numbers and strings; used to store a model."""

    @abstractmethod
    def masked(self, mask: Float[Tensor, "regulators genes"]) -> Self:
        """A copy with the gates applied for good: weights of closed edges are exactly 0."""

    def of_regulators(self, rows: Int[Tensor, " kept"]) -> Self:
        """A copy with these of its regulators only: `rows` counts among the R regulators, not among the genes."""
        axes, arguments = self.regulator_axes, self.arguments()
        if self.edges is not None:
            place = torch.full((self.n_regulators,), -1, device=rows.device)
            place[rows] = torch.arange(len(rows), device=rows.device)
            moved = torch.stack([place[self.edges[0]], self.edges[1]])
            inside = moved[0] >= 0
            arguments |= {"edges": moved[:, inside], "weight": arguments["weight"][inside]}
            axes = {name: axis for name, axis in axes.items() if name != "weight"}
        return type(self)(**{k: v.index_select(axes[k], rows) if k in axes else v for k, v in arguments.items()})

    def with_matrices(self) -> Self:
        """The same dynamics with matrices (R, N) in place of a list of edges."""
        if self.edges is None:
            return self
        arguments = self.arguments()
        weight = to_matrix(arguments["weight"], self.edges, (self.n_regulators, self.n_genes))
        return type(self)(**{**arguments, "weight": weight, "edges": None})

    def compact(self, mask: Float[Tensor, "regulators genes"] | None = None) -> Self:
        """A copy for forecasts in which closed edges cost nothing; its production is the same.

        The gates `mask` are applied for good (None: edges without any parameter but 0 are closed), regulators that then
        have no edge are left out, and matrices that are mostly zeros are stored by their nonzeros. It has no gradients.
        """
        model = self if mask is None else self.masked(mask)
        edges = model.edges
        if edges is None:
            keep = torch.stack([(p != 0).flatten(1).any(1) for p in model.edge_parameters]).any(0).nonzero()[:, 0]
        else:
            arguments = model.arguments()
            there = arguments["weight"] != 0
            arguments |= {"edges": edges[:, there], "weight": arguments["weight"][there]}
            model, keep = type(model)(**arguments), torch.unique(edges[0, there])
        small = model.of_regulators(keep).requires_grad_(False)
        small.compacted = True
        return small

    def terms(self, z: Float[Tensor, "regulators genes"] | None) -> Terms | None:
        """Production as a sum over edges, under the gates `z`; None for a model of matrices."""
        return None

    def matrices(self, z: Float[Tensor, "regulators genes"] | None) -> Gated:
        """What `gated` returns, by nonzeros where this is a compacted model and it is worth it."""
        gated = self.gated(z)
        return sparse_where_worth(gated) if self.compacted else gated

    def production(
        self, x: Float[Tensor, "series genes"], z: Float[Tensor, "regulators genes"] | None = None
    ) -> Float[Tensor, "series genes"]:
        """f(x; z), in the units of expression."""
        return self.response(x, self.gated(z))

    def forward(
        self, t: Tensor | float, x: Float[Tensor, "series genes"], z: Float[Tensor, "regulators genes"] | None = None
    ) -> Float[Tensor, "series genes"]:
        """dx/dt. The system is autonomous: `t` is there for solvers that pass it."""
        return self.rate * (self.production(x, z) - x)

"""Gates that edges share: all edges of a regulator, a target, a module or a pathway open and close together."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Literal, Self, final

import torch
from torch import Tensor

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float, Int
from grn_l0.gates.abstract import AbstractGate

#: Not in any group.
_ALONE = -1


@final
class Grouped(AbstractGate):
    r"""One gate per group, times the gates of the edges, if they have any of their own.

    .. math::
        z_e = z^{edge}_e \prod_{g \ni e} z_g, \quad
        P(z_e \ne 0) = P(z^{edge}_e \ne 0) \prod_{g \ni e} P(z_g \ne 0)

    Groups may be a partition of the edges or overlap, and need not cover them all.

    Parameters
    ----------
    groups
        Gates of the G groups, shape (G,).
    index
        Shape (K, ...) with K >= 1 and the rest the edges' shape: the groups of every edge, at most K; -1 for none.
    edges
        Gates of the single edges; None where groups decide alone.
    """

    index: Tensor

    def __init__(
        self, groups: AbstractGate, index: Int[Tensor, "covers ..."], edges: AbstractGate | None = None
    ) -> None:
        super().__init__()
        shape = groups.probability().shape
        if len(shape) != 1:
            raise OptionError(f"groups need one gate each, so gates of shape (G,), not {tuple(shape)}")
        known = index.numel() == 0 or (int(index.min()) >= _ALONE and int(index.max()) < shape[0])
        if len(index) == 0 or not known:
            raise OptionError(f"groups are numbered 0 to {shape[0] - 1}, -1 for no group")
        if edges is not None and edges.probability().shape != index.shape[1:]:
            raise OptionError(
                f"the edges' gates have shape {tuple(edges.probability().shape)}, the groups' index is for "
                f"{tuple(index.shape[1:])}"
            )
        self.groups, self.edges = groups, edges
        self.register_buffer("index", index.detach().clone())

    @classmethod
    def by(
        cls,
        what: Literal["regulator", "target"],
        groups: AbstractGate,
        shape: tuple[int, int],
        edges: AbstractGate | None = None,
    ) -> Self:
        """A group per regulator or per target of a network of `shape` (R, N)."""
        return cls(groups, group_index(what, shape)[None].to(groups.probability().device), edges)

    @classmethod
    def of_masks(
        cls, groups: AbstractGate, masks: Sequence[Bool[Tensor, "*gates"]], edges: AbstractGate | None = None
    ) -> Self:
        """Groups given as masks over the edges, which may overlap."""
        stacked = torch.stack([torch.as_tensor(mask, dtype=torch.bool) for mask in masks])
        most = max(int(stacked.sum(0).max()), 1)
        # the groups of an edge, first come first: a stable sort of "not in this group"
        order = torch.argsort((~stacked).to(torch.int8), dim=0, stable=True)[:most]
        inside = torch.gather(stacked, 0, order)
        return cls(groups, torch.where(inside, order, _ALONE), edges)

    def sample(self, generator: torch.Generator) -> Float[Tensor, "*gates"]:
        """One draw of all gates."""
        spread = self._spread(self.groups.sample(generator))
        return spread if self.edges is None else spread * self.edges.sample(generator)

    def deterministic(self) -> Float[Tensor, "*gates"]:
        """Gates at test time."""
        spread = self._spread(self.groups.deterministic())
        return spread if self.edges is None else spread * self.edges.deterministic()

    def probability(self) -> Float[Tensor, "*gates"]:
        """P(z != 0) of every edge; 1 for one that has neither a group nor a gate of its own."""
        spread = self._spread(self.groups.probability())
        return spread if self.edges is None else spread * self.edges.probability()

    def mean(self) -> Float[Tensor, "*gates"]:
        """E[z]: the product of the means, as gates are independent."""
        spread = self._spread(self.groups.mean())
        return spread if self.edges is None else spread * self.edges.mean()

    def variance(self) -> Float[Tensor, "*gates"]:
        """Var[z] = E[z^2] - E[z]^2, both products over independent gates; of each gate alone, not of its group."""
        square = self._spread(self.groups.variance() + self.groups.mean().square())
        if self.edges is not None:
            square = square * (self.edges.variance() + self.edges.mean().square())
        return square - self.mean().square()

    def _spread(self, of_groups: Float[Tensor, " groups"]) -> Float[Tensor, "*gates"]:
        padded = torch.cat([of_groups, of_groups.new_ones(1)])  # position -1: no group
        return functools.reduce(torch.mul, padded[self.index].unbind(0))


def group_index(what: Literal["regulator", "target"], shape: tuple[int, int]) -> Int[Tensor, "regulators genes"]:
    """The number of each edge's regulator, or of its target."""
    if what not in ("regulator", "target"):
        raise OptionError(f"groups are made by 'regulator' or 'target', not {what!r}")
    rows, columns = shape
    along = torch.arange(rows)[:, None] if what == "regulator" else torch.arange(columns)[None, :]
    return along.expand(rows, columns).clone()

"""The edges that are trained, as a list: neither time nor memory then depends on how many candidates there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from grn_l0._typing import Array, Bool, Float, Int
from grn_l0.dynamics import to_matrix
from grn_l0.posterior.start import Start


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeList:
    """E edges among R regulators and N targets, sorted by target and then by regulator.

    Attributes
    ----------
    regulators, targets
        Positions among the R regulators and the N genes, shape (E,).
    shape
        (R, N).
    """

    regulators: Int[Array, " edges"]
    targets: Int[Array, " edges"]
    shape: tuple[int, int]

    @classmethod
    def of(cls, mask: Bool[Array, "regulators genes"]) -> EdgeList:
        """The edges that are marked."""
        regulators, targets = np.nonzero(mask)
        order = np.argsort(targets, kind="stable")
        return cls(regulators=regulators[order], targets=targets[order], shape=(mask.shape[0], mask.shape[1]))

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def rows(self) -> Int[Array, " rows"]:
        """The regulators that have any of the edges, in order."""
        return np.unique(self.regulators)

    @property
    def index(self) -> Int[Tensor, "2 edges"]:
        """Each edge's regulator, counted among `rows`, and its target."""
        return torch.from_numpy(np.stack([np.searchsorted(self.rows, self.regulators), self.targets]))

    def only(self, keep: Bool[Array, " edges"]) -> EdgeList:
        """Those of the edges that are marked."""
        return EdgeList(regulators=self.regulators[keep], targets=self.targets[keep], shape=self.shape)

    def take(self, values: Array) -> Array:
        """One value per edge, from a matrix (R, N); what has one already stays as it is."""
        return values if values.ndim == 1 else np.asarray(values[self.regulators, self.targets])

    def put(self, values: Float[Array, " edges"]) -> Float[Array, "regulators genes"]:
        """A matrix with these values, 0 elsewhere."""
        out = np.zeros(self.shape)
        out[self.regulators, self.targets] = values
        return out

    def matrix(self, values: Float[Array, " edges"]) -> sparse.csr_array:
        """The same without the zeros."""
        return sparse.csr_array((values, (self.regulators, self.targets)), shape=self.shape)

    def replaced(
        self, values: Float[Array, " edges"], others: EdgeList, by: Float[Array, " others"]
    ) -> Float[Array, " edges"]:
        """These values, but those of `by` for edges that are among `others`."""
        n = self.shape[0]
        here, there = (e.targets * n + e.regulators for e in (self, others))
        if len(there) == 0:
            return values
        at = np.minimum(np.searchsorted(there, here), len(there) - 1)
        return np.where(there[at] == here, by[at], values)


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeStart:
    """What a start says about a list of edges, in expression units; see `Start`. K regulators have any of them.

    Attributes
    ----------
    edges
        The E edges.
    weight, curvature, slab
        Shape (E,).
    center
        Shape (K,).
    offset, rate
        Shape (N,).
    """

    edges: EdgeList
    weight: Float[Array, " edges"]
    curvature: Float[Array, " edges"]
    slab: Float[Array, " edges"]
    center: Float[Array, " rows"]
    offset: Float[Array, " genes"]
    rate: Float[Array, " genes"]

    @classmethod
    def of(cls, start: Start, edges: EdgeList, weight: Float[Array, " edges"] | None = None) -> EdgeStart:
        """The part of `start` on these edges, with other weights if they are given."""
        return cls(
            edges=edges,
            weight=edges.take(start.weight) if weight is None else weight,
            curvature=edges.take(start.curvature),
            slab=edges.take(start.slab),
            center=np.asarray(start.center)[edges.rows],
            offset=start.offset,
            rate=start.rate,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class MatrixStart:
    """The same with a matrix of weights, for what knows no lists; 0 where there is no edge."""

    weight: Float[Array, "rows genes"]
    center: Float[Array, " rows"]
    offset: Float[Array, " genes"]
    rate: Float[Array, " genes"]

    @classmethod
    def of(cls, start: EdgeStart) -> MatrixStart:
        """The weights in a matrix of the K regulators."""
        index = start.edges.index
        shape = (len(start.center), start.edges.shape[1])
        weight = to_matrix(torch.from_numpy(np.asarray(start.weight, dtype=np.float64)), index, shape)
        return cls(weight=weight.numpy(), center=start.center, offset=start.offset, rate=start.rate)

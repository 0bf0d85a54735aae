"""What a round of the chain says of all edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
from scipy import sparse

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.odds import Odds

#: So many values are held at once.
_HELD = 2**24


@dataclass(frozen=True, kw_only=True, eq=False)
class Curvature:
    """Curvature of each target's likelihood in each weight, times its noise variance.

    That of target i is row `index[i]` of `diagonal` (groups, R), 0 for -1, less row i of the sparse `less` (N, R),
    which knows of edges with a weight only.
    """

    index: Int[ndarray, " genes"]
    diagonal: Float[ndarray, "groups regulators"]
    less: sparse.csr_array

    def at(self, gene: Int[ndarray, " some"], regulator: Int[ndarray, " some"]) -> Float[ndarray, " some"]:
        """Of single edges."""
        out = self.diagonal[self.index[gene], regulator] - entries(self.less, gene, regulator)
        return np.where(self.index[gene] >= 0, out, 0.0)

    def of(self, genes: Int[ndarray, " some"]) -> Float[ndarray, "some regulators"]:
        """Of all edges of some targets."""
        out = -self.less[genes].toarray()
        live = self.index[genes] >= 0
        out[live] += self.diagonal[self.index[genes[live]]]
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Summary:
    """What one round of the chain says: probabilities, and means over its recorded sweeps.

    `inclusion` has shape (N, R), single precision. So have the sparse `weight`, E[zw], `square`, E[zw^2], and `draws`.
    `odds` are prior odds at the end of the round. `variance` and `changing`, which tells the genes that may have
    regulators, have shape (N,). `bends` has what curvature adds to the production, per design, of those targets of
    which it was found.
    """

    inclusion: Float[ndarray, "genes regulators"]
    weight: sparse.csr_array
    square: sparse.csr_array
    draws: list[sparse.csr_array]
    odds: Odds
    variance: Float[ndarray, " genes"]
    changing: Bool[ndarray, " genes"]
    curvature: Curvature
    bends: dict[int, list[Float[ndarray, "series grid"]]]

    @classmethod
    def averaged(cls, rounds: Sequence[Summary]) -> Summary:
        """The last of several rounds, with the probabilities and weights of all."""
        # A gene that has come to be constant has no edges any more.
        last = rounds[-1]
        inclusion = np.zeros_like(last.inclusion)
        for r in rounds:
            inclusion += r.inclusion
        # Divided once: ten shares of 1 / 10 come to more than 1, while n numbers of at most 1 add up to at most n.
        inclusion /= len(rounds)
        inclusion[~last.changing] = 0.0
        weight = rows_scaled(last.changing / len(rounds), reduce(add, [r.weight for r in rounds]))
        return replace(last, inclusion=inclusion, weight=weight, draws=[weight])

    def where(self, kept: Bool[ndarray, " genes"], other: Summary) -> Summary:
        """Edges and weights of the targets `kept`; all else, and those of the other targets, is that of `other`."""
        weight = rows_scaled(kept, self.weight) + rows_scaled(~kept, other.weight)
        inclusion = self.inclusion.copy()
        inclusion[~kept] = other.inclusion[~kept]
        return replace(other, inclusion=inclusion, weight=weight, draws=[weight])

    def cost(self, most: float) -> Float[ndarray, " genes"]:
        """Nats that each target's edges cost, an edge at most so many and none less than nothing."""
        out = np.zeros(len(self.variance))
        for some in np.array_split(np.flatnonzero(self.changing), -(-self.inclusion.size // _HELD)):
            price = np.clip(-self.odds.of(some).log(), 0.0, most)
            out[some] = (self.inclusion[some] * price).sum(axis=1, dtype=np.float64)
        return out

    def likely(self, least: float) -> sparse.csr_array:
        """Inclusion probabilities above `least` of edges that have a weight."""
        edges = self.weight.tocoo()
        p = self.inclusion[edges.coords].astype(np.float64)
        kept = p > least
        row, column = (c[kept] for c in edges.coords)
        return sparse.csr_array((p[kept], (row, column)), shape=self.weight.shape)


def entries(
    matrix: sparse.csr_array, row: Int[ndarray, " some"], column: Int[ndarray, " some"]
) -> Float[ndarray, " some"]:
    """Single entries; of none, scipy would give a matrix."""
    return np.asarray(matrix[row, column]).ravel() if len(row) else np.zeros(0)


def rows_scaled(by: Float[ndarray, " rows"] | Bool[ndarray, " rows"], matrix: sparse.csr_array) -> sparse.csr_array:
    """``by[:, None] * matrix``."""
    out: sparse.csr_array = (sparse.diags_array(np.asarray(by, dtype=np.float64)) @ matrix).tocsr()
    # A product's columns come in any order; whoever looks for one relies on theirs.
    out.sort_indices()
    return out

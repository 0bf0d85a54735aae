"""Where the chain stands, and what an edge costs there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.prior_classes import PriorClasses

#: At most so many edges of a target are open at a time.
MOST_OPEN = 512


@dataclass(frozen=True, eq=False)
class OpenEdges:
    """Positions of the open edges of n targets, their weights, and how many there are."""

    at: Int[ndarray, "targets most"]
    weight: Float[ndarray, "targets most"]
    count: Int[ndarray, " targets"]

    @classmethod
    def none(cls, n_genes: int, n_regulators: int) -> OpenEdges:
        """All closed."""
        shape = (n_genes, min(n_regulators, MOST_OPEN))
        return cls(np.zeros(shape, np.int32), np.zeros(shape), np.zeros(n_genes, np.int64))

    def of(self, genes: Int[ndarray, " some"]) -> OpenEdges:
        """A copy of those of some targets."""
        return OpenEdges(self.at[genes], self.weight[genes], self.count[genes])

    def put(self, genes: Int[ndarray, " some"], edges: OpenEdges) -> None:
        """Those of some targets as they now are."""
        self.at[genes], self.weight[genes], self.count[genes] = edges.at, edges.weight, edges.count

    def close(self, genes: Bool[ndarray, " targets"]) -> None:
        """Close all edges of some targets."""
        self.count[genes] = 0

    def pairs(self) -> tuple[Int[ndarray, " open"], Int[ndarray, " open"]]:
        """Target and regulator of every open edge."""
        there = np.arange(self.at.shape[1]) < self.count[:, None]
        return np.nonzero(there)[0], self.at[there]

    def matrix(self, n_regulators: int) -> sparse.csr_array:
        """Weights, shape (n, R)."""
        there = np.arange(self.at.shape[1]) < self.count[:, None]
        indptr = np.concatenate([[0], np.cumsum(self.count)])
        shape = (len(self.count), n_regulators)
        out = sparse.csr_array((self.weight[there], self.at[there].astype(np.int64), indptr), shape=shape)
        out.sort_indices()
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Odds:
    r"""Prior log odds, :math:`\log (n_j + a)/(N_j - n_j + b)`, n_j the number of the regulator's other open edges.

    Edges of a prior network have the rate of their class, all others a shift. Where there is a `price` for all, the
    odds are those that cost as much. `n_open` (R,) counts open edges, `n_allowed` (R,) candidates; `allowed` and
    `edges` are of the n targets that are asked for.
    """

    allowed: Bool[ndarray, "targets regulators"]
    edges: OpenEdges
    n_allowed: Int[ndarray, " regulators"]
    n_open: Float[ndarray, " regulators"]
    a: Float[ndarray, " regulators"]
    b: Float[ndarray, " regulators"]
    price: float | None
    inside: Bool[ndarray, " regulators"]
    shift: float
    classes: PriorClasses
    unaided: bool

    def of(self, genes: Int[ndarray, " some"]) -> Odds:
        """Of some targets."""
        return replace(self, allowed=self.allowed[genes], edges=self.edges.of(genes), classes=self.classes.among(genes))

    def log(self) -> Float[ndarray, "targets regulators"]:
        """Log odds in single precision; -inf where there is no candidate."""
        out = np.tile(self._log(self.n_open, slice(None)).astype(np.float32), (len(self.allowed), 1))
        row, column = self.edges.pairs()
        out[row, column] = self._log(self.n_open[column] - 1.0, column)
        if self.price is not None:
            out[:, self.inside] = -self.price
        out[:, self.inside] += np.float32(self.shift)
        out = self.classes.log_odds(out, unaided=self.unaided)
        out[~self.allowed] = -np.inf
        return out

    def _log(self, others: Float[ndarray, " some"], at: Any) -> Float[ndarray, " some"]:
        left = np.maximum(self.n_allowed[at] - 1 - others, 0)
        out: Float[ndarray, " some"] = np.log((others + self.a[at]) / (left + self.b[at]))
        return out

"""Genes of one kind on one design: what their measurements say of their own states, and of a regulator's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.covariance import Basis
from grn_l0.posterior.gaps import Patchwork
from grn_l0.posterior.summary import Summary, entries


@dataclass(frozen=True, eq=False)
class Group:
    """The genes of one kind, on one design; `gaps` has those of which values are missing."""

    genes: Int[ndarray, " some"]
    basis: Basis
    precision: Float[ndarray, "times times"]
    state: Float[ndarray, "grid grid"]
    gain: Float[ndarray, "grid times"]
    means: Float[ndarray, "times effects"]
    gaps: Patchwork | None = None

    @property
    def response(self) -> Float[ndarray, "times grid"]:
        """C_d at the measured times."""
        out: Float[ndarray, "times grid"] = self.basis.response[self.basis.design.at]
        return out

    def spread(
        self, gene: int
    ) -> tuple[Float[ndarray, "patterns grid grid"], Int[ndarray, " series"], Float[ndarray, " patterns"]]:
        """Covariances of a gene's states given its own measurements, which of them each series has, and their share."""
        at, series = self.basis.design.at, len(self.basis.design.series)
        found = None if self.gaps is None else self.gaps.of_gene(int(np.searchsorted(self.genes, gene)))
        if found is None:
            one = self.state - self.gain @ self.state[at]
            return one[None], np.zeros(series, dtype=np.int64), np.ones(1)
        precision, which = found
        left = self.state - self.state[:, at] @ precision @ self.state[at]
        return left, which, np.bincount(which) / series

    def mean_gain(self, gene: int) -> Float[ndarray, "grid times"] | None:
        """The gain of a gene with missing values on average over series, None if it is that of all."""
        found = None if self.gaps is None else self.gaps.of_gene(int(np.searchsorted(self.genes, gene)))
        if found is None:
            return None
        precision, which = found
        out: Float[ndarray, "grid times"] = self.state[:, self.basis.design.at] @ precision[which].mean(axis=0)
        return out


@dataclass(frozen=True, eq=False)
class Parents:
    """Regulators with their likely targets: columns of the sparse `weight` and `square`, where both are stored.

    `without` (R,) tells the regulators that have none.
    """

    weight: sparse.csc_array
    square: sparse.csc_array
    without: Bool[ndarray, " regulators"]

    @classmethod
    def of(cls, last: Summary, n_regulators: int, changing: Bool[ndarray, " genes"], least: float) -> Parents:
        """Of edges more likely than `least`, on genes that change."""
        edges = last.weight.tocoo()
        row, column = edges.coords
        kept = (last.inclusion[row, column] > least) & changing[row] & (column < n_regulators)
        row, column, shape = row[kept], column[kept], (last.weight.shape[0], n_regulators)
        weight = sparse.csc_array((edges.data[kept], (row, column)), shape=shape)
        square = sparse.csc_array((entries(last.square, row, column), (row, column)), shape=shape)
        return cls(weight, square, np.diff(weight.indptr) == 0)

    def children(
        self, regulator: int
    ) -> tuple[Int[ndarray, " some"], Float[ndarray, " some"], Float[ndarray, " some"]]:
        """Positions of a regulator's targets, E[w] and E[w^2]."""
        some = slice(self.weight.indptr[regulator], self.weight.indptr[regulator + 1])
        return self.weight.indices[some], self.weight.data[some], self.square.data[some]


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of one kind that a regulator has, on one design; `response` is H, with the lag."""

    kind: int
    group: Group
    response: Float[ndarray, "times grid"]
    genes: Int[ndarray, " some"]
    weight: Float[ndarray, " some"]
    square: Float[ndarray, " some"]

    @property
    def at(self) -> Int[ndarray, " some"]:
        """Positions of the targets among the genes of their kind."""
        return np.searchsorted(self.group.genes, self.genes)

    def ask(
        self, rest: Float[ndarray, "series times some"], variance: Float[ndarray, " genes"]
    ) -> tuple[Float[ndarray, "grid grid"], Float[ndarray, "series grid"]]:
        """Information that the targets have on the regulator, on average over series, and which way they pull it."""
        certain, force, gaps = self.square / variance[self.genes], self.weight / variance[self.genes], self.group.gaps
        half = self.response.T @ self.group.precision
        if gaps is None:
            return float(certain.sum()) * half @ self.response, rest[:, :, self.at] @ force @ half.T
        gappy = np.isin(self.at, gaps.columns)
        own = np.searchsorted(gaps.columns, self.at[gappy])
        precision = certain[~gappy].sum() * self.group.precision + np.tensordot(certain[gappy], gaps.mean[own], axes=1)
        pulled = rest[:, :, self.at[~gappy]] @ force[~gappy] @ self.group.precision
        pulled += gaps.weigh(rest[:, :, self.at[gappy]], own) @ force[gappy]
        return self.response.T @ precision @ self.response, pulled @ self.response

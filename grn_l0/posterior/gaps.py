"""Which values were measured: the missing ones say nothing, so each gene has the covariance of its observed times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray

#: Matrices (times, times) are gathered in pieces of at most this many values.
_PIECE = 2**22


@dataclass(frozen=True, eq=False)
class Gaps:
    """The values that count on one design, for the G genes of which some value is missing.

    `masks` (P, T) are the distinct sets of observed times, `index` (S, G) says which of them a series of a gene has,
    `genes` (G,) are the positions of the genes, increasing.
    """

    genes: Int[ndarray, " gappy"]
    masks: Bool[ndarray, "patterns times"]
    index: Int[ndarray, "series gappy"]

    @classmethod
    def of(cls, seen: Bool[ndarray, "series times genes"], genes: Int[ndarray, " gappy"]) -> Gaps:
        """Group what was seen of some genes by its pattern."""
        series, times = seen.shape[:2]
        rows = seen[:, :, genes].transpose(0, 2, 1).reshape(-1, times)
        packed = np.packbits(rows, axis=1)
        _, first, index = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        return cls(genes, rows[first], index.reshape(series, len(genes)))

    def of_genes(self, genes: Int[ndarray, " some"]) -> tuple[Int[ndarray, " both"], Gaps]:
        """Those of `genes` that have gaps, as positions in `genes`, and the gaps of these."""
        _, inside, own = np.intersect1d(genes, self.genes, assume_unique=True, return_indices=True)
        used, index = np.unique(self.index[:, own], return_inverse=True)
        return inside, Gaps(self.genes[own], self.masks[used], index.reshape(len(self.index), len(own)))

    def covariance(self, sigma: Float[ndarray, "... times times"]) -> Float[ndarray, "... patterns times times"]:
        """Sigma of the observed times, independent unit noise elsewhere: its inverse there is that of the observed."""
        both = self.masks[:, :, None] & self.masks[:, None, :]
        return np.where(both, sigma[..., None, :, :], np.eye(self.masks.shape[1]))

    def whiteners(self, sigma: Float[ndarray, "times times"]) -> Float[ndarray, "patterns times times"]:
        r"""Inverse Cholesky factors of :math:`\Sigma_{oo}`, with zeros in rows and columns of missing times."""
        out: Float[ndarray, "patterns times times"] = np.linalg.inv(np.linalg.cholesky(self.covariance(sigma)))
        out *= self.masks[:, :, None] & self.masks[:, None, :]
        return out

    def precisions(self, sigma: Float[ndarray, "times times"]) -> Float[ndarray, "patterns times times"]:
        r""":math:`\Sigma_{oo}^{-1}`, with zeros in rows and columns of missing times."""
        whitener = self.whiteners(sigma)
        out: Float[ndarray, "patterns times times"] = np.swapaxes(whitener, 1, 2) @ whitener
        return out

    def counts(self) -> Float[ndarray, "gappy patterns"]:
        """How many series of each gene have each pattern."""
        n, p = len(self.genes), len(self.masks)
        flat = (np.arange(n) * p + self.index).ravel()
        return np.bincount(flat, minlength=n * p).reshape(n, p).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Patchwork:
    r"""The precisions :math:`\Sigma_{oo}^{-1}` of the genes of one kind that have gaps, on one design.

    `columns` are the genes' positions among those of the kind; `mean` (G, T, T) is the average over series.
    """

    columns: Int[ndarray, " gappy"]
    index: Int[ndarray, "series gappy"]
    precision: Float[ndarray, "patterns times times"]
    mean: Float[ndarray, "gappy times times"]

    @classmethod
    def of(cls, gaps: Gaps, genes: Int[ndarray, " some"], sigma: Float[ndarray, "times times"]) -> Patchwork:
        """For the genes of one kind, whose covariance is `sigma`."""
        columns, own = gaps.of_genes(genes)
        precision = own.precisions(sigma)
        share = own.counts() / len(own.index)
        return cls(columns, own.index, precision, np.tensordot(share, precision, axes=1))

    def of_gene(self, column: int) -> tuple[Float[ndarray, "used times times"], Int[ndarray, " series"]] | None:
        """Distinct precisions of one gene and which of them each series has; None for a gene without gaps."""
        at = int(np.searchsorted(self.columns, column))
        if at == len(self.columns) or self.columns[at] != column:
            return None
        used, which = np.unique(self.index[:, at], return_inverse=True)
        return self.precision[used], which

    def weigh(
        self, rest: Float[ndarray, "series times some"], some: Int[ndarray, " some"] | slice = slice(None)
    ) -> Float[ndarray, "series times some"]:
        r""":math:`\Sigma_{oo}^{-1}` times residuals of the genes with gaps, or of some of them."""
        index = self.index[:, some]
        out = np.empty_like(rest)
        pieces = -(-index.size * rest.shape[1] ** 2 // _PIECE)
        for part in np.array_split(np.arange(index.shape[1]), max(pieces, 1)):
            out[:, :, part] = np.einsum("scab,sbc->sac", self.precision[index[:, part]], rest[:, :, part])
        return out

"""Results of single groups of targets, put together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.odds import Odds
from grn_l0.posterior.sample import Record, Sampled
from grn_l0.posterior.summary import Curvature, Summary


@dataclass(eq=False)
class Collected:
    """Of the targets that are done."""

    inclusion: Float[ndarray, "genes regulators"]
    variance: Float[ndarray, " genes"]
    mean_variance: Float[ndarray, " genes"]
    genes: list[Int[ndarray, " targets"]] = field(default_factory=list)
    parts: list[Record] = field(default_factory=list)

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Collected:
        """Nothing yet."""
        return cls(np.zeros(shape, np.float32), np.ones(shape[0]), np.ones(shape[0]))

    def keep(self, sampled: Sampled) -> None:
        """Put the results of some targets in their place."""
        genes, record = sampled.genes, sampled.record
        self.variance[genes] = sampled.variance
        if record is None:
            return
        self.inclusion[genes], self.mean_variance[genes] = record.inclusion, record.variance
        # The probabilities are the one large array, and are in their place now.
        self.genes.append(genes)
        self.parts.append(replace(record, inclusion=record.inclusion[:0]))

    def summary(self, changing: Bool[ndarray, " genes"], odds: Odds) -> Summary:
        """Of all targets."""
        index = np.full(len(changing), -1)
        bends: dict[int, list[Float[ndarray, "series grid"]]] = {}
        for k, (genes, part) in enumerate(zip(self.genes, self.parts, strict=True)):
            index[genes] = k
            bends |= part.bends
        n_draws = len(self.parts[0].draws) if self.parts else 1
        diagonals = [part.curvature for part in self.parts]
        return Summary(
            inclusion=self.inclusion,
            weight=self._whole([part.weight for part in self.parts]),
            square=self._whole([part.square for part in self.parts]),
            draws=[self._whole([part.draws[d] for part in self.parts]) for d in range(n_draws)],
            odds=odds,
            variance=self.mean_variance,
            changing=changing,
            curvature=Curvature(
                index=index,
                diagonal=np.array(diagonals).reshape(len(diagonals), self.inclusion.shape[1]),
                less=self._whole([part.less for part in self.parts]),
            ),
            bends=bends,
        )

    def _whole(self, matrices: list[sparse.csr_array]) -> sparse.csr_array:
        """Rows of all parts in the order of the genes, without rows for the others."""
        if not matrices:
            return sparse.csr_array(self.inclusion.shape)
        at: Int[ndarray, " some"] = np.concatenate(self.genes)
        stacked = sparse.vstack(matrices, format="csr")[np.argsort(at, kind="stable")]
        count = np.zeros(len(self.variance), dtype=np.int64)
        count[np.sort(at)] = np.diff(stacked.indptr)
        indptr = np.concatenate([[0], np.cumsum(count)])
        return sparse.csr_array((stacked.data, stacked.indices, indptr), shape=self.inclusion.shape)

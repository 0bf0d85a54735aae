r"""From measured points to formulas: a power law of time, and what a gene and a candidate edge cost.

Time and memory of a fit to S trajectories of T times are taken as

.. math:: a + b N + c N R

N genes, R candidate regulators: a what every run costs, b what each gene costs (its data, its states, its equation in
the solver), c what each candidate edge costs in all sweeps together. The coefficients are not negative, and minimise
the squared relative errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """:math:`c x^k`: least squares on logarithms."""

    factor: float
    exponent: float

    @classmethod
    def of(cls, x: Sequence[float], y: Sequence[float]) -> PowerLaw | None:
        """The line through three or more points on logarithmic axes; None for fewer."""
        if len(x) < 3:
            return None
        exponent, offset = np.polyfit(np.log(x), np.log(y), 1)
        return cls(factor=float(np.exp(offset)), exponent=float(exponent))


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a run, a gene and a candidate edge cost.

    Attributes
    ----------
    base, gene, edge
        a, b and c above; in the unit of the costs.
    """

    base: float
    gene: float
    edge: float

    @classmethod
    def of(cls, genes: Sequence[float], edges: Sequence[float], costs: Sequence[float]) -> Cost | None:
        """The best coefficients for so many genes and candidate edges: from 3 points on, the one per gene from 4 on."""
        from scipy.optimize import nnls

        if len(costs) < 3:
            return None
        y = np.asarray(costs, dtype=np.float64)
        # With three points a term per gene would go through all of them and say nothing: it is left out.
        by_gene = np.asarray(genes, dtype=np.float64) * (len(y) > 3)
        terms = np.column_stack([np.ones(len(y)), by_gene, edges]) / y[:, None]
        # Columns of one size, as the coefficients differ by many orders of magnitude.
        scale = np.maximum(np.linalg.norm(terms, axis=0), 1e-300)
        found = nnls(terms / scale, np.ones(len(y)))[0] / scale
        return cls(base=float(found[0]), gene=float(found[1]), edge=float(found[2]))

    def __call__(self, genes: float, edges: float) -> float:
        """The cost of a fit."""
        return self.base + self.gene * genes + self.edge * edges

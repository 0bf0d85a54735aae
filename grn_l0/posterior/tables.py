"""What a start says of every candidate edge, in expression units."""

from __future__ import annotations

from typing import Any

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.chain import Chain
from grn_l0.posterior.summary import Summary

#: Above so many candidate edges the tables are in single precision.
SINGLE = 2**22

#: So many edges are worked on at once.
_PAIRS = 2**22


def edge_tables(
    final: Summary,
    regulators: Int[ndarray, " regulators"],
    scale: Float[ndarray, " genes"],
    variance: Float[ndarray, " genes"],
    chain: Chain,
    *,
    double: bool = False,
) -> dict[str, Any]:
    """Inclusion, weight, penalty, curvature and slab of all edges, as `Start` has them.

    Parameters
    ----------
    final
        The chain's probabilities and weights.
    regulators
        Positions of the R regulators among the N genes.
    scale
        What one scaled unit of each gene is in expression units, shape (N,).
    variance
        Noise of each gene, scaled units.
    chain
        Which edges priors list, and how wide its slabs are.
    double
        In double precision however many edges there are.
    """
    n_genes, n_regulators = len(scale), len(regulators)
    dtype = np.float64 if double or n_genes * n_regulators <= SINGLE else np.float32
    classes, width = chain.classes, chain.width
    names = ("weight", "penalty", "curvature", "slab")
    out = {name: np.empty((n_genes, n_regulators), dtype) for name in names}
    together = max(_PAIRS // max(n_regulators, 1), 1)
    for first in range(0, n_genes, together):
        genes = np.arange(first, min(first + together, n_genes))
        ratio = scale[genes][:, None] / scale[regulators]
        inclusion = final.inclusion[genes, :n_regulators].astype(np.float64)
        effect = final.weight[genes].toarray()[:, :n_regulators]
        slope = np.divide(effect, inclusion, out=np.zeros_like(effect), where=inclusion > 1e-12)
        out["weight"][genes] = slope * ratio
        out["penalty"][genes] = -final.odds.of(genes).log()[:, :n_regulators]
        out["curvature"][genes] = final.curvature.of(genes)[:, :n_regulators] / variance[genes][:, None] / ratio**2
        listed = classes.among(genes).listed[:, :n_regulators] if len(classes.rates) else False
        out["slab"][genes] = np.where(listed, width[1], width[0]) * ratio
    inclusion = final.inclusion[:, :n_regulators]
    return {"inclusion": inclusion.astype(dtype, copy=False).T, **{name: table.T for name, table in out.items()}}

"""Parameters of a list of edges in place of matrices: what a large sparse network is trained and kept as."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    r"""Production as a sum over a list of edges, for solvers that are compiled.

    .. math:: f_i = \max\Big(b_i + \sum_{e \to i} w_e h_{j(e)}, l_i\Big) \quad \text{or} \quad
              f_i = a_i \sigma\Big(b_i + \sum_{e \to i} w_e h_{j(e)}\Big)

    Where h is (x - shift) scale, or its log odds.

    Attributes
    ----------
    index
        Shape (2, E): the regulator's position among the R regulators, and the target's among the genes.
    weight
        w times the gate, shape (E,).
    gate
        The edges' gates, shape (E,); None for open ones. An edge whose gate is exactly 0 costs nothing, and gets no
        gradient: gates that can move have none there either.
    bias
        b, shape (N,).
    shift, scale
        Shape (R,).
    bounds
        Between which the argument of the log odds is kept; None for no log odds.
    floor
        l, shape (N,), None for none.
    amplitude
        a, shape (N,), None for production without a sigmoid.
    """

    index: Int[Tensor, "2 edges"]
    weight: Float[Tensor, " edges"]
    gate: Float[Tensor, " edges"] | None
    bias: Float[Tensor, " genes"]
    shift: Float[Tensor, " regulators"]
    scale: Float[Tensor, " regulators"]
    bounds: tuple[float, float] | None = None
    floor: Float[Tensor, " genes"] | None = None
    amplitude: Float[Tensor, " genes"] | None = None


def checked_edges(
    edges: Int[Tensor, "2 edges"] | None, weight: Tensor, n_regulators: int, n_genes: int
) -> Int[Tensor, "2 edges"] | None:
    """The list of edges, if it fits the weights; None if the weights are a matrix.

    Raises
    ------
    OptionError
        If there are no edges of such numbers, they are not sorted by target, or there is not one weight for each.
    """
    if edges is None:
        if tuple(weight.shape) != (n_regulators, n_genes):
            raise OptionError(
                f"weights have shape {tuple(weight.shape)}, not (regulators, genes) = {(n_regulators, n_genes)}; "
                "for one weight per edge name the edges"
            )
        return None
    edges = torch.as_tensor(edges, dtype=torch.int64).clone()
    if edges.ndim != 2 or len(edges) != 2 or weight.shape != edges.shape[1:]:
        raise OptionError(
            f"edges of shape {tuple(edges.shape)} and weights of shape {tuple(weight.shape)} do not belong together; "
            "they must be (2, E) and (E,)"
        )
    if edges.shape[1]:
        limits = torch.tensor([[n_regulators], [n_genes]], device=edges.device)
        if not bool(((edges >= 0) & (edges < limits)).all()):
            raise OptionError(f"edges must lie between {n_regulators} regulators and {n_genes} genes")
        if not bool((edges[1].diff() >= 0).all()):
            raise OptionError("edges must be sorted by their target")
    return edges


def affine_edges(
    bias: Float[Tensor, " genes"],
    x: Float[Tensor, "series regulators"],
    weight: Float[Tensor, " edges"],
    edges: Int[Tensor, "2 edges"],
) -> Float[Tensor, "series genes"]:
    """Bias plus the sum over each gene's edges of weight times x: what `affine` does with matrices."""
    base = bias.expand(len(x), -1)
    return base.index_add(1, edges[1], x.index_select(1, edges[0]) * weight)


def to_edges(matrix: Float[Tensor, "regulators genes"], edges: Int[Tensor, "2 edges"]) -> Float[Tensor, " edges"]:
    """The entries of a matrix that belong to the edges."""
    return matrix[edges[0], edges[1]]


def to_matrix(
    values: Float[Tensor, " edges"], edges: Int[Tensor, "2 edges"], shape: tuple[int, int]
) -> Float[Tensor, "regulators genes"]:
    """A matrix with these values at the edges, 0 elsewhere."""
    return values.new_zeros(shape).index_put((edges[0], edges[1]), values)

"""States times the parameters of edges, the work that grows with their number."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from grn_l0._typing import Float

#: What `AbstractDynamics.gated` hands to the products: matrices of the edges, or their transposes in rows of nonzeros.
Gated = tuple[Tensor, ...]

#: A matrix is stored by its nonzeros if it has at least so many entries, and at most this share of them is not 0.
_ENTRIES, _SHARE = 4000, 0.2


def affine(
    bias: Float[Tensor, " columns"], x: Float[Tensor, "series regulators"], matrix: Tensor
) -> Float[Tensor, "series columns"]:
    """``bias + x @ matrix``."""
    if matrix.layout == torch.sparse_csr:
        return (matrix @ x.T).T + bias
    return torch.addmm(bias, x, matrix)


def at_least(f: Float[Tensor, "series genes"], floor: Float[Tensor, " genes"] | None) -> Float[Tensor, "series genes"]:
    """max(f, floor); None for no floor."""
    if floor is None:
        return f
    # a floor of 0 is the common one, and relu's gradient costs a third of that of maximum
    return torch.maximum(f, floor) if bool(floor.any()) else torch.relu(f)


def sparse_where_worth(gated: Gated) -> Gated:
    """Matrices that are mostly zeros, transposed and by their nonzeros; the others as they are."""
    return tuple(_stored(matrix) for matrix in gated)


def flops(gated: Gated) -> int:
    """Multiplications and additions of one state's products with these matrices."""
    return sum(2 * (len(m.values()) if m.layout == torch.sparse_csr else m.numel()) for m in gated)


def _stored(matrix: Tensor) -> Tensor:
    if matrix.numel() < _ENTRIES or int(torch.count_nonzero(matrix)) > _SHARE * matrix.numel():
        return matrix
    with warnings.catch_warnings():
        # torch calls all of its compressed layouts beta, once per process
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return matrix.T.contiguous().to_sparse_csr()

"""The expression matrix of an AnnData object: any storage in, blocks of numbers out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from grn_l0._errors import ExpressionError, MissingKeyError, nearest
from grn_l0.pp._say import listed

if TYPE_CHECKING:
    from anndata import AnnData

#: float64, either dense or in compressed sparse rows.
Matrix = Any

#: Of rows or columns; None for all of them.
Positions = Any

#: Bytes of expression, in float64, that a block may have.
BLOCK_BYTES = 64 * 2**20


def is_sparse(matrix: Any) -> bool:
    """Whether it is a scipy sparse matrix or array."""
    return bool(sparse.issparse(matrix))


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """Values of the observations from `row` on and the genes from `column` on: float64, dense or sparse rows."""

    row: int
    column: int
    values: Matrix


class Expression:
    """Expression of observations x genes, of which only a block is in memory as float64 at any time.

    Boolean, integer, half-precision, sparse (any format), backed and lazy storage are converted, block by block, and
    views are cut out block by block. Blocks hold rows, but for compressed sparse columns, whose rows could only be had
    by reading everything. NaN is kept.

    Parameters
    ----------
    adata
        Observations x genes, in memory, backed, or a view.
    layer
        Layer to take; None for ``adata.X``.

    Raises
    ------
    MissingKeyError
        If there is no such layer (with the layers there are), or no ``adata.X``.
    ExpressionError
        If there are no observations or fewer than two genes, or values are not numeric.
    """

    def __init__(self, adata: AnnData, layer: str | None) -> None:
        if layer is not None and layer not in adata.layers:
            layers = [str(name) for name in adata.layers]
            raise MissingKeyError(f"{layer!r} is not a layer of adata; {listed(layers)}{nearest(layer, layers)}")
        if adata.n_obs == 0:
            raise ExpressionError("adata has no observations (0 rows); check the filter that was applied to it")
        if adata.n_vars < 2:
            raise ExpressionError(f"adata has {adata.n_vars} gene(s); a network needs at least 2")
        self.adata, self.layer = adata, layer
        self.where = "adata.X" if layer is None else f"layer {layer!r}"
        # A view is cut out of what it looks at block by block; its own X would be a copy of all of it.
        whole, self._rows, self._columns = _looked_at(adata)
        stored = whole.X if layer is None else whole.layers[layer]
        if stored is None:
            raise MissingKeyError(f"adata.X is empty; name a layer (layer=...): {listed(map(str, adata.layers))}")
        if stored.dtype.kind not in "biuf":
            raise ExpressionError(f"{self.where} holds values of type {stored.dtype}; expression must be real numbers")
        if is_sparse(stored) and stored.format not in ("csr", "csc"):
            stored = stored.tocsr()
        self._stored = stored
        self._by_column = getattr(stored, "format", None) == "csc"
        self._filled = _filled(stored)

    @property
    def shape(self) -> tuple[int, int]:
        """Observations, genes."""
        return self.adata.n_obs, self.adata.n_vars

    def blocks(self) -> Iterator[Block]:
        """All values, in blocks of at most `BLOCK_BYTES` (one row or column at least)."""
        along, across = self.shape[::-1] if self._by_column else self.shape
        step = max(1, int(BLOCK_BYTES / (8 * max(across * self._filled, 1.0))))
        for start in range(0, along, step):
            part = slice(start, min(start + step, along))
            row, column = (0, start) if self._by_column else (start, 0)
            yield Block(row=row, column=column, values=_in_memory(self._part(part)))

    def _part(self, part: slice) -> Any:
        """Some rows, or some columns of compressed sparse columns."""
        if self._by_column:
            found = _select(self._stored, self._columns, part, axis=1)
            return found if self._rows is None else found[self._rows]
        found = _select(self._stored, self._rows, part, axis=0)
        return found if self._columns is None else found[:, self._columns]


def _looked_at(adata: AnnData) -> tuple[AnnData, Positions, Positions]:
    """What a view is a view of, with its rows and columns there (None for all); other objects as they are."""
    if not adata.is_view:
        return adata, None, None
    whole = adata._adata_ref  # has no public name
    return whole, _positions(adata._oidx, whole.n_obs), _positions(adata._vidx, whole.n_vars)


def _positions(index: Any, n: int) -> Positions:
    if isinstance(index, slice):
        return None if index.indices(n) == (0, n, 1) else np.arange(n)[index]
    return np.arange(n)[np.atleast_1d(np.asarray(index))]


def _select(stored: Any, positions: Positions, part: slice, *, axis: int) -> Any:
    """Rows (axis 0) or columns (axis 1): those of a slice, or the positions in it."""

    def take(index: Any) -> Any:
        return stored[index] if axis == 0 else stored[:, index]

    if positions is None:
        return _loaded(take(part))
    # Files want positions sorted, and each once; neighbours are read in one piece.
    wanted, place = np.unique(positions[part], return_inverse=True)
    first, last = int(wanted[0]), int(wanted[-1]) + 1
    if last - first <= 2 * len(wanted):
        found, place = _loaded(take(slice(first, last))), wanted[place] - first
    else:
        found = _loaded(take(wanted))
    if len(place) == found.shape[axis] and (np.diff(place) == 1).all():
        return found
    return found[place] if axis == 0 else found[:, place]


def _filled(stored: Any) -> float:
    """Share of the entries that are stored, each with its position: 1 for what is not sparse."""
    held = getattr(stored, "nnz", None)
    if held is None and hasattr(stored, "group"):  # sparse on disk
        held = stored.group["data"].shape[0]
    size = float(stored.shape[0]) * float(stored.shape[1])
    # An entry of a sparse matrix takes twice the room: value and position.
    return 1.0 if held is None or size == 0 else min(1.0, 2.0 * held / size)


def _loaded(stored: Any) -> Any:
    if hasattr(stored, "to_memory"):  # backed sparse matrix
        return stored.to_memory()
    return stored.compute() if hasattr(stored, "compute") else stored  # dask


def _in_memory(stored: Any) -> Matrix:
    matrix = sparse.csr_array(stored) if is_sparse(stored) else np.asarray(stored)
    return matrix.astype(np.float64, copy=False)

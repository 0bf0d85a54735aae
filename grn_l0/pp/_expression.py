"""The expression matrix of an AnnData object: any storage in, numbers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from grn_l0._errors import ExpressionError, MissingKeyError, nearest, warn
from grn_l0._typing import Float, ndarray
from grn_l0.pp._say import listed, some

if TYPE_CHECKING:
    from anndata import AnnData

#: float64, either dense or in compressed sparse rows.
Matrix = Any

#: Integers below this can be what binarised or discretised data hold; a matrix of raw counts goes beyond it.
_COUNTS_FROM = 20


def is_sparse(matrix: Any) -> bool:
    """Whether it is a scipy sparse matrix or array."""
    return bool(sparse.issparse(matrix))


def expression(adata: AnnData, layer: str | None) -> Matrix:
    """Expression as float64, observations x genes: a dense array, or sparse rows if it was sparse.

    Boolean, integer, half-precision, sparse (any format), backed and lazy storage are converted. NaN is kept.

    Raises
    ------
    MissingKeyError
        If there is no such layer (with the layers there are), or no ``adata.X``.
    ExpressionError
        If there are no observations or fewer than two genes, or values are not numeric or infinite.
    """
    if layer is not None and layer not in adata.layers:
        layers = [str(name) for name in adata.layers]
        raise MissingKeyError(f"{layer!r} is not a layer of adata; {listed(layers)}{nearest(layer, layers)}")
    if adata.n_obs == 0:
        raise ExpressionError("adata has no observations (0 rows); check the filter that was applied to it")
    if adata.n_vars < 2:
        raise ExpressionError(f"adata has {adata.n_vars} gene(s); a network needs at least 2")
    stored = adata.X if layer is None else adata.layers[layer]
    if stored is None:
        raise MissingKeyError(f"adata.X is empty; name a layer (layer=...): {listed(map(str, adata.layers))}")
    where = "adata.X" if layer is None else f"layer {layer!r}"
    matrix = _in_memory(stored, where)
    data = matrix.data if is_sparse(matrix) else matrix
    if np.isinf(data).any():
        _refuse_infinite(matrix, adata, where)
    return matrix


def _in_memory(stored: Any, where: str) -> Matrix:
    if hasattr(stored, "to_memory"):  # backed sparse matrix
        stored = stored.to_memory()
    elif hasattr(stored, "compute"):  # dask
        stored = stored.compute()
    matrix = sparse.csr_array(stored) if is_sparse(stored) else np.asarray(stored)
    if matrix.dtype.kind not in "biuf":
        raise ExpressionError(f"{where} holds values of type {matrix.dtype}; expression must be real numbers")
    return matrix.astype(np.float64)


def _refuse_infinite(matrix: Matrix, adata: AnnData, where: str) -> None:
    found = matrix.tocoo() if is_sparse(matrix) else None
    if found is None:
        rows, columns = np.nonzero(np.isinf(matrix))
    else:
        bad = np.isinf(found.data)
        rows, columns = found.coords[0][bad], found.coords[1][bad]
    raise ExpressionError(
        f"{where} is infinite in {rows.size:,} places, first gene {adata.var_names[columns[0]]!r} in observation "
        f"{adata.obs_names[rows[0]]!r}; set them to NaN if they are missing (a logarithm of 0 gives -inf: use log1p)"
    )


def check_values(matrix: Matrix, genes: tuple[str, ...], where: str) -> None:
    """Refuse genes that were never measured; warn about constant genes and raw counts.

    Raises
    ------
    ExpressionError
        If a gene has no value at all. (It can be neither modelled nor forecast, so it is better left out by hand.)
    """
    low, high = _range(matrix)
    absent = np.flatnonzero(np.isnan(low))
    if absent.size:
        names = some([genes[i] for i in absent])
        raise ExpressionError(
            f"{absent.size:,} of {len(genes):,} genes are missing (NaN) in every observation of {where}: {names}; "
            "drop them: adata = adata[:, ~np.isnan(adata.to_df()).all()].copy()"
        )
    constant = np.flatnonzero(low == high)
    if constant.size:
        names = some([genes[i] for i in constant])
        warn(
            f"{constant.size:,} of {len(genes):,} genes are constant in {where} ({names}); they are kept, but nothing "
            "can be learned about what regulates them"
        )
    if low.min() >= 0 and high.max() >= _COUNTS_FROM and _integers(matrix):
        warn(
            f"{where} looks like raw counts (integers up to {high.max():,.0f}); they work, but results are better "
            "after scanpy.pp.normalize_total(adata) and scanpy.pp.log1p(adata)"
        )


def _range(matrix: Matrix) -> tuple[Float[ndarray, " genes"], Float[ndarray, " genes"]]:
    """Smallest and largest value of each gene, NaN if it has none."""
    if is_sparse(matrix):
        low, high = matrix.nanmin(axis=0), matrix.nanmax(axis=0)
        return np.asarray(low.todense()).ravel(), np.asarray(high.todense()).ravel()
    low = np.fmin.reduce(matrix, axis=0)
    return low, np.fmax.reduce(matrix, axis=0)


def _integers(matrix: Matrix) -> bool:
    data: ndarray[Any, Any] = matrix.data if is_sparse(matrix) else matrix
    whole: ndarray[Any, Any] = (data == np.floor(data)) | np.isnan(data)
    return bool(whole.all())

"""Matrices of regulators x targets in the smaller of two forms: dense, or compressed sparse rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

from grn_l0._typing import Array, Bool, Int, ndarray
from grn_l0.network.candidates import Candidates

#: A dense array or a `scipy.sparse.csr_matrix`, which AnnData before 0.11 and fancy indexing want rather than an array.
Matrix = Any
#: Pairs above which matrices are kept in single precision: a genome's, in double precision, takes 1 GB each.
LARGE = 2**24
#: Pairs that are looked at together.
_BLOCK = 2**22


def is_sparse(matrix: Matrix) -> bool:
    """Whether it is a sparse matrix or array of scipy."""
    return bool(sparse.issparse(matrix))


def row_blocks(shape: tuple[int, int]) -> Iterator[slice]:
    """Rows in blocks of about four million pairs."""
    step = max(1, _BLOCK // max(shape[1], 1))
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def hold(
    value: Matrix, candidates: Candidates, bad: Callable[[Array], Bool[ndarray, "*shape"]]
) -> tuple[Matrix, Array]:
    """The candidates' values, 0 elsewhere, as a dense array or sparse rows, whichever is smaller.

    Parameters
    ----------
    value
        Array or sparse matrix (R, N). It is copied, unless it is dense, read-only, owns its memory, has nothing to be
        changed, and stays dense.
    candidates
        Where values count.
    bad
        Which values are refused.

    Returns
    -------
    matrix
        What is kept; read-only where it is dense. Single precision beyond `LARGE` pairs.
    wrong
        Row, column of the first candidate whose value is bad, and their number; empty if none is.
    """
    values: Matrix = value if is_sparse(value) else np.asarray(value)
    dtype = values.dtype if np.issubdtype(values.dtype, np.floating) else np.dtype(np.float64)
    size = values.shape[0] * values.shape[1]
    if size > LARGE:
        dtype = np.dtype(np.float32)
    if is_sparse(values):
        values = sparse.csr_matrix(values)

    def parts() -> Iterator[tuple[slice, Array]]:
        for rows in row_blocks(values.shape):
            block = values[rows].toarray() if is_sparse(values) else values[rows]
            # Adding 0 makes 0.0 of -0.0.
            yield rows, np.where(candidates.rows(rows), block, 0).astype(dtype, copy=False) + dtype.type(0)

    number, filled, first = 0, 0, None
    # Whether it can be kept as it is: nobody else can write to it, and nothing in it is to be changed.
    same = not is_sparse(values) and values.dtype == dtype and not values.flags.writeable and values.base is None
    for rows, part in parts():
        refused = bad(part)
        if first is None and refused.any():
            at = np.argwhere(refused)[0]
            first = (int(at[0]) + rows.start, int(at[1]))
        number += int(refused.sum())
        filled += int(np.count_nonzero(part))
        same = same and part.tobytes() == values[rows].tobytes()
    wrong = np.array([] if first is None else [*first, number], dtype=np.int64)
    if filled * (dtype.itemsize + 4) < size * dtype.itemsize:
        found = [sparse.csr_matrix(part) for _, part in parts()]
        return sparse.vstack(found, format="csr") if found else sparse.csr_matrix(values.shape, dtype=dtype), wrong
    if same:
        return values, wrong
    dense = np.zeros(values.shape, dtype=dtype)
    for rows, part in parts():
        dense[rows] = part
    dense.setflags(write=False)
    return dense, wrong


def dense_of(matrix: Matrix) -> Array:
    """The matrix as a dense array that cannot be written to."""
    if not is_sparse(matrix):
        return np.asarray(matrix)
    array: Array = matrix.toarray()
    array.setflags(write=False)
    return array


def rows_of(matrix: Matrix, rows: slice) -> Array:
    """Some rows, dense."""
    return np.asarray(matrix[rows].toarray() if is_sparse(matrix) else matrix[rows])


def values_at(matrix: Matrix, rows: Int[ndarray, " pairs"], columns: Int[ndarray, " pairs"]) -> Array:
    """Values of single pairs."""
    return np.asarray(matrix[rows, columns]).ravel() if len(rows) else np.zeros(0, dtype=matrix.dtype)


def filled_at(matrix: Matrix) -> tuple[Int[ndarray, " pairs"], Int[ndarray, " pairs"]]:
    """Rows and columns of what is not 0, row by row."""
    rows, columns = matrix.nonzero()
    return np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)

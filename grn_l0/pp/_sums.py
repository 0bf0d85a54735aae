"""Sums of expression over groups of observations, from blocks of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from grn_l0._typing import Float, Int, ndarray
from grn_l0.pp._checks import ValueCheck
from grn_l0.pp._expression import Block, Expression, is_sparse


class GroupSums:
    """Sums of values, of their squares and of missing values over the observations of each of P groups, N genes.

    Parameters
    ----------
    rows
        Positions of the members of all groups among the observations; an observation may be in several groups.
        Within one block they are added in this order.
    group
        Group of each member, 0 to P - 1.
    n_groups, n_genes
        P and N.
    squares
        Whether sums of squares are wanted.
    """

    def __init__(
        self,
        rows: Int[ndarray, " members"],
        group: Int[ndarray, " members"],
        n_groups: int,
        n_genes: int,
        *,
        squares: bool = False,
    ) -> None:
        self.rows, self.group = rows, group
        self.members = np.bincount(group, minlength=n_groups)
        self.total = np.zeros((n_groups, n_genes))
        self.squares = np.zeros((n_groups, n_genes)) if squares else None
        #: None as long as nothing is missing.
        self.missing: Float[ndarray, "groups genes"] | None = None
        self._by_row = np.argsort(rows, kind="stable")
        self._sorted = rows[self._by_row]

    def add(self, block: Block) -> None:
        """Add the members that lie in this block."""
        n = block.values.shape[0]
        first, last = np.searchsorted(self._sorted, [block.row, block.row + n])
        member = np.sort(self._by_row[first:last])
        if not member.size:
            return
        groups, where = np.unique(self.group[member], return_inverse=True)
        member = member[np.argsort(where, kind="stable")]
        ends = np.concatenate([[0], np.cumsum(np.bincount(where))])
        # Groups x rows of the block, each row of it in the order of the members, which is the order of addition.
        indicator = sparse.csr_array(
            (np.ones(len(member)), self.rows[member] - block.row, ends), shape=(len(groups), n)
        )
        values, absent = _without_nan(block.values)
        genes = slice(block.column, block.column + values.shape[1])
        self.total[groups, genes] += _dense(indicator @ values)
        if self.squares is not None:
            self.squares[groups, genes] += _dense(indicator @ _square(values))
        if absent is not None:
            if self.missing is None:
                self.missing = np.zeros_like(self.total)
            self.missing[groups, genes] += _dense(indicator @ absent)

    def count(self) -> Float[ndarray, "groups any"]:
        """Number of members with a value, shape (P, N), or (P, 1) if nothing is missing."""
        members = self.members[:, None].astype(np.float64)
        return members if self.missing is None else members - self.missing

    def mean(self) -> Float[ndarray, "groups genes"]:
        """Mean of the members with a value, shape (P, N); NaN where there is none. Takes the place of the totals."""
        count = self.count()
        with np.errstate(divide="ignore", invalid="ignore"):
            np.divide(self.total, count, out=self.total)
        self.total[np.broadcast_to(count, self.total.shape) <= 0] = np.nan
        return self.total


def read_sums(expression: Expression, check: ValueCheck, sums: GroupSums, genes: tuple[str, ...]) -> None:
    """Read everything once, for the checks and for the sums.

    Raises
    ------
    ExpressionError
        As `ValueCheck.conclude`.
    """
    for block in expression.blocks():
        check.add(block)
        # What is infinite is refused in the end, and would only make warnings here.
        if not check.infinite:
            sums.add(block)
    check.conclude(genes)


def _without_nan(matrix: Any) -> tuple[Any, Any]:
    """Values with 0 for NaN, and 1 where there was NaN (None without any)."""
    data = matrix.data if is_sparse(matrix) else matrix
    lost = np.isnan(data)
    if not lost.any():
        return matrix, None
    if not is_sparse(matrix):
        return np.where(lost, 0.0, matrix), lost.astype(np.float64)
    shape = matrix.shape
    filled = sparse.csr_array((np.where(lost, 0.0, data), matrix.indices, matrix.indptr), shape=shape)
    return filled, sparse.csr_array((lost.astype(np.float64), matrix.indices, matrix.indptr), shape=shape)


def _square(matrix: Any) -> Any:
    if not is_sparse(matrix):
        return matrix**2
    return sparse.csr_array((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape)


def _dense(matrix: Any) -> Any:
    return matrix.toarray() if is_sparse(matrix) else matrix

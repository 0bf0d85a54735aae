"""What expression must be, judged while it is read block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from grn_l0._errors import ExpressionError, warn
from grn_l0._typing import Bool, Float, ndarray
from grn_l0.pp._expression import Block, Expression, is_sparse
from grn_l0.pp._say import some

#: Integers below this can be what binarised or discretised data hold; a matrix of raw counts goes beyond it.
_COUNTS_FROM = 20


class ValueCheck:
    """Smallest and largest value of every gene, whether all are integers, and what is infinite.

    Parameters
    ----------
    expression
        What is read.
    keep
        Which observations count; all by default. None of them may be infinite, whether it counts or not.
    """

    def __init__(self, expression: Expression, keep: Bool[ndarray, " cells"] | None = None) -> None:
        self.expression, self.keep = expression, keep
        self.low = np.full(expression.shape[1], np.nan)
        self.high = self.low.copy()
        self.integers, self.infinite = True, 0
        self._first = (0, 0)

    def add(self, block: Block) -> None:
        """Take one block into account."""
        values = block.values
        data = values.data if is_sparse(values) else values
        # Infinity and NaN show in the extremes, so that most blocks need no further look.
        if data.size and not np.isfinite([data.min(), data.max()]).all():
            self._infinite(block)
        if self.keep is not None:
            kept = self.keep[block.row : block.row + values.shape[0]]
            values = values if kept.all() else values[np.flatnonzero(kept)]
            data = values.data if is_sparse(values) else values
        if not values.shape[0]:
            return
        genes = slice(block.column, block.column + values.shape[1])
        low, high = _range(values)
        self.low[genes], self.high[genes] = np.fmin(self.low[genes], low), np.fmax(self.high[genes], high)
        self.integers = self.integers and bool(((data == np.floor(data)) | np.isnan(data)).all())

    def _infinite(self, block: Block) -> None:
        found = block.values.tocoo() if is_sparse(block.values) else None
        if found is None:
            rows, columns = np.nonzero(np.isinf(block.values))
        else:
            bad = np.isinf(found.data)
            rows, columns = found.coords[0][bad], found.coords[1][bad]
        if rows.size and not self.infinite:
            self._first = int(rows[0]) + block.row, int(columns[0]) + block.column
        self.infinite += rows.size

    def conclude(self, genes: tuple[str, ...]) -> None:
        """Refuse infinite values and genes that were never measured; warn about constant genes and raw counts.

        Raises
        ------
        ExpressionError
            If a value is infinite, or a gene has no value at all. (It can be neither modelled nor forecast, so it is
            better left out by hand.)
        """
        where, adata = self.expression.where, self.expression.adata
        if self.infinite:
            row, column = self._first
            raise ExpressionError(
                f"{where} is infinite in {self.infinite:,} places, first gene {adata.var_names[column]!r} in "
                f"observation {adata.obs_names[row]!r}; set them to NaN if they are missing (a logarithm of 0 gives "
                "-inf: use log1p)"
            )
        absent = np.flatnonzero(np.isnan(self.low))
        if absent.size:
            names = some([genes[i] for i in absent])
            raise ExpressionError(
                f"{absent.size:,} of {len(genes):,} genes are missing (NaN) in every observation of {where}: {names}; "
                "drop them: adata = adata[:, ~np.isnan(adata.to_df()).all()].copy()"
            )
        constant = np.flatnonzero(self.low == self.high)
        if constant.size:
            names = some([genes[i] for i in constant])
            warn(
                f"{constant.size:,} of {len(genes):,} genes are constant in {where} ({names}); they are kept, but "
                "nothing can be learned about what regulates them"
            )
        if self.low.min() >= 0 and self.high.max() >= _COUNTS_FROM and self.integers:
            warn(
                f"{where} looks like raw counts (integers up to {self.high.max():,.0f}); they work, but results are "
                "better after scanpy.pp.normalize_total(adata) and scanpy.pp.log1p(adata)"
            )


def _range(matrix: Any) -> tuple[Float[ndarray, " genes"], Float[ndarray, " genes"]]:
    """Smallest and largest value of each gene, NaN if it has none."""
    if is_sparse(matrix):
        by_gene = matrix.tocsc()  # once for both
        low, high = by_gene.nanmin(axis=0), by_gene.nanmax(axis=0)
        return np.asarray(low.todense()).ravel(), np.asarray(high.todense()).ravel()
    low = np.fmin.reduce(matrix, axis=0)
    return low, np.fmax.reduce(matrix, axis=0)

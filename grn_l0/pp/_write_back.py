"""What was found, written into the AnnData object it was found in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from grn_l0._errors import MissingKeyError, OptionError, nearest
from grn_l0._typing import Float, Int, ndarray
from grn_l0.pp._expression import is_sparse
from grn_l0.pp._say import listed

if TYPE_CHECKING:
    from anndata import AnnData

#: Candidate edges up to which every score is kept (128 MiB in memory); beyond, those of the survivors are.
_KEEP_SCORES = 16_000_000


def write_back(
    adata: AnnData,
    *,
    scores: Float[ndarray, "regulators genes"],
    weights: Any,
    regulators: Int[ndarray, " regulators"],
    frequencies: Any = None,
    key: str = "grn_l0",
    info: Mapping[str, Any] | None = None,
    keep_scores: int = _KEEP_SCORES,
) -> None:
    """Write a network into ``adata.varp[key]``, ``adata.varp[key + "_score"]`` and ``adata.uns[key]``.

    Everything written survives ``write_h5ad`` and ``read_h5ad``.

    Parameters
    ----------
    adata
        Its genes are the targets; changed in place.
    scores, weights
        Shape (R, N); weights are exactly 0 where the gate is closed, and may be a sparse matrix.
    regulators
        Positions of the R regulators among the genes.
    frequencies
        Shape (R, N), optional: selection frequencies, dense or sparse, written into ``varp[key + "_frequency"]``,
        sparse.
    key
        Name of the entries. ``varp[key]`` holds the weights of the surviving edges, N x N, sparse, float32, rows are
        regulators. ``varp[key + "_score"]`` holds the scores: of every candidate, or of the survivors only if there
        are more than `keep_scores` candidates (``uns[key]["scores"]`` says which).
    info
        What else to keep in ``uns[key]``: texts, numbers, arrays, tables and mappings of them. None is left out;
        anything else is kept as text.

    Raises
    ------
    OptionError
        If the shapes do not fit.
    """
    regulators = np.asarray(regulators, dtype=np.int64)
    n = adata.n_vars
    shape = (len(regulators), n)
    inside = (regulators >= 0) & (regulators < n)
    if scores.shape != shape or weights.shape != shape or not inside.all() or len(np.unique(regulators)) < shape[0]:
        raise OptionError(
            f"scores have shape {scores.shape} and weights {weights.shape}; with {len(regulators)} regulators "
            f"(distinct positions among the genes) and {n} genes both must have shape {shape}"
        )
    weight, (rows, columns) = _filled(weights)
    n_scores = shape[0] * n
    every = n_scores <= keep_scores
    adata.varp[key] = _square((weight, (regulators[rows], columns)), n)
    if every and 2 * len(regulators) > n:
        # A filled matrix takes half the room of a sparse one.
        dense = np.zeros((n, n), dtype=np.float32)
        dense[regulators] = np.nan_to_num(scores)
        adata.varp[f"{key}_score"] = dense
    else:
        kept, at = _filled(np.nan_to_num(scores)) if every else (np.nan_to_num(scores[rows, columns]), (rows, columns))
        adata.varp[f"{key}_score"] = _square((kept, (regulators[at[0]], at[1])), n)
    if frequencies is None:
        adata.varp.pop(f"{key}_frequency", None)  # of an earlier run, it would not belong to this network
    else:
        often, at = _filled(frequencies)
        adata.varp[f"{key}_frequency"] = _square((often, (regulators[at[0]], at[1])), n)
    entry = _plain(info or {})
    entry |= {
        "orientation": "rows are regulators (source), columns are targets",
        "regulators": np.array([str(g) for g in adata.var_names[regulators]], dtype=object),
        "n_candidates": int(n_scores - shape[0]),
        "n_edges": int(rows.size),
        "scores": "all candidates" if every else "surviving edges",
    }
    adata.uns[key] = entry


def read_back(
    adata: AnnData, key: str = "grn_l0"
) -> tuple[Int[ndarray, " regulators"], Float[ndarray, "regulators genes"], Float[ndarray, "regulators genes"]]:
    """Positions of the regulators, scores and weights, both of shape (R, N) and float32, that `write_back` wrote.

    Raises
    ------
    MissingKeyError
        If there is no such entry; with those there are.
    """
    entries = [str(k) for k in adata.varp]
    if key not in entries or f"{key}_score" not in entries or key not in adata.uns:
        raise MissingKeyError(f"adata holds no network {key!r}; in adata.varp {listed(entries)}{nearest(key, entries)}")
    position = {str(g): k for k, g in enumerate(adata.var_names)}
    # Genes may have been taken out since.
    names = [str(g) for g in adata.uns[key]["regulators"]]
    regulators = np.array([position[g] for g in names if g in position], dtype=np.int64)
    scores, weights = (_dense(adata.varp[name][regulators]) for name in (f"{key}_score", key))
    return regulators, scores, weights


def _filled(matrix: Any) -> tuple[Any, tuple[Any, Any]]:
    """Values of a dense or sparse matrix that are not 0, and their rows and columns."""
    # Indexing would not do: where nothing is filled, scipy answers with a sparse matrix in place of values.
    entries = sparse.coo_matrix(matrix)
    entries.eliminate_zeros()
    return entries.data, (entries.row, entries.col)


def _square(entries: tuple[Any, Any], n: int) -> sparse.csr_matrix:
    values, at = entries
    # AnnData before 0.11 knows matrices, not arrays.
    matrix = sparse.csr_matrix((np.asarray(values, dtype=np.float32), at), shape=(n, n))
    matrix.sort_indices()
    return matrix


def _dense(stored: Any) -> ndarray[Any, Any]:
    return np.asarray(stored.toarray() if is_sparse(stored) else stored)


def _plain(value: Any) -> Any:
    """The same in types that .h5ad files hold."""
    if isinstance(value, Mapping):
        # A slash would be read as a path inside the file.
        return {str(k).replace("/", "_"): _plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, bool | int | float | str | pd.DataFrame):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple | set | frozenset | range):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return _plain(np.array(items)) if _alike(items) else np.array([str(i) for i in items], dtype=object)
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "biuf" else value.astype(str).astype(object)
    return str(value)


def _alike(items: list[Any]) -> bool:
    numeric = all(isinstance(i, bool | int | float | np.number | np.bool_) for i in items)
    return numeric and bool(items)

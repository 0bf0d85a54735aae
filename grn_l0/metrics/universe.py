"""A network and its reference on one universe of candidate edges."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from grn_l0._errors import GrnWarning, NameMatchError, OptionError, TableError
from grn_l0._typing import Bool, Float, ndarray
from grn_l0.network import Network, find_columns, tidy_edges


@dataclass(frozen=True, kw_only=True, eq=False)
class Universe:
    """Arrays of shape (R, N), rows regulators and columns genes, self-pairs excluded.

    Attributes
    ----------
    regulators, genes
        Names of rows and columns.
    scores
        Score of every candidate; those the result does not list rank below all others.
    selected
        True for surviving edges.
    sign
        Sign of each surviving edge (-1, 0 for unknown, 1).
    truth, true_sign
        True edges and, where the reference has signs, their sign.
    candidates
        The universe: what counts.
    """

    regulators: tuple[str, ...]
    genes: tuple[str, ...]
    scores: Float[ndarray, "regulators genes"]
    selected: Bool[ndarray, "regulators genes"]
    sign: Float[ndarray, "regulators genes"]
    truth: Bool[ndarray, "regulators genes"]
    true_sign: Float[ndarray, "regulators genes"] | None
    candidates: Bool[ndarray, "regulators genes"]


def align(
    result: Network | pd.DataFrame,
    truth: Any,
    regulators: Iterable[str] | None = None,
    genes: Iterable[str] | None = None,
) -> Universe:
    """Lay a network and a reference on one universe.

    Parameters
    ----------
    result
        A network, or a table source, target[, score, weight, sign] in which the rows whose weight is not 0 survive.
        Columns of tables are found under all the names of `grn_l0.network.read_edges`.
    truth
        A matrix genes × genes in the order of the result's genes (rows regulators; its signs count where there are
        negative values), or a table source, target[, sign].
    regulators, genes
        The universe: regulators × genes without self-pairs. By default that of the result; a table of survivors
        only does not say what its candidates were, and then all names in it and in the reference count.

    Raises
    ------
    OptionError
        If the matrix has a shape other than genes × genes.
    TableError
        If a table lacks source or target.
    NameMatchError
        If no true edge, or no true negative, lies inside the universe.
    """
    edges = result.all_edges() if isinstance(result, Network) else _check(result, "the network")
    own_genes = result.targets if isinstance(result, Network) else None
    reference = _reference(truth, own_genes)
    rows, columns, known = _names(result, edges, reference)
    rows = rows if regulators is None else tuple(dict.fromkeys(map(str, regulators)))
    columns = columns if genes is None else tuple(dict.fromkeys(map(str, genes)))
    if not known and (regulators is None or genes is None):
        warnings.warn(
            f"the network lists survivors only, so the universe is taken from the names in it and in the reference: "
            f"{len(rows)} regulators × {len(columns)} genes; give the regulators and genes, or a table of all scores",
            GrnWarning,
            stacklevel=3,
        )
    shape = (len(rows), len(columns))
    candidates = np.asarray(rows, dtype=object)[:, None] != np.asarray(columns, dtype=object)[None, :]
    at = _positions(edges, rows, columns)
    score = edges["score"] if "score" in edges else edges["weight"].abs() if "weight" in edges else 1.0
    value = np.broadcast_to(np.asarray(score, dtype=np.float64), len(edges))
    listed = value[np.isfinite(value)]
    scores = np.full(shape, listed.min(initial=0.0) - 1.0)
    _put(scores, at, np.where(np.isfinite(value), value, scores.flat[0] if scores.size else 0.0))
    open_ = np.asarray(edges["weight"], dtype=np.float64) != 0 if "weight" in edges else np.ones(len(edges), bool)
    selected = np.zeros(shape, dtype=bool)
    _put(selected, at, open_)
    sign = np.zeros(shape)
    if "sign" in edges or "weight" in edges:
        _put(sign, at, np.sign(np.asarray(edges["sign" if "sign" in edges else "weight"], dtype=np.float64)))
    there = _positions(reference, rows, columns)
    true = np.zeros(shape, dtype=bool)
    _put(true, there, np.ones(len(reference), dtype=bool))
    true &= candidates
    true_sign = None
    if "sign" in reference:
        true_sign = np.zeros(shape)
        _put(true_sign, there, np.sign(np.asarray(reference["sign"], dtype=np.float64)))
    _check_inside(true, candidates, reference)
    return Universe(
        regulators=rows, genes=columns, scores=scores, selected=selected & candidates, sign=sign,
        truth=true, true_sign=true_sign, candidates=candidates,
    )  # fmt: skip


def _check(table: Any, what: str) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        raise OptionError(f"{what} must be a table (source, target, …), not {type(table).__name__}")
    return tidy_edges(table, what).drop_duplicates(["source", "target"], ignore_index=True)


def _is_table(frame: pd.DataFrame) -> bool:
    """Whether a square frame lists edges, rather than holding a matrix of numbers under genes' names."""
    try:
        found = find_columns(frame.columns, "the reference")
    except TableError:
        return False
    return frame.iloc[:, found["source"]].dtype.kind not in "iufb" or "source" in frame


def _reference(truth: Any, genes: tuple[str, ...] | None) -> pd.DataFrame:
    if isinstance(truth, pd.DataFrame) and (truth.shape[0] != truth.shape[1] or _is_table(truth)):
        return _check(truth, "the reference")
    if isinstance(truth, pd.DataFrame):
        genes = tuple(map(str, truth.columns))
        truth = truth.to_numpy()
    dense = truth.toarray() if hasattr(truth, "toarray") else np.asarray(truth)
    if dense.ndim != 2 or dense.dtype.kind not in "iufb":
        raise OptionError(
            f"the reference is a {type(truth).__name__}; give a table of edges (source, target[, sign]), the path of "
            "one, or a matrix genes × genes of numbers"
        )
    if genes is None:
        raise OptionError("a reference matrix needs a network that knows its genes; give a table source, target, sign")
    if dense.shape != (len(genes), len(genes)):
        raise OptionError(f"the reference matrix has shape {dense.shape}; with {len(genes)} genes it must be square")
    source, target = np.nonzero(dense)
    table = pd.DataFrame({"source": [genes[j] for j in source], "target": [genes[i] for i in target]})
    return table.assign(sign=np.sign(dense[source, target])) if (dense < 0).any() else table


def _names(
    result: Network | pd.DataFrame, edges: pd.DataFrame, reference: pd.DataFrame
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Rows and columns of the universe, and whether the result itself says what its candidates are."""
    if isinstance(result, Network):
        return result.regulators, result.targets, True
    rows, columns = pd.unique(edges["source"]), pd.unique(edges["target"])
    both = len(set(rows) & set(columns))
    # Some closed gates, or no word about gates: else the table lists survivors, which can fill a block by chance.
    all_open = "weight" in edges and bool((edges["weight"] != 0).all())
    if not all_open and len(edges) >= len(rows) * len(columns) - both:
        return tuple(rows), tuple(columns), True
    everyone = pd.unique(pd.concat([edges["source"], edges["target"], reference["source"], reference["target"]]))
    return tuple(everyone), tuple(everyone), False


def _positions(table: pd.DataFrame, rows: tuple[str, ...], columns: tuple[str, ...]) -> tuple[Any, Any]:
    return (
        pd.Index(rows).get_indexer(pd.Index(table["source"])),
        pd.Index(columns).get_indexer(pd.Index(table["target"])),
    )


def _put(matrix: np.ndarray, at: tuple[Any, Any], values: np.ndarray) -> None:
    inside = (at[0] >= 0) & (at[1] >= 0)
    matrix[at[0][inside], at[1][inside]] = values[inside]


def _check_inside(true: np.ndarray, candidates: np.ndarray, reference: pd.DataFrame) -> None:
    inside, total = int(true.sum()), int((reference["source"] != reference["target"]).sum())
    if inside == 0:
        names = ", ".join(map(str, reference["source"].head(3)))
        raise NameMatchError(
            f"none of the {total} true edges lies among the {int(candidates.sum())} candidates; check that names "
            f"are of one kind (the reference starts with {names or 'nothing'})"
        )
    if inside == int(candidates.sum()):
        raise NameMatchError(
            "every candidate is a true edge, so nothing can be ranked; give a larger universe of genes"
        )
    if inside < total:
        warnings.warn(
            f"{total - inside} of {total} true edges lie outside the universe and do not count",
            GrnWarning,
            stacklevel=4,
        )

"""A network, or a table of edges, on rows and columns of one's own choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from grn_l0._typing import Array, Bool, Float, ndarray
from grn_l0.metrics.edges import listed_scores
from grn_l0.network import Network
from grn_l0.network.matrix import filled_at, row_blocks, rows_of, values_at


@dataclass(frozen=True, kw_only=True, eq=False)
class Aligned:
    """Arrays of shape (R, N), rows regulators and columns genes.

    Attributes
    ----------
    scores
        NaN where none is given; in single precision if they were.
    selected
        Its edges.
    sign
        Of its edges: -1, 1, or 0 where not known.
    n_edges
        Number of its edges, wherever they are.
    """

    scores: Float[ndarray, "regulators genes"]
    selected: Bool[ndarray, "regulators genes"]
    sign: Float[ndarray, "regulators genes"]
    n_edges: int
    _open: tuple[Array, Array, Array]

    def weights(self) -> Float[ndarray, "regulators genes"]:
        """Weights of its edges, NaN where not known; 0 for all others. Made when asked for: most need none."""
        rows, columns, weight = self._open
        matrix = np.zeros(self.scores.shape, dtype=weight.dtype)
        put(matrix, (rows, columns), weight)
        return matrix


def aligned(held: Network | pd.DataFrame, rows: tuple[str, ...], columns: tuple[str, ...]) -> Aligned:
    """A network or table on these regulators and genes; what it says of others is left out.

    Parameters
    ----------
    held
        What `tidied` returns.
    rows, columns
        Names, each once.
    """
    found = _of_network(held, rows, columns) if isinstance(held, Network) else _of_table(held, rows, columns)
    scores, at, weight, sign = found
    shape = (len(rows), len(columns))
    selected, signs = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int8)
    put(selected, at, np.ones(len(weight), dtype=bool))
    put(signs, at, np.nan_to_num(np.sign(sign)))
    return Aligned(scores=scores, selected=selected, sign=signs, n_edges=len(weight), _open=(*at, weight))


def _of_network(
    network: Network, rows: tuple[str, ...], columns: tuple[str, ...]
) -> tuple[Array, tuple[Array, Array], Array, Array]:
    """Scores, positions of survivors, their weights and signs, block by block.

    A table of all candidates would take many times the room: a genome has 125 million.
    """
    at = [
        pd.Index(mine).get_indexer(pd.Index(names))
        for mine, names in ((network.regulators, rows), (network.targets, columns))
    ]
    given = network.matrix("scores")
    scores = np.full((len(rows), len(columns)), np.nan, dtype=given.dtype)
    there = np.flatnonzero(at[1] >= 0)
    for part in row_blocks(given.shape):
        here = np.flatnonzero((at[0] >= part.start) & (at[0] < part.stop))
        if not len(here):
            continue
        places = np.ix_(at[0][here] - part.start, at[1][there])
        value, candidate = rows_of(given, part)[places], network.pairs.rows(part)[places]
        scores[np.ix_(here, there)] = np.where(candidate, value, given.dtype.type(np.nan))
    place = [np.full(len(names), -1) for names in (network.regulators, network.targets)]
    for own, found in zip(place, at, strict=True):
        own[found[found >= 0]] = np.flatnonzero(found >= 0)
    open_rows, open_columns = filled_at(network.matrix("weights"))
    weight = values_at(network.matrix("weights"), open_rows, open_columns)
    return scores, (place[0][open_rows], place[1][open_columns]), weight, weight


def _of_table(
    edges: pd.DataFrame, rows: tuple[str, ...], columns: tuple[str, ...]
) -> tuple[Array, tuple[Array, Array], Array, Array]:
    """The same of a table of edges."""
    at, value = positions(edges, rows, columns), listed_scores(edges)
    scores = np.full((len(rows), len(columns)), np.nan, dtype=np.float32 if value.dtype == np.float32 else np.float64)
    put(scores, at, value)
    weight = np.asarray(edges["weight"], dtype=np.float64) if "weight" in edges else np.full(len(edges), np.nan)
    sign = np.asarray(edges["sign"], dtype=np.float64) if "sign" in edges else weight
    open_ = weight != 0
    return scores, (at[0][open_], at[1][open_]), weight[open_], sign[open_]


def positions(table: pd.DataFrame, rows: tuple[str, ...], columns: tuple[str, ...]) -> tuple[Array, Array]:
    """Row and column of every edge of a table, -1 for nowhere."""

    def place(column: pd.Series[Any], names: tuple[str, ...]) -> Array:
        if not isinstance(column.dtype, pd.CategoricalDtype):
            return np.asarray(pd.Index(names).get_indexer(pd.Index(column)))
        # Of each name once.
        known = pd.Index(names).get_indexer(pd.Index(column.cat.categories)).astype(np.int32)
        return np.asarray(np.append(known, -1)[column.cat.codes])

    return place(table["source"], rows), place(table["target"], columns)


def put(matrix: Array, at: tuple[Array, Array], values: Array) -> None:
    """Write values where their positions are."""
    inside = (at[0] >= 0) & (at[1] >= 0)
    if inside.all():
        matrix[at] = values
    else:
        matrix[at[0][inside], at[1][inside]] = values[inside]

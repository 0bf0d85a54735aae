"""What a result lists, and what a reference: tables of edges under one form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from grn_l0._errors import OptionError, TableError
from grn_l0.network import Network, find_columns, tidy_edges
from grn_l0.network.matrix import row_blocks, rows_of


def tidied(result: Network | pd.DataFrame, what: str) -> Network | pd.DataFrame:
    """A network as it is; a table of edges under our names of columns, each pair once.

    Parameters
    ----------
    what
        Its name in messages.

    Raises
    ------
    OptionError, TableError
        If it is neither.
    """
    return result if isinstance(result, Network) else _check(result, what)


def listed_scores(edges: pd.DataFrame) -> Any:
    """The score of every row: its absolute weight where there is no score, else 1."""
    score = edges["score"] if "score" in edges else edges["weight"].abs() if "weight" in edges else 1.0
    return np.broadcast_to(np.asarray(score), len(edges))


def known_names(held: Network | pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Regulators and targets of a network, or of a table of all its candidates; None for a table of survivors.

    Here as below the argument is what `tidied` returns.
    """
    if isinstance(held, Network):
        return held.regulators, held.targets
    rows, columns = pd.unique(held["source"]), pd.unique(held["target"])
    both = len(set(rows) & set(columns))
    # Some closed gates, or no word about gates: else the table lists survivors, which can fill a block by chance.
    all_open = "weight" in held and bool((held["weight"] != 0).all())
    if not all_open and len(held) and len(held) >= len(rows) * len(columns) - both:
        return tuple(rows), tuple(columns)
    return None


def scores_everything(held: Network | pd.DataFrame) -> bool:
    """Whether every candidate has a score of its own, so that ranking and calibration can be asked of all of them.

    A network read from a file of survivors gives all others 0.
    """
    if isinstance(held, Network):
        scores, weights = held.matrix("scores"), held.matrix("weights")
        # Scores are 0 outside the candidates.
        return held.n_edges == held.n_candidates or any(
            bool(((rows_of(scores, part) != 0) & (rows_of(weights, part) == 0)).any())
            for part in row_blocks(scores.shape)
        )
    score = next((held[c] for c in ("score", "weight") if c in held), None)
    return score is not None and known_names(held) is not None and bool(np.isfinite(score).all())


def are_probabilities(held: Network | pd.DataFrame) -> bool:
    """Whether all candidates have scores, each between 0 and 1."""
    if not scores_everything(held):
        return False
    if not isinstance(held, Network):
        return _all_in_unit(listed_scores(held))
    scores = held.matrix("scores")
    return all(_all_in_unit(rows_of(scores, part)) for part in row_blocks(scores.shape))


def _all_in_unit(values: Any) -> bool:
    # Not so where any is not a number.
    return bool(((values >= 0) & (values <= 1)).all())


def reference_of(truth: Any, genes: tuple[str, ...] | None) -> pd.DataFrame:
    """A reference as a table of edges.

    Parameters
    ----------
    truth
        A table, or a matrix genes × genes.
    genes
        Names of a matrix without any; None if they are not known.

    Raises
    ------
    OptionError, TableError
        If it is neither, or the matrix does not fit.
    """
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


def _is_table(frame: pd.DataFrame) -> bool:
    """Whether a square frame lists edges, rather than holding a matrix of numbers under genes' names."""
    try:
        found = find_columns(frame.columns, "the reference")
    except TableError:
        return False
    return frame.iloc[:, found["source"]].dtype.kind not in "iufb" or "source" in frame


def _check(table: Any, what: str) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        raise OptionError(f"{what} must be a table (source, target, …), not {type(table).__name__}")
    edges = tidy_edges(table, what, categorical=True)
    source, target = edges["source"].cat, edges["target"].cat
    width = len(target.categories)
    pair = source.codes.to_numpy().astype(np.int64) * width + target.codes.to_numpy()
    seen = np.zeros(len(source.categories) * width, dtype=bool)
    seen[pair] = True
    # One byte for every possible pair is far less than a table of those that were met.
    return (
        edges if np.count_nonzero(seen) == len(edges) else edges[~pd.Series(pair).duplicated()].reset_index(drop=True)
    )

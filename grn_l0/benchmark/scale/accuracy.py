"""How right a network is, without sorting the scores of a hundred million candidates."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.network import Network

#: Scores below this tie with each other: together they are the end of the ranking.
FLOOR = 1e-4


def network_figures(
    network: Network, source: Int[ndarray, " edges"], target: Int[ndarray, " edges"]
) -> dict[str, float]:
    """Average precision, and precision and recall of the survivors.

    Parameters
    ----------
    network
        R regulators x N targets, pairs of a gene with itself scored 0.
    source, target
        Positions of the true edges in it.

    Returns
    -------
    ``auprc`` (as `grn_l0.metrics.ranking` has it for scores in which those below `FLOOR` are 0), ``precision``,
    ``recall``, ``edges``, ``true_edges``.
    """
    scores, weights = np.asarray(network.scores), np.asarray(network.weights)
    chosen, hits = int(np.count_nonzero(weights)), int(np.count_nonzero(weights[source, target]))
    return {
        "auprc": average_precision(scores, scores[source, target], network.n_candidates),
        "precision": hits / chosen if chosen else float("nan"),
        "recall": hits / max(source.size, 1),
        "edges": float(chosen),
        "true_edges": float(source.size),
    }


def average_precision(scores: Float[ndarray, ...], true: Float[ndarray, " edges"], candidates: int) -> float:
    """Mean over the true edges of the precision at their score; all scores below `FLOOR` are one tie at the end.

    Parameters
    ----------
    scores
        Of all candidates.
    true
        Of the true edges among them.
    candidates
        Number of candidates.
    """
    if not true.size:
        return float("nan")
    high, found = np.sort(scores[scores >= FLOOR]), np.sort(true[true >= FLOOR])
    called = high.size - np.searchsorted(high, found)
    precision = (found.size - np.searchsorted(found, found)) / called
    rest = (true.size - found.size) * true.size / candidates
    return float((precision.sum() + rest) / true.size)

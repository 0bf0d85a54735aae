"""How right the surviving network is, as a set of edges."""

from __future__ import annotations

import math

import numpy as np

from grn_l0._typing import Array, Bool, ndarray
from grn_l0.metrics._pairs import candidate_mask, same_shape, truth_of


def selection(
    selected: Bool[ndarray, "regulators targets"],
    truth: Array,
    candidates: Bool[ndarray, "regulators targets"] | None = None,
    sign: Array | None = None,
    true_sign: Array | None = None,
) -> dict[str, float]:
    r"""Metrics of a set of edges.

    Parameters
    ----------
    selected
        Shape (R, N), the edges whose gate is open.
    truth
        Shape (R, N), true or signed edges; anything but 0 is an edge.
    candidates
        Shape (R, N), the universe. All pairs by default, also those of a gene with itself.
    sign, true_sign
        Shape (R, N), signs (or signed weights) of the selected and the true edges. 0 among the true signs means that
        the sign is not known.

    Returns
    -------
    ``sparsity``, the share of candidates not selected; ``precision`` TP / (TP + FP); ``recall`` TP / (TP + FN);
    ``balanced_accuracy``, the mean of recall and specificity TN / (TN + FP); ``f1`` 2 TP / (2 TP + FP + FN);
    ``sign_accuracy``, the share of the true positives of known sign whose sign is right; the counts ``edges``,
    ``true_edges`` and ``candidates``. What would divide by zero is NaN: precision without edges, recall without true
    ones, balanced accuracy also if every candidate is true, sign accuracy without signs to compare.

    Raises
    ------
    OptionError
        If the shapes differ.
    DataError
        If the truth is NaN where it counts.
    """
    selected = np.asarray(selected, dtype=bool)
    same_shape("selected", selected, np.shape(truth))
    mask = candidate_mask(np.shape(truth), candidates)
    chosen, true = selected[mask], truth_of(truth, mask)
    total, edges, true_edges = chosen.size, int(chosen.sum()), int(true.sum())
    hits = int((chosen & true).sum())
    recall = _ratio(hits, true_edges)
    specificity = _ratio(total - edges - true_edges + hits, total - true_edges)
    return {
        "sparsity": _ratio(total - edges, total),
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": _ratio(hits, edges),
        "recall": recall,
        "f1": _ratio(2 * hits, edges + true_edges),
        "edges": edges,
        "true_edges": true_edges,
        "candidates": total,
        "sign_accuracy": math.nan
        if sign is None or true_sign is None
        else _sign_accuracy(np.asarray(sign), np.asarray(true_sign), mask, chosen & true),
    }


def _sign_accuracy(
    sign: Array, true_sign: Array, mask: Bool[ndarray, "regulators targets"], hits: Bool[ndarray, " candidates"]
) -> float:
    same_shape("sign", sign, mask.shape)
    same_shape("true_sign", true_sign, mask.shape)
    found, right = np.sign(sign[mask][hits]), np.sign(true_sign[mask][hits])
    known = right != 0
    return _ratio(int((found == right)[known].sum()), int(known.sum()))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan

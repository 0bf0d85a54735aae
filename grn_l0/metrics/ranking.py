"""How well the scores of all candidates rank the true edges above the others."""

from __future__ import annotations

import math

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Bool, Float, Int, ndarray
from grn_l0.metrics._pairs import candidate_mask, same_shape, scores_of, truth_of, undecidable


def ranking(
    scores: Float[ndarray, "regulators targets"],
    truth: Array,
    candidates: Bool[ndarray, "regulators targets"] | None = None,
) -> dict[str, float]:
    r"""Ranking metrics over all candidate edges.

    Parameters
    ----------
    scores
        Shape (R, N), larger is surer. Infinite scores rank first or last.
    truth
        Shape (R, N), true or signed edges; anything but 0 is an edge.
    candidates
        Shape (R, N), the universe. All pairs by default, also those of a gene with itself.

    Returns
    -------
    ``auroc``; ``auprc``, the average precision

    .. math:: \sum_k (\mathrm{recall}_k - \mathrm{recall}_{k-1}) \, \mathrm{precision}_k

    over the distinct scores k, as in scikit-learn; ``auprc_trapezoid``, the area under the same points joined by
    lines from (recall 0, precision 1), as in BEELINE; ``auprc_ratio``, auprc over density; ``epr``, the early
    precision ratio, see `early_precision`; ``density``, the share of true edges among the candidates. If none or all
    of the candidates are true, all but the density are NaN, and a `GrnWarning` says why.

    Raises
    ------
    OptionError
        If the shapes differ.
    DataError
        If a candidate has no score.

    References
    ----------
    Pratapa, Jalihal, Law, Bharadwaj, Murali (2020), Nature Methods 17, 147-154 (BEELINE).
    """
    same_shape("scores", np.asarray(scores), np.shape(truth))
    mask = candidate_mask(np.shape(truth), candidates)
    score, true = scores_of(scores, mask), truth_of(truth, mask)
    n_true, total = int(true.sum()), true.size
    density = n_true / total if total else math.nan
    names = ("auroc", "auprc", "auprc_trapezoid", "auprc_ratio", "epr")
    if undecidable(n_true, total):
        return dict.fromkeys(names, math.nan) | {"density": density}
    hits, called = _curve(score, true)
    precision, recall = hits / called, hits / n_true
    false_rate = (called - hits) / (total - n_true)
    auprc = float((np.diff(recall, prepend=0.0) * precision).sum())
    values = (
        _area(np.append(0.0, false_rate), np.append(0.0, recall)),
        auprc,
        _area(np.append(0.0, recall), np.append(1.0, precision)),
        auprc / density,
        early_precision(score, true) / density,
    )
    return dict(zip(names, values, strict=True)) | {"density": density}


def early_precision(scores: Float[ndarray, " candidates"], truth: Bool[ndarray, " candidates"]) -> float:
    """Precision among the k highest scores, k the number of true edges, with everything that ties with the k-th.

    As in BEELINE, a score of 0 means "no edge" where no score is negative: then zeros never count, however few
    candidates are left. (Otherwise a sparse network with fewer than k edges would be called on all candidates.)
    Scores that can be negative, such as log odds, are taken as they come.

    Parameters
    ----------
    scores, truth
        Shape (C,), of the C candidates.

    Returns
    -------
    The precision; NaN if there is no true edge, 0 if no candidate counts.

    Raises
    ------
    OptionError
        If the shapes differ.
    """
    if scores.shape != truth.shape:
        raise OptionError(f"scores have shape {scores.shape} and truth {truth.shape}; they must be the same")
    k = int(truth.sum())
    if not k:
        return math.nan
    threshold = np.partition(scores, scores.size - k)[scores.size - k]
    early = scores >= threshold
    if scores.min() >= 0:
        early &= scores > 0
    return float(truth[early].mean()) if early.any() else 0.0


def _curve(
    score: Float[ndarray, " candidates"], true: Bool[ndarray, " candidates"]
) -> tuple[Int[ndarray, " distinct"], Int[ndarray, " distinct"]]:
    """True edges and candidates at or above each distinct score, from the highest score down."""
    order = np.argsort(-score, kind="stable")
    # Not np.diff: it would be NaN between two infinite scores.
    last = np.flatnonzero(np.append(score[order][1:] != score[order][:-1], True))
    return np.cumsum(true[order])[last], last + 1


def _area(x: Float[ndarray, " points"], y: Float[ndarray, " points"]) -> float:
    """Area under points joined by lines."""
    return float((np.diff(x) * (y[1:] + y[:-1])).sum() / 2)

"""How well the scores of all candidates rank the true edges above the others."""

from __future__ import annotations

import math

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Bool, Float, ndarray
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
    of_true = score[true]
    distinct, number = np.unique(of_true, return_counts=True)
    distinct, number = distinct[::-1], number[::-1]
    score.sort()  # in place: of a copy of one's own, and of 4 bytes each where scores are in single precision
    # The curve at the scores that true edges have, and just before them; in between only false edges come.
    at_least = total - np.searchsorted(score, distinct, side="left")
    above = total - np.searchsorted(score, distinct, side="right")
    hits = np.cumsum(number)
    before = np.append(0, hits[:-1])
    gained, precision = number / n_true, hits / at_least
    precision_before = np.divide(before, above, out=np.ones(len(above)), where=above > 0)
    false_at, false_before = at_least - hits, above - before
    auprc = float((gained * precision).sum())
    values = (
        # Mann-Whitney: false edges that rank below each true one, ties counting half.
        float((number * (total - n_true - (false_at + false_before) / 2)).sum() / (n_true * (total - n_true))),
        auprc,
        float((gained * (precision_before + precision)).sum() / 2),
        auprc / density,
        _early(score, of_true) / density,
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
    return _early(np.sort(scores), scores[truth]) if truth.any() else math.nan


def _early(ascending: Float[ndarray, " candidates"], true: Float[ndarray, " true"]) -> float:
    """The same from all scores in ascending order and those of the true edges."""
    threshold = ascending[ascending.size - true.size]
    if threshold > 0 or ascending[0] < 0:
        return float((true >= threshold).sum() / (ascending.size - np.searchsorted(ascending, threshold, side="left")))
    called = ascending.size - np.searchsorted(ascending, 0.0, side="right")
    return float((true > 0).sum() / called) if called else 0.0

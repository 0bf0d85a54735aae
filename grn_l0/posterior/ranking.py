"""What ranks candidate edges where few long series cannot tell correlated regulators apart."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray


def marginal_evidence(
    values: Float[ndarray, "rows genes"],
    weights: Float[ndarray, " rows"],
    series: Int[ndarray, " rows"],
    regulators: Int[ndarray, " regulators"],
) -> Float[ndarray, "regulators genes"]:
    r"""Log likelihood ratio of each regulator alone against none, the mean of same-time and lagged, in nats.

    .. math:: -\tfrac n4 \log(1 - \rho_{ji}^2) - \tfrac n4 \log(1 - \rho_{ji,lag}^2)

    Where rho is the correlation of regulator and target at one time, and rho_lag of the regulator with the target at
    the next time.

    Parameters
    ----------
    values
        One row per series and time; rows of a series are neighbours.
    weights, series
        Of the rows.
    regulators
        Positions of the R regulators.
    """
    follows = np.flatnonzero(series[1:] == series[:-1])
    together = _correlation(values[:, regulators], values, weights)
    both = 1.0 / (1.0 / weights[follows] + 1.0 / weights[follows + 1])
    lagged = _correlation(values[follows][:, regulators], values[follows + 1], both)
    return np.asarray(-0.25 * len(values) * (np.log1p(-(together**2)) + np.log1p(-(lagged**2))))


def _correlation(
    x: Float[ndarray, "rows regulators"], y: Float[ndarray, "rows genes"], weights: Float[ndarray, " rows"]
) -> Float[ndarray, "regulators genes"]:
    share = weights[:, None] / weights.sum()
    x, y = x - (share * x).sum(axis=0), y - (share * y).sum(axis=0)
    size = np.sqrt(np.outer((share * x**2).sum(axis=0), (share * y**2).sum(axis=0)))
    inner = (share * x).T @ y
    rho = np.divide(inner, size, out=np.zeros_like(inner), where=size > 1e-12)
    return np.asarray(np.clip(rho, -1.0 + 1e-9, 1.0 - 1e-9))


def rank_scores(
    inclusion: Float[ndarray, "regulators genes"],
    evidence: Float[ndarray, "regulators genes"],
    log_odds: Float[ndarray, "regulators genes"],
) -> Float[ndarray, "regulators genes"]:
    """Conditional evidence first, marginal evidence for what is left.

    Edges more likely open than not keep their probability. The probabilities of all others are handed out again among
    them, in the order of marginal posterior odds (`evidence` + `log_odds`): as many edges have each probability as
    before, so that their sum, the expected number of edges, stays; but which of several regulators with one time course
    has the larger one is chance in the chain, and marginal evidence is not.

    Parameters
    ----------
    inclusion
        P(gate open), shape (R, N).
    evidence
        Of `marginal_evidence`.
    log_odds
        Prior log odds, which hold the regulators' learned numbers of targets; -inf where there is no candidate.
    """
    out = inclusion.copy()
    rest = (inclusion <= 0.5) & np.isfinite(log_odds)
    order = np.argsort((evidence + log_odds)[rest], kind="stable")
    again = np.empty(len(order))
    # Equal probabilities stay apart by less than matters, so that the order is complete.
    again[order] = np.sort(inclusion[rest]) + 1e-6 * np.arange(len(order)) / max(len(order), 1)
    out[rest] = np.minimum(again, 0.5)
    return out


def trust(
    score: Float[ndarray, "regulators genes"], listed: Bool[ndarray, "regulators genes"], rate: float
) -> Float[ndarray, "regulators genes"]:
    """Listed edges first, each class in the order of `score`: above `rate` for listed edges, below it for others."""
    return np.where(listed, rate + (1.0 - rate) * score, rate * score)

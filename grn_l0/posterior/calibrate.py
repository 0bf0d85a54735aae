"""Scores of edges as probabilities that hold where the model's own are too sure of themselves."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.response import LONG, MANY
from grn_l0.timeseries import TimeSeries

#: a, b and k of `calibrated`: by likelihood on 23 own simulations of 3 to 29 series of more than 12 times (relaxations,
#: stimuli, driven series, cells along pseudotime; seeds from 50 on). Fitted to fewer times or fewer series, the same
#: form gained nothing there.
_OFFSET, _SLOPE, _RECIPROCAL = 0.2, 0.08, 24.0

#: Larger values count as this much: only one of those simulations was beyond it.
_MOST_RECIPROCAL = 0.1

#: 1 - P of a probability that a double cannot tell from 1: half its last step, so that 1 stays above all others.
_LAST = 2.0**-54


def overconfident(series: TimeSeries) -> bool:
    """Whether probabilities of edges are too sure of themselves: 3 to 29 series, more than 12 times.

    That is where it was measured: of edges there between .5 and .8, a third was right. What 12 times or fewer
    leave open already keeps probabilities low, and of one or two long series the posterior is an average of three.
    """
    return 3 <= series.n_series < MANY and int(series.lengths.max()) > LONG


def reciprocity(inclusion: Float[ndarray, "regulators genes"], regulators: Int[ndarray, " regulators"]) -> float:
    r"""Expected share of edges found in both directions, :math:`\sum_{jk} P_{jk} P_{kj} / \sum_{ji} P_{ji}`.

    Regulation seldom goes both ways between two genes. Where a regulator cannot be told from what runs along with it,
    edges do.
    """
    total = float(inclusion.sum())
    among = inclusion[:, regulators]
    return float((among * among.T).sum()) / total if total > 0 else 0.0


def calibrated(
    inclusion: Float[ndarray, "regulators genes"], regulators: Int[ndarray, " regulators"]
) -> Float[ndarray, "regulators genes"]:
    r"""Probabilities tempered, in the same order.

    .. math:: \min\big(P,\; \sigma(a - k \rho + b \, \mathrm{logit} P)\big)

    With :math:`\rho` of `reciprocity` and constants learned on simulations (Platt 1999 fits a and b to labels). The
    smaller of two increasing functions increases. Decoys do not help here: nearly all wrong edges go to a regulator
    that moves with the right one, of which decoys know nothing.

    Parameters
    ----------
    inclusion
        P(gate open), shape (R, N).
    regulators
        Positions of the R regulators among the N genes.
    """
    twice = min(reciprocity(inclusion, regulators), _MOST_RECIPROCAL)
    logit = np.log(np.maximum(inclusion, np.finfo(np.float64).tiny)) - np.log(np.maximum(1.0 - inclusion, _LAST))
    odds = _OFFSET - _RECIPROCAL * twice + _SLOPE * logit
    return np.asarray(np.minimum(inclusion, 1.0 / (1.0 + np.exp(-odds))))

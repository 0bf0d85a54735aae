"""What deviates returns to the average: the best that can be done without a network and with one number."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Float, ndarray
from grn_l0.baselines._data import steps
from grn_l0.baselines._states import check_genes, predicted_entries, states_before, training_mean
from grn_l0.timeseries import TimeSeries


def mean_reversion(train: TimeSeries, test: TimeSeries) -> Float[ndarray, "series times genes"]:
    r"""Predict that each gene keeps one share, the same for all genes, of its deviation from its mean.

    .. math:: \hat x_i(t_{k+1}) = m_i + a \, (x_i(t_k) - m_i)

    Where :math:`m_i` is the gene's mean over the training data, and a the least-squares slope over all genes and
    steps of the training data, whatever the steps' durations.

    Parameters
    ----------
    train
        Gives the means and the slope.
    test
        The trajectories to predict, one step ahead each. If :math:`x_i(t_k)` is missing, the last value before it.

    Returns
    -------
    Shape (S, T, N), in units of expression; NaN at the first time of a trajectory and in the padding.

    Raises
    ------
    GeneNameError
        If the two do not have the same genes in the same order.
    """
    check_genes(train, test)
    mean = training_mean(train)
    kept = mean + slope(train) * (states_before(test, mean) - mean)
    return np.where(predicted_entries(test), kept, np.nan)


def slope(train: TimeSeries) -> float:
    """The share of a deviation that is left after a step; 0 when nothing ever deviates."""
    mean, pairs = training_mean(train), steps(train)
    known = np.isfinite(pairs.now) & np.isfinite(pairs.after)
    now, after = np.where(known, pairs.now - mean, 0.0), np.where(known, pairs.after - mean, 0.0)
    spread = float((pairs.weights @ now**2).sum())
    return float((pairs.weights @ (now * after)).sum()) / spread if spread > 0 else 0.0

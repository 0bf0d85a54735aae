"""Nothing changes."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Float, ndarray
from grn_l0.baselines._states import check_genes, predicted_entries, states_before, training_mean
from grn_l0.timeseries import TimeSeries


def persistence(train: TimeSeries, test: TimeSeries) -> Float[ndarray, "series times genes"]:
    r"""Predict that the next state is the present one.

    .. math:: \hat x_i(t_{k+1}) = x_i(t_k)

    Parameters
    ----------
    train
        Gives the mean that stands in where a gene has not been measured yet in a trajectory.
    test
        The trajectories to predict, one step ahead each. If :math:`x_i(t_k)` is missing, the last value before it.

    Returns
    -------
    Shape (S, T, N), in units of expression; NaN at the first time of a trajectory and in the padding, finite
    everywhere else.

    Raises
    ------
    GeneNameError
        If the two do not have the same genes in the same order.
    """
    check_genes(train, test)
    return np.where(predicted_entries(test), states_before(test, training_mean(train)), np.nan)

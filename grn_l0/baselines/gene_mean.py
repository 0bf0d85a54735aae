"""Nothing is known but the average."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Float, ndarray
from grn_l0.baselines._states import check_genes, predicted_entries, training_mean
from grn_l0.timeseries import TimeSeries


def gene_mean(train: TimeSeries, test: TimeSeries) -> Float[ndarray, "series times genes"]:
    r"""Predict each gene's mean over the training data.

    .. math:: \hat x_i(t_{k+1}) = m_i

    Parameters
    ----------
    train
        Gives the means. (With the test data here too, the floor is that of their own mean.)
    test
        The trajectories to predict.

    Returns
    -------
    Shape (S, T, N), in units of expression; NaN at the first time of a trajectory and in the padding.

    Raises
    ------
    GeneNameError
        If the two do not have the same genes in the same order.
    """
    check_genes(train, test)
    return np.where(predicted_entries(test), training_mean(train), np.nan)

"""The last known state before each time of a test trajectory, and what training says where there is none."""

from __future__ import annotations

import numpy as np

from grn_l0._errors import GeneNameError
from grn_l0._typing import Bool, Float, ndarray
from grn_l0.baselines._data import weights_of
from grn_l0.timeseries import TimeSeries


def check_genes(train: TimeSeries, test: TimeSeries) -> None:
    """Refuse trajectories of other genes, or of the same in another order."""
    if train.genes != test.genes:
        known = set(train.genes)
        other = [gene for gene in test.genes if gene not in known]
        what = f"{len(other)} are new, such as {other[0]!r}" if other else "some are absent, or in another order"
        raise GeneNameError(f"training and test data must have the same genes in the same order; {what}")


def predicted_entries(test: TimeSeries) -> Bool[ndarray, "series times 1"]:
    """Times that have one before them: all but the first of each trajectory and the padding."""
    inside = np.isfinite(test.times)
    inside[:, 0] = False
    entries: Bool[ndarray, "series times 1"] = inside[:, :, None]
    return entries


def training_mean(train: TimeSeries) -> Float[ndarray, " genes"]:
    """Weighted mean of each gene over the training data; that of all genes for one that was never measured."""
    share = train.mask * weights_of(train)[:, :, None]
    filled = np.where(train.mask, train.values, 0.0)
    total, weight = (share * filled).sum(axis=(0, 1)), share.sum(axis=(0, 1))
    measured = weight > 0
    mean: Float[ndarray, " genes"] = np.divide(total, weight, out=np.zeros_like(total), where=measured)
    mean[~measured] = mean[measured].mean()
    return mean


def states_before(test: TimeSeries, mean: Float[ndarray, " genes"]) -> Float[ndarray, "series times genes"]:
    """At each time the last value measured before it; `mean` where there is none. Undefined at the first time."""
    at = np.arange(test.values.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(test.mask, at, -1), axis=1)
    last = np.concatenate([np.full_like(last[:, :1], -1), last[:, :-1]], axis=1)
    value = np.take_along_axis(test.values, np.maximum(last, 0), axis=1)
    return np.where(last >= 0, value, mean)

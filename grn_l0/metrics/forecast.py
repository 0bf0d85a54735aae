"""How far predictions are from what was measured."""

from __future__ import annotations

import math

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Bool, Float, ndarray


def scored_entries(predicted: Array, observed: Array) -> Bool[ndarray, "*shape"]:
    """Entries that were measured and for which there is a prediction: neither is NaN."""
    if predicted.shape != observed.shape:
        raise OptionError(f"predictions have shape {predicted.shape}, observations {observed.shape}; they must agree")
    known: Bool[ndarray, "*shape"] = ~(np.isnan(predicted) | np.isnan(observed))
    return known


def mse(
    predicted: Float[ndarray, "*shape"],
    observed: Float[ndarray, "*shape"],
    where: Bool[ndarray, "*shape"] | None = None,
) -> float:
    """Mean squared error over the observed entries.

    Parameters
    ----------
    predicted, observed
        Any shape, the same, such as (S, T, N). NaN in `observed` is a missing value, NaN in `predicted` a time for
        which there is no prediction (the first of a trajectory); neither counts. An infinite prediction gives inf.
    where
        Same shape, optional: the only entries that count. Methods are compared over the same entries.

    Returns
    -------
    The mean, in squared units of expression; NaN if no entry counts.

    Raises
    ------
    OptionError
        If the shapes differ.
    """
    counted = scored_entries(predicted, observed)
    if where is not None:
        if where.shape != counted.shape:
            raise OptionError(f"`where` has shape {where.shape}, predictions {counted.shape}; they must agree")
        counted = counted & where
    if not counted.any():
        return math.nan
    return float(np.mean(np.square(predicted[counted] - observed[counted])))

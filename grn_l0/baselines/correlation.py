"""Correlation, at one time and over a step."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.baselines._data import observations, regulator_positions, standardised, steps, without_self
from grn_l0.timeseries import TimeSeries

#: Fewer common observations than this make every correlation large.
MINIMUM = 3


def correlation(
    series: TimeSeries, regulators: Int[ndarray, " regulators"] | None = None
) -> Float[ndarray, "regulators genes"]:
    r"""Absolute Pearson correlation of regulator and target over all observations, time ignored.

    .. math:: s_{ji} = |\mathrm{cor}(x_j(t), x_i(t))|

    Parameters
    ----------
    series
        Expression over time; missing values are left out pair by pair, observations count by their weights.
    regulators
        Positions of the R regulators among the genes; all genes by default.

    Returns
    -------
    Scores in [0, 1], shape (R, N); 0 for constant genes and for a gene on itself.

    Raises
    ------
    OptionError
        If `regulators` are not distinct positions of genes.
    """
    chosen = regulator_positions(series, regulators)
    values, weights = observations(series)
    return without_self(_pearson(values[:, chosen], values, weights), chosen)


def lagged_correlation(
    series: TimeSeries, regulators: Int[ndarray, " regulators"] | None = None
) -> Float[ndarray, "regulators genes"]:
    r"""Absolute correlation of the regulator with the target at the next time.

    .. math:: s_{ji} = |\mathrm{cor}(x_j(t_k), x_i(t_{k+1}))|

    Over all steps of all trajectories, however long they take. Parameters, result and errors as for `correlation`.
    """
    chosen = regulator_positions(series, regulators)
    pairs = steps(series)
    return without_self(_pearson(pairs.now[:, chosen], pairs.after, pairs.weights), chosen)


def _pearson(
    x: Float[ndarray, "observations regulators"],
    y: Float[ndarray, "observations genes"],
    weights: Float[ndarray, " observations"],
) -> Float[ndarray, "regulators genes"]:
    """Absolute weighted correlation of each column of x with each of y, over the rows that have both."""
    # Standardised first, so that the differences of sums below lose nothing.
    x, y = standardised(x, weights)[0], standardised(y, weights)[0]
    seen_x, seen_y = np.isfinite(x).astype(np.float64), np.isfinite(y).astype(np.float64)
    x, y = np.nan_to_num(x), np.nan_to_num(y)
    left, left_seen = (x * weights[:, None]).T, (seen_x * weights[:, None]).T
    total = np.maximum(left_seen @ seen_y, np.finfo(np.float64).tiny)
    mean_x, mean_y = (left @ seen_y) / total, (left_seen @ y) / total
    variance_x = (left * x.T) @ seen_y / total - mean_x**2
    variance_y = left_seen @ y**2 / total - mean_y**2
    enough = (seen_x.T @ seen_y >= MINIMUM) & (variance_x > 1e-10) & (variance_y > 1e-10)
    scale = np.sqrt(np.where(enough, variance_x * variance_y, 1.0))
    covariance = (left @ y) / total - mean_x * mean_y
    return np.where(enough, np.minimum(np.abs(covariance) / scale, 1.0), 0.0)

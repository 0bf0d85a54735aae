"""What the baselines look at: observations, and steps from one time to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.timeseries import TimeSeries


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """All P pairs of consecutive times; NaN where a value is missing.

    Attributes
    ----------
    now, after
        Expression at the beginning and the end of the step, shape (P, N).
    duration
        Shape (P,), in units of time.
    weights
        Shape (P,), inverse variance of the change, up to a factor: two noisy ends, each the mean of its cells.
    """

    now: Float[ndarray, "steps genes"]
    after: Float[ndarray, "steps genes"]
    duration: Float[ndarray, " steps"]
    weights: Float[ndarray, " steps"]


def steps(series: TimeSeries) -> Steps:
    """The steps of all trajectories."""
    inside = np.isfinite(series.times[:, 1:])  # padding stands at the end, so a step is inside if its end is
    cells = weights_of(series)
    return Steps(
        now=series.values[:, :-1][inside],
        after=series.values[:, 1:][inside],
        duration=np.diff(series.times, axis=1)[inside],
        weights=1 / (1 / cells[:, :-1][inside] + 1 / cells[:, 1:][inside]),
    )


def observations(series: TimeSeries) -> tuple[Float[ndarray, "observations genes"], Float[ndarray, " observations"]]:
    """All observations, whatever trajectory and time they belong to, and their weights."""
    inside = np.isfinite(series.times)
    return series.values[inside], weights_of(series)[inside]


def weights_of(series: TimeSeries) -> Float[ndarray, "series times"]:
    """Weights of the observations; ones if there are none."""
    return np.ones(series.times.shape) if series.weights is None else series.weights


def regulator_positions(series: TimeSeries, regulators: Int[ndarray, " regulators"] | None) -> Int[ndarray, " regs"]:
    """Positions of the regulators among the genes, all genes by default.

    Raises
    ------
    OptionError
        If one lies outside, or occurs twice.
    """
    if regulators is None:
        return np.arange(series.n_genes)
    positions = np.asarray(regulators, dtype=np.int64)
    if positions.size and (positions.min() < 0 or positions.max() >= series.n_genes):
        raise OptionError(f"regulators must be positions of genes, from 0 to {series.n_genes - 1}")
    if np.unique(positions).size != positions.size:
        raise OptionError("a regulator occurs more than once; give each position once")
    return positions


def standardised(
    values: Float[ndarray, "observations genes"], weights: Float[ndarray, " observations"]
) -> tuple[Float[ndarray, "observations genes"], Float[ndarray, " genes"]]:
    """Columns of weighted mean 0 and variance 1 over what was measured; missing values stay NaN.

    Returns
    -------
    values
        Shape (P, N). A column that is constant, or was measured fewer than twice, is 0 throughout.
    spread
        Standard deviations before, shape (N,); 0 for those columns.
    """
    seen = np.isfinite(values)
    share = seen * weights[:, None]
    total = np.maximum(share.sum(axis=0), np.finfo(np.float64).tiny)
    filled = np.where(seen, values, 0.0)
    centred = np.where(seen, filled - (share * filled).sum(axis=0) / total, 0.0)
    # Compared exactly: the deviations of a constant column from its rounded mean need not be 0.
    highest = np.where(seen, values, -np.inf).max(axis=0, initial=-np.inf)
    lowest = np.where(seen, values, np.inf).min(axis=0, initial=np.inf)
    varies = highest > lowest
    spread = np.where(varies, np.sqrt((share * centred**2).sum(axis=0) / total), 0.0)
    scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    return np.where(seen | ~varies, scaled, np.nan), spread


def without_self(
    scores: Float[ndarray, "regulators genes"], regulators: Int[ndarray, " regulators"]
) -> Float[ndarray, "regulators genes"]:
    """Scores with 0 for a gene on itself, which is never a candidate."""
    scores[np.arange(regulators.size), regulators] = 0.0
    return scores

"""Regression trees in the manner of dynGENIE3."""

from __future__ import annotations

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._random import sequence
from grn_l0._typing import Float, Int, ndarray
from grn_l0.baselines._data import regulator_positions, standardised, steps, without_self
from grn_l0.timeseries import TimeSeries

#: Fewer steps than this cannot be split in a way that means anything.
MINIMUM = 5


def trees(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"] | None = None,
    *,
    n_trees: int = 50,
    min_samples_leaf: int = 5,
    max_features: float = 1 / 3,
    seed: int = 0,
    n_jobs: int = 1,
) -> Float[ndarray, "regulators genes"]:
    r"""Importance of the regulators in an ensemble of trees that predicts what the target produces.

    .. math:: \frac{x_i(t_{k+1}) - x_i(t_k)}{t_{k+1} - t_k} + d_i \, x_i(t_k) = f_i(x_1(t_k), \dots, x_R(t_k))

    Where f is an ensemble of extremely randomised trees and the rate d the least-squares slope of the change on the
    state, at least 0 (dynGENIE3 takes it from the fastest decay seen). Settings are modest: 50 trees with a third of
    the regulators tried at each split and at least 5 steps in a leaf, where dynGENIE3 grows 1000 to the end.

    Parameters
    ----------
    series
        Expression over time. A missing value of a regulator stands at the gene's mean; steps in which the target is
        missing are left out.
    regulators
        Positions of the R regulators among the genes; all genes by default.
    n_trees, min_samples_leaf
        Number of trees, and of steps in a leaf; at least 1.
    max_features
        Share of the regulators tried at each split, in (0, 1]; time grows with it, and so does the accuracy.
    seed
        Of the trees. Targets have streams of their own, by name, so that the order of genes does not matter.
    n_jobs
        Trees grown at the same time; the scores do not depend on it.

    Returns
    -------
    Scores, shape (R, N), not negative, that sum to at most 1 per target; 0 for constant genes, for targets
    measured in fewer than 5 steps, and for a gene on itself.

    Raises
    ------
    OptionError
        If `regulators` are not distinct positions of genes, or an option is out of its range.

    References
    ----------
    Huynh-Thu & Geurts (2018), Scientific Reports 8, 3384 (dynGENIE3). Geurts, Ernst, Wehenkel (2006), Machine
    Learning 63, 3-42 (extremely randomised trees).
    """
    from sklearn.ensemble import ExtraTreesRegressor

    if n_trees < 1 or min_samples_leaf < 1:
        raise OptionError(f"n_trees is {n_trees} and min_samples_leaf {min_samples_leaf}; both must be at least 1")
    if not 0 < max_features <= 1:
        raise OptionError(f"max_features is {max_features}; it is a share of the regulators, above 0 and at most 1")
    chosen = regulator_positions(series, regulators)
    pairs = steps(series)
    now = standardised(pairs.now, pairs.weights)[0]
    known = np.any(np.nan_to_num(now) != 0, axis=0)
    # By name, so that the random numbers meet the same genes in whatever order these stand.
    rank = np.argsort(np.argsort(np.array(series.genes)))
    order = np.array([r for r in np.argsort(rank[chosen]) if known[chosen[r]]], dtype=np.int64)
    features = np.nan_to_num(now).astype(np.float32)
    scores = np.zeros((chosen.size, series.n_genes))
    for i in range(series.n_genes):
        rows = np.isfinite(pairs.now[:, i]) & np.isfinite(pairs.after[:, i])
        columns = order[chosen[order] != i]
        if rows.sum() < MINIMUM or not columns.size:
            continue
        production = _production(pairs.now[rows, i], pairs.after[rows, i], pairs.duration[rows], pairs.weights[rows])
        if production is None:
            continue
        forest = ExtraTreesRegressor(
            n_estimators=n_trees,
            min_samples_leaf=min_samples_leaf,
            max_features=max_features,
            random_state=int(sequence(seed, "baselines/trees", int(rank[i])).generate_state(1)[0]),
            n_jobs=n_jobs,
        )
        forest.fit(features[np.ix_(rows, chosen[columns])], production, sample_weight=pairs.weights[rows])
        scores[columns, i] = forest.feature_importances_
    return without_self(scores, chosen)


def _production(
    now: Float[ndarray, " steps"],
    after: Float[ndarray, " steps"],
    duration: Float[ndarray, " steps"],
    weights: Float[ndarray, " steps"],
) -> Float[ndarray, " steps"] | None:
    """Change per time plus decay, standardised; None for a gene that does not change."""
    change = (after - now) / duration
    if np.ptp(np.append(now, after)) == 0:
        return None
    state = now - np.average(now, weights=weights)
    spread = np.average(state**2, weights=weights)
    slope = np.average(state * change, weights=weights) / spread if spread > 0 else 0.0
    production = change - min(slope, 0.0) * now
    sd = float(production.std())
    return (production - production.mean()) / sd if sd > 0 else None

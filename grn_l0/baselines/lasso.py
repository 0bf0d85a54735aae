"""One lasso per target, all of them through one Gram matrix."""

from __future__ import annotations

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int, ndarray
from grn_l0.baselines._data import regulator_positions, standardised, steps, without_self
from grn_l0.timeseries import TimeSeries

SWEEPS = 200
TOLERANCE = 1e-5


def lasso(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"] | None = None,
    *,
    penalty: float = 0.05,
) -> Float[ndarray, "regulators genes"]:
    r"""Absolute coefficients of a sparse linear regression of the target at the next time on the regulators now.

    .. math:: \min_{w, a} \tfrac{1}{2P} \sum_k \Big(x_i(t_{k+1}) - a \, x_i(t_k) - \sum_{j \ne i} w_j x_j(t_k)\Big)^2
              + \alpha \sum_j |w_j|

    Where all x are standardised, P is the number of steps, :math:`\alpha` is `penalty`, and the target's own state
    is not penalised, because decay is no edge.

    Parameters
    ----------
    series
        Expression over time. A missing value of a regulator stands at the gene's mean, a missing value of a target
        is left out of its sums.
    regulators
        Positions of the R regulators among the genes; all genes by default.
    penalty
        In standard deviations of the target, positive.

    Returns
    -------
    Scores, shape (R, N), not negative, many of them 0; 0 for constant genes and for a gene on itself.

    Raises
    ------
    OptionError
        If `regulators` are not distinct positions of genes, or the penalty is not positive.
    """
    if not (np.isfinite(penalty) and penalty > 0):
        raise OptionError(f"penalty is {penalty}; it must be a positive number, such as 0.05")
    chosen = regulator_positions(series, regulators)
    pairs = steps(series)
    weights = pairs.weights / pairs.weights.mean()
    now = np.nan_to_num(standardised(pairs.now, weights)[0])
    after = standardised(pairs.after, weights)[0]
    # Each target's sums are over the steps it was measured in; scaled up, they fit the Gram of all steps.
    share = (np.isfinite(after) * weights[:, None]).mean(axis=0)
    x, y = now[:, chosen], np.nan_to_num(after) / np.where(share > 0, share, 1.0)
    left = (x * weights[:, None]).T / len(x)
    own = np.maximum((now * now * weights[:, None]).mean(axis=0), 1e-12)
    slope = (now * y * weights[:, None]).mean(axis=0) / own
    across = (left @ now).T
    weight = descend(left @ x, across / np.sqrt(own)[:, None], (left @ y).T - across * slope[:, None], penalty)
    return without_self(np.abs(weight.T), chosen)


def descend(
    gram: Float[ndarray, "regulators regulators"],
    removed: Float[ndarray, "genes regulators"],
    product: Float[ndarray, "genes regulators"],
    penalty: float,
) -> Float[ndarray, "genes regulators"]:
    """Coordinate descent, all targets at once, for Gram matrices that differ by one direction each.

    The target's own state is projected out of the regulators: that leaves ``gram - removed[i] removed[i]'``, so no
    target needs a Gram of its own.

    Parameters
    ----------
    gram
        Shape (R, R), over the number of steps.
    removed
        Shape (N, R).
    product
        Of the regulators with the target, after the projection, shape (N, R). Changed in place.
    penalty
        The lasso's alpha.

    Returns
    -------
    Coefficients, shape (N, R).
    """
    weight = np.zeros_like(product)
    # What the projection leaves of a regulator must exceed rounding; nothing is left of the target itself.
    diagonal = np.diag(gram)[None, :] - removed**2
    diagonal = np.where(diagonal > 1e-9, diagonal, np.inf)
    for _ in range(SWEEPS):
        largest = 0.0
        for j in range(gram.shape[0]):
            pull = product[:, j] / diagonal[:, j] + weight[:, j]
            new = np.sign(pull) * np.maximum(np.abs(pull) - penalty / diagonal[:, j], 0.0)
            change = new - weight[:, j]
            moved = np.flatnonzero(change)
            if moved.size:
                step = change[moved, None]
                product[moved] -= step * gram[j] - step * removed[moved, j, None] * removed[moved]
                weight[moved, j] = new[moved]
                largest = max(largest, float(np.abs(change).max()))
        if largest < TOLERANCE:
            break
    return weight

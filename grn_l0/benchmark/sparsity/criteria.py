"""Criteria on a regression whose support is known: what an edge's price does to the network that is found."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.stats import t

from grn_l0._typing import Array, Bool, Float
from grn_l0.fit import Regressions, gradient_pursuit
from grn_l0.sparsity import Penalty, aic, bic, extended_bic

P, TRUE = 200, 10
SIZES = (100, 200, 400, 800, 1600, 3200)
#: Effect of a true regressor, in standard deviations of the noise.
_EFFECT = 0.4
#: Prior standard deviation of a weight; its own price is left out, as a criterion has that in it.
_SLAB = 1.0
#: Most regressors that either search takes in.
_MOST = 60


def problem(n: int, responses: int) -> tuple[Float[Array, "n p"], Float[Array, "n s"], Bool[Array, "p s"]]:
    """Gaussian regressors, and responses to `TRUE` of them each, with an effect of either sign and unit noise."""
    rng = np.random.default_rng([n, responses])
    x = rng.normal(size=(n, P))
    effect = np.zeros((P, responses))
    for of_one in effect.T:
        of_one[rng.choice(P, TRUE, replace=False)] = rng.choice([-_EFFECT, _EFFECT], TRUE)
    return x, x @ effect + rng.normal(size=(n, responses)), effect != 0


def prices(n: int) -> dict[str, float]:
    """Nats per edge."""
    return {"AIC": aic(), "BIC": bic(n), "extended BIC": extended_bic(n, P)}


def by_chance(price: float, n: int) -> float:
    """Expected number of regressors without an effect that are each worth more than `price` beside the true ones.

    One more regressor takes n/2 log(1 + t^2 / nu) off the criterion, with t Student's of nu = n - TRUE - 1 degrees.
    """
    nu = n - TRUE - 1
    return (P - TRUE) * 2.0 * float(t.sf(math.sqrt(nu * math.expm1(2.0 * price / n)), nu))


def by_gates(x: Float[Array, "n p"], y: Float[Array, "n s"], price: float) -> Bool[Array, "p s"]:
    """Supports that hard concrete gates find at a price per edge, by gradient pursuit, all responses at once."""
    gram, cross, power = (torch.from_numpy(product) for product in (x.T @ x, x.T @ y, (y**2).sum(0)))
    data = Regressions(gram=gram, cross=cross, power=power, rows=len(y))
    everything = torch.ones(P, y.shape[1], dtype=torch.bool)
    found = gradient_pursuit(data, everything, Penalty(price), slab=_SLAB, rounds=_MOST, steps=15, occam=False)
    chosen: Array = found.probability.numpy() > 0.5
    return chosen


def by_search(x: Float[Array, "n p"], y: Float[Array, " n"], price: float) -> Bool[Array, " p"]:
    """Support with the least n/2 log RSS + price per regressor, by adding and dropping one at a time from none.

    An exhaustive search is out of reach (2^200 supports); with independent regressors this is its local optimum. What
    a step would gain is read off the cross-products, swept by the regressors that are in (Goodnight, "A tutorial on
    the SWEEP operator", The American Statistician 33, 1979).
    """
    n, chosen = len(y), np.zeros(P, dtype=bool)
    both = np.column_stack([x, y])
    swept = both.T @ both
    while True:
        rss, toward, own = swept[P, P], swept[:P, P], np.diag(swept)[:P]
        # adding j takes toward^2 / own off the RSS; of those in, own is below 0 and dropping adds as much
        left = np.maximum(rss - toward**2 / own, 1e-12)
        value = 0.5 * n * np.log(left / rss) + np.where(chosen, -price, price)
        at = int(value.argmin())
        if value[at] >= -1e-9 or (not chosen[at] and chosen.sum() >= _MOST):
            return chosen
        swept = _sweep(swept, at, back=bool(chosen[at]))
        chosen[at] = ~chosen[at]


def _sweep(products: Float[Array, "k k"], at: int, *, back: bool) -> Float[Array, "k k"]:
    """Cross-products with row `at` taken out of all others, its own place holding minus its inverse; or `back`."""
    pivot, row = products[at, at], products[at]
    out: Array = products - np.outer(row, row) / pivot
    out[at] = out[:, at] = (-row if back else row) / pivot
    out[at, at] = -1.0 / pivot
    return out


def experiment(responses: int) -> dict[str, dict[str, float]]:
    """False and missed regressors by criterion, size and search; means over responses."""
    rows: dict[str, dict[str, float]] = {}
    for n in SIZES:
        x, y, truth = problem(n, responses)
        for name, price in prices(n).items():
            found = {
                "gates": by_gates(x, y, price),
                "search": np.column_stack([by_search(x, one, price) for one in y.T]),
            }
            row: dict[str, float] = {}
            for how, chosen in found.items():
                row[f"false, {how}"] = float((chosen & ~truth).sum(0).mean())
                row[f"missed, {how}"] = float((truth & ~chosen).sum(0).mean())
                row[f"at the most, {how}"] = float((chosen.sum(0) >= _MOST).mean())
            rows[f"{name}, n = {n}"] = {"price_nats": price, "false, by chance": by_chance(price, n)} | row
    return rows

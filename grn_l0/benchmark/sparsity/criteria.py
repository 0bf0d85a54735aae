"""Criteria on a regression whose support is known: what an edge's price does to the network that is found."""

from __future__ import annotations

import math

import numpy as np
import torch

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


def problem(n: int, seed: int) -> tuple[Float[Array, "n p"], Float[Array, " n"], Bool[Array, " p"]]:
    """Gaussian regressors, `TRUE` of `P` with an effect of either sign, unit noise."""
    rng = np.random.default_rng([seed, n])
    x = rng.normal(size=(n, P))
    support = np.zeros(P, dtype=bool)
    support[rng.choice(P, TRUE, replace=False)] = True
    effect = np.where(support, rng.choice([-_EFFECT, _EFFECT], P), 0.0)
    return x, x @ effect + rng.normal(size=n), support


def prices(n: int) -> dict[str, float]:
    """Nats per edge."""
    return {"AIC": aic(), "BIC": bic(n), "extended BIC": extended_bic(n, P)}


def by_gates(x: Float[Array, "n p"], y: Float[Array, " n"], price: float) -> Bool[Array, " p"]:
    """Support that hard concrete gates find at a price per edge, by gradient pursuit."""
    t = torch.from_numpy
    data = Regressions(gram=t(x.T @ x), cross=t((x.T @ y)[:, None]), power=t(np.array([y @ y])), rows=len(y))
    everything = torch.ones(P, 1, dtype=torch.bool)
    found = gradient_pursuit(data, everything, Penalty(price), slab=_SLAB, rounds=_MOST, steps=15, occam=False)
    chosen: Array = found.probability[:, 0].numpy() > 0.5
    return chosen


def by_search(x: Float[Array, "n p"], y: Float[Array, " n"], price: float) -> Bool[Array, " p"]:
    """Support with the least n/2 log RSS + price per regressor, by adding and dropping one at a time from none.

    An exhaustive search is out of reach (2^200 supports); with independent regressors this is its local optimum.
    """
    n, chosen = len(y), np.zeros(P, dtype=bool)
    power = float(y @ y)
    value = 0.5 * n * math.log(power)
    while True:
        inside = x[:, chosen]
        basis = np.linalg.qr(inside)[0] if chosen.any() else np.zeros((n, 0))
        left = y - basis @ (basis.T @ y)
        rest = x - basis @ (basis.T @ x)
        norm = np.maximum((rest**2).sum(0), 1e-12)
        gain = np.where(chosen, 0.0, (rest.T @ left) ** 2 / norm)
        rss = float(left @ left)
        added = 0.5 * n * np.log(np.maximum(rss - gain, 1e-12)) + price * (chosen.sum() + 1)
        added[chosen] = np.inf
        dropped = np.full(P, np.inf)
        for j in np.flatnonzero(chosen):
            others = chosen.copy()
            others[j] = False
            part = np.linalg.qr(x[:, others])[0] if others.any() else np.zeros((n, 0))
            over = y - part @ (part.T @ y)
            dropped[j] = 0.5 * n * math.log(float(over @ over)) + price * others.sum()
        best = np.minimum(added, dropped)
        at = int(best.argmin())
        if best[at] >= value - 1e-9 or chosen.sum() >= min(_MOST, n // 2):
            return chosen
        value = float(best[at])
        chosen = chosen.copy()
        chosen[at] = ~chosen[at]


def experiment(seeds: int) -> dict[str, dict[str, float]]:
    """False and missed regressors by criterion, size and search; means over seeds."""
    rows: dict[str, dict[str, float]] = {}
    for n in SIZES:
        found: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for seed in range(seeds):
            x, y, truth = problem(n, seed)
            for name, price in prices(n).items():
                for how, search in (("gates", by_gates), ("search", by_search)):
                    chosen = search(x, y, price)
                    found.setdefault((name, how), []).append(
                        (int((chosen & ~truth).sum()), int((truth & ~chosen).sum()))
                    )
        for name in prices(n):
            row: dict[str, float] = {}
            for how in ("gates", "search"):
                counts = np.array(found[name, how])
                row[f"false, {how}"], row[f"missed, {how}"] = map(float, np.mean(counts, axis=0))
            rows[f"{name}, n = {n}"] = row
    return rows

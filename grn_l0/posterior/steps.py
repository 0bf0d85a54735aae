"""Transitions of long series as rows of one regression, and how many of them say the same thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.response import Design, convolution


@dataclass(frozen=True, eq=False)
class Rows:
    """One row per transition; `features` (rows, R) and `target` (rows, N) without the offset, `raw_*` with it."""

    features: Float[ndarray, "rows regulators"]
    target: Float[ndarray, "rows genes"]
    raw_features: Float[ndarray, "rows regulators"]
    raw_target: Float[ndarray, "rows genes"]
    unit: Float[ndarray, " rows"]
    order: list[Int[ndarray, " times"]]
    #: Measurement variance of a typical row, that of a measurement of weight 1 being 1.
    noise: float = 1.0

    def redundancy(self) -> float:
        r"""How many successive rows count as one, :math:`1 + 2 \sum_l \rho_x(l) \rho_y(l)` (Bartlett 1946).

        Smoothed data (moving averages, cells shared between bins) have rows that resemble their neighbours; regressions
        among them find spurious edges. The correlations are pooled over regulators (x) and over targets (y), and summed
        up to the first lag at which either is not positive. Of the targets as they are: residuals of a fit with many
        edges would look independent.
        """
        total = 1.0
        longest = max(len(o) for o in self.order)
        for lag in range(1, longest // 2):
            product = [_correlation(a, self.order, lag) for a in (self.features, self.target)]
            if min(product) <= 0:
                break
            total += 2.0 * product[0] * product[1]
        return total


def _correlation(a: Float[ndarray, "rows columns"], order: list[Int[ndarray, " times"]], lag: int) -> float:
    pairs = sum(float((a[o[lag:]] * a[o[:-lag]]).sum()) for o in order if len(o) > lag)
    both = sum(float((a[o[lag:]] ** 2).sum() + (a[o[:-lag]] ** 2).sum()) / 2 for o in order if len(o) > lag)
    return pairs / both if both > 0 else 0.0


def make_rows(
    parts: list[Design],
    measured: list[Float[ndarray, "series times genes"]],
    states: list[Float[ndarray, "series times genes"]],
    rate: float,
    regulators: Int[ndarray, " regulators"],
) -> Rows:
    """Of denoised `states`: regulators in full, the measured targets less what is left of the states they had.

    Rows are weighed by the measurement at their end; the offset's direction is projected out.
    """
    features, target, unit, order = [], [], [], list[Int[ndarray, " times"]]()
    typical = float(np.mean(np.concatenate([np.tile(p.variance, len(p.series)) for p in parts])))
    count = 0
    for part, y, x in zip(parts, measured, states, strict=True):
        size = np.sqrt(typical / part.variance)
        for k, step in enumerate(np.diff(part.times)):
            start, end = convolution(np.array([0.0, step]), rate)[1]
            decay = np.exp(-rate * step)
            inner = x[:, :, regulators]
            features.append(size[k + 1] * (start * inner[:, k] + end * inner[:, k + 1]))
            target.append(size[k + 1] * (y[:, k + 1] - decay * x[:, k]))
            unit.append(np.full(len(y), size[k + 1] * (1.0 - decay)))
        steps = len(part.times) - 1
        order += [count + s + len(y) * np.arange(steps) for s in range(len(y))]
        count += steps * len(y)
    f, t, u = np.concatenate(features), np.concatenate(target), np.concatenate(unit)
    direction = u / np.linalg.norm(u)
    return Rows(f - np.outer(direction, direction @ f), t - np.outer(direction, direction @ t), f, t, u, order, typical)


def flat(
    parts: list[Design], measured: list[Float[ndarray, "series times genes"]]
) -> tuple[Float[ndarray, "rows genes"], Float[ndarray, " rows"], Int[ndarray, " rows"]]:
    """Values of all series and times, their weights, and which series they belong to."""
    values = np.concatenate([m.reshape(-1, m.shape[2]) for m in measured])
    weights = np.concatenate([np.tile(1.0 / p.variance, len(p.series)) for p in parts])
    return values, weights, np.concatenate([np.repeat(p.series, len(p.times)) for p in parts])

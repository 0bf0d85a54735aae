"""Smoothed states and the linear problem for a fit without a posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Array, Bool, Float, Int
from grn_l0.posterior.response import LONG, convolution
from grn_l0.timeseries import TimeSeries


def switched(series: TimeSeries) -> bool:
    """Whether a stimulus changes within a series: production is then not constant there, whatever the regulators do."""
    if series.stimuli is None:
        return False
    inner = np.isfinite(series.times[:, 1:-1, None])
    return bool((inner & (np.diff(series.stimuli[:, :-1], axis=1) != 0)).any())


def filled(series: TimeSeries) -> Float[Array, "series times genes"]:
    """Values with gaps interpolated linearly in time; the gene's mean where a series has none. NaN in the padding."""
    values = series.values.copy()
    flat = values.reshape(-1, series.n_genes)
    mean = np.nansum(flat, 0) / np.maximum(np.isfinite(flat).sum(0), 1)
    for s, length in enumerate(series.lengths):
        t = series.times[s, :length]
        for i in np.flatnonzero(~series.mask[s, :length].all(0)):
            seen = series.mask[s, :length, i]
            known = np.interp(t, t[seen], values[s, :length, i][seen]) if seen.any() else mean[i]
            values[s, :length, i] = known
    return values


def smooth(
    series: TimeSeries, values: Float[Array, "series times genes"], rates: Float[Array, " rates"]
) -> tuple[Float[Array, "series times genes"], Float[Array, " genes"], Float[Array, "series genes"]]:
    """States, noise standard deviation (N,) and initial states (S, N).

    With 4 to 12 times: least squares of x0 exp(-dt) + f (1 - exp(-dt)), the best rate per gene. With more: weights
    1/4, 1/2, 1/4 on neighbouring times, noise from second differences; so too where a stimulus changes within a
    series. With fewer: the values as they are.
    Production is taken as constant within a series, so where regulators move much the states are biased and the
    noise is too high; the gated ODE, which starts from them, corrects both.
    """
    shortest, longest = int(series.lengths.min()), int(series.lengths.max())
    if longest > LONG or (shortest >= 4 and switched(series)):
        states, noise = _local(series, values)
    elif shortest >= 4:
        fits, rss = _exponential(series, values, rates)
        best = rss.argmin(0)
        states = np.moveaxis(fits[best, ..., np.arange(series.n_genes)], 0, -1)
        freedom = max(int((series.lengths - 2).sum()), 1)
        noise = np.sqrt(rss.min(0) / freedom)
    else:
        states, noise = values.copy(), 0.2 * np.nanstd(values, axis=(0, 1))
    spread = np.nanstd(values, axis=(0, 1))
    return states, np.maximum(noise, np.maximum(1e-3 * spread, 1e-9)), states[:, 0].copy()


def constant_genes(
    series: TimeSeries,
    values: Float[Array, "series times genes"],
    noise: Float[Array, " genes"],
) -> Bool[Array, " genes"]:
    """Genes that do not move within any series by more than their noise.

    With at least 4 times: the residual variance around each series' mean is within 1 + 4 sqrt(2 / S) of that
    around the exponentials. Otherwise, and where stimuli change within a series, only genes that never change at all.
    """
    own = np.nanmean(values, axis=1, keepdims=True)
    around = np.nansum((values - own) ** 2, axis=(0, 1))
    still: Bool[Array, " genes"] = around <= 1e-12 * np.maximum(np.nansum(values**2, axis=(0, 1)), 1e-300)
    if switched(series) or int(series.lengths.min()) < 4 or int(series.lengths.max()) > LONG or series.n_series < 8:
        return still
    variance = around / (series.lengths - 1).sum()
    quiet: Bool[Array, " genes"] = still | (variance < noise**2 * (1 + 4 * np.sqrt(2 / series.n_series)))
    return quiet


def _local(
    series: TimeSeries, values: Float[Array, "series times genes"]
) -> tuple[Float[Array, "series times genes"], Float[Array, " genes"]]:
    states, total, count = values.copy(), np.zeros(series.n_genes), 0
    for s, length in enumerate(series.lengths):
        x = values[s, :length]
        if length < 3:
            continue
        states[s, 1 : length - 1] = 0.25 * x[:-2] + 0.5 * x[1:-1] + 0.25 * x[2:]
        total += ((x[:-2] - 2 * x[1:-1] + x[2:]) ** 2).sum(0)
        count += int(length) - 2
    return states, np.sqrt(total / (6 * max(count, 1)))


def _exponential(
    series: TimeSeries, values: Float[Array, "series times genes"], rates: Float[Array, " rates"]
) -> tuple[Float[Array, "rates series times genes"], Float[Array, "rates genes"]]:
    fits = np.full((len(rates), *values.shape), np.nan)
    rss = np.zeros((len(rates), series.n_genes))
    for r, rate in enumerate(rates):
        for s, length in enumerate(series.lengths):
            e = np.exp(-rate * (series.times[s, :length] - series.times[s, 0]))
            q = np.linalg.qr(np.stack([e, 1 - e], axis=1))[0]
            y = values[s, :length]
            fits[r, s, :length] = q @ (q.T @ y)
            rss[r] += ((y - fits[r, s, :length]) ** 2).sum(0)
    return fits, rss


@dataclass(frozen=True, kw_only=True, eq=False)
class Pieces:
    """Rows of a regression without initial states and offset.

    Attributes
    ----------
    features, targets
        Shape (rows, N) each: decayed integrals of the states, and the values, both without what an initial state
        and one offset explain.
    unit, raw_features, raw_targets
        The same without the initial state only, and the offset's column (rows,).
    """

    features: Float[Array, "rows genes"]
    targets: Float[Array, "rows genes"]
    unit: Float[Array, " rows"]
    raw_features: Float[Array, "rows genes"]
    raw_targets: Float[Array, "rows genes"]

    @classmethod
    def cut(
        cls,
        series: TimeSeries,
        values: Float[Array, "series times genes"],
        states: Float[Array, "series times genes"],
        rate: float,
    ) -> Pieces:
        """Whole trajectories, or single intervals of long ones, at one rate for all genes."""
        whole = int(series.lengths.max()) <= LONG
        x, y, u = list[Array](), list[Array](), list[Array]()
        for s, length in enumerate(series.lengths):
            steps = [(0, int(length))] if whole else [(k, k + 2) for k in range(int(length) - 1)]
            for lo, hi in steps:
                t = series.times[s, lo:hi]
                e = np.exp(-rate * (t - t[0]))
                q = np.linalg.svd(e[:, None])[0][:, 1:].T  # rows orthogonal to the initial state's decay
                x.append(q @ convolution(t, rate) @ states[s, lo:hi])
                y.append(q @ values[s, lo:hi])
                u.append(q @ (1 - e))
        features, targets, unit = np.concatenate(x), np.concatenate(y), np.concatenate(u)
        direction = unit / max(float(np.linalg.norm(unit)), 1e-12)
        return cls(
            features=features - np.outer(direction, direction @ features),
            targets=targets - np.outer(direction, direction @ targets),
            unit=unit,
            raw_features=features,
            raw_targets=targets,
        )

    def offset(
        self, weight: Float[Array, "regulators genes"], regulators: Int[Array, " regulators"]
    ) -> Float[Array, " genes"]:
        """Production where every regulator is at its mean, by least squares."""
        left = self.raw_targets - self.raw_features[:, regulators] @ weight
        offset: Float[Array, " genes"] = self.unit @ left / max(float(self.unit @ self.unit), 1e-12)
        return offset

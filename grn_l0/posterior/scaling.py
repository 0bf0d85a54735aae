"""Units in which genes can be compared, and values where none were measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grn_l0._typing import Bool, Float, ndarray
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.response import Design
from grn_l0.timeseries import TimeSeries


@dataclass(frozen=True, eq=False)
class Scaled:
    """Measurements as (value - mean) / scale, one array (series, times, genes) per design, gaps filled.

    `missing` tells the gaps; `observed` (N,) is the share of each gene's values that were measured.
    """

    measured: list[Float[ndarray, "series times genes"]]
    missing: list[Bool[ndarray, "series times genes"]]
    observed: Float[ndarray, " genes"]
    mean: Float[ndarray, " genes"]
    scale: Float[ndarray, " genes"]

    @classmethod
    def of(cls, series: TimeSeries, designs: list[Design]) -> Scaled:
        """Standardise every gene; a gene that never varies gets the typical scale. Gaps start as interpolations."""
        flat = series.values[np.isfinite(series.times)]
        count = np.isfinite(flat).sum(axis=0)
        mean = np.nansum(flat, axis=0) / np.maximum(count, 1)
        scale = np.sqrt(np.nansum((flat - mean) ** 2, axis=0) / np.maximum(count, 1))
        varies = scale > 1e-9 * np.maximum(np.abs(mean), 1e-300)
        scale = np.where(varies, scale, np.median(scale[varies]) if varies.any() else 1.0)
        measured, missing = [], []
        for design in designs:
            values = (series.values[design.series, : len(design.times)] - mean) / scale
            gap = ~np.isfinite(values)
            for s, i in zip(*np.nonzero(gap.any(axis=1)), strict=True):
                seen = ~gap[s, :, i]
                values[s, :, i] = np.interp(design.times, design.times[seen], values[s, seen, i]) if seen.any() else 0.0
            measured.append(values)
            missing.append(gap)
        return cls(measured, missing, count / max(len(flat), 1), mean, scale)

    def fill(self, designs: list[Design], estimate: list[Float[ndarray, "series grid genes"]]) -> None:
        """Put the current estimate where nothing was measured (expectation-maximisation)."""
        for values, gap, design, x in zip(self.measured, self.missing, designs, estimate, strict=True):
            if gap.any():
                values[gap] = x[:, design.at][gap]


def scale_genes(scaled: Scaled, choice: Choice) -> Scaled:
    """Between standardised and common units, by what the noise says.

    A weight's prior has one width, so it matters in which units weights are alike. Noise of one size in all genes
    (slope 0 of log noise on log variance) says that they are measured on a common scale; noise in proportion to the
    signal (slope 1) that each has its own. The scale is sd^slope, times a common factor.
    """
    log_sd = np.log(scaled.scale)
    scale = np.exp(choice.slope * log_sd + (1.0 - choice.slope) * 0.5 * np.log(np.mean(scaled.scale**2)))
    factor = scaled.scale / scale
    return replace(scaled, measured=[y * factor for y in scaled.measured], scale=scale)

"""Units in which genes can be compared, and values where none were measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grn_l0._typing import Bool, Float, ndarray
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.response import Design
from grn_l0.posterior.setting import Held
from grn_l0.timeseries import TimeSeries


@dataclass(frozen=True, eq=False)
class Scaled:
    """Measurements as (value - mean) / scale, one array (series, times, genes) per design, gaps filled.

    `missing` tells the gaps; `observed` (N,) is the share of each gene's values that were measured and follow its own
    equation. Where a gene is held, its own equation is to be left out: there too the measurements are replaced, and
    what was measured is kept in `held`, on grids without repeated points. Of genes with missing values `gaps` tells,
    per design, which count at all; it is empty if no value is missing.
    """

    measured: list[Float[ndarray, "series times genes"]]
    missing: list[Bool[ndarray, "series times genes"]]
    observed: Float[ndarray, " genes"]
    mean: Float[ndarray, " genes"]
    scale: Float[ndarray, " genes"]
    held: list[Held]
    gaps: list[Gaps]

    @classmethod
    def of(cls, series: TimeSeries, designs: list[Design]) -> Scaled:
        """Standardise every gene; a gene that never varies gets the typical scale. Gaps start as interpolations."""
        flat = series.values[np.isfinite(series.times)]
        free = series.own_equation
        if series.steady is not None:
            flat = np.concatenate([flat, series.steady.values])
            free = np.concatenate([free, series.steady.own_equation])
        count = np.isfinite(flat).sum(axis=0)
        mean = np.nansum(flat, axis=0) / np.maximum(count, 1)
        scale = np.sqrt(np.nansum((flat - mean) ** 2, axis=0) / np.maximum(count, 1))
        varies = scale > 1e-9 * np.maximum(np.abs(mean), 1e-300)
        scale = np.where(varies, scale, np.median(scale[varies]) if varies.any() else 1.0)
        measured, missing, held = [], [], list[Held]()
        followed = np.zeros(len(mean))
        for design in designs:
            values = (_values(series, design) - mean) / scale
            gap = ~np.isfinite(values)
            for s, i in zip(*np.nonzero(gap.any(axis=1)), strict=True):
                seen = ~gap[s, :, i]
                values[s, :, i] = np.interp(design.times, design.times[seen], values[s, seen, i]) if seen.any() else 0.0
            which, gene = np.nonzero(~free[design.series])
            followed += (~gap & free[design.series][:, None, :]).sum(axis=(0, 1))
            grid = np.unique(design.grid)
            course = np.array(
                [np.interp(grid, design.times, values[s, :, i]) for s, i in zip(which, gene, strict=True)]
            )
            held.append(Held(which, gene, course.reshape(-1, len(grid))))
            # Its own equation predicts nothing there: it starts from the mean, and is then filled like a gap.
            values[which, :, gene] = 0.0
            measured.append(values)
            missing.append(gap)
        gappy = np.flatnonzero(np.any([gap.any(axis=(0, 1)) for gap in missing], axis=0))
        counts = [~gap & free[d.series][:, None, :] for gap, d in zip(missing, designs, strict=True)]
        gaps = [Gaps.of(seen, gappy) for seen in counts] if len(gappy) else []
        return cls(measured, missing, followed / max(len(flat), 1), mean, scale, held, gaps)

    def fill(
        self,
        designs: list[Design],
        estimate: list[Float[ndarray, "series grid genes"]],
        own: list[Float[ndarray, "held grid"]],
    ) -> None:
        """Put the current estimate where nothing was measured, and where a gene was held.

        Where values are missing this is for those who look at whole series; it counts for nothing.
        """
        parts = zip(self.measured, self.missing, designs, estimate, self.held, own, strict=True)
        for values, gap, design, x, held, expected in parts:
            if gap.any():
                values[gap] = x[:, design.at][gap]
            values[held.series, :, held.genes] = expected[:, design.at]

    def standardised(
        self, course: Float[ndarray, "series grid genes"], held: Held
    ) -> Float[ndarray, "series grid genes"]:
        """Courses in expression units on a design's grid as standardised; held genes as they were measured."""
        standard: Float[ndarray, "series grid genes"] = (course - self.mean) / self.scale
        standard[held.series, :, held.genes] = held.course
        return standard

    def held_on(self, designs: list[Design]) -> list[Held]:
        """What was measured of held genes, on the grids, which may repeat points where an input jumps."""
        return [
            replace(h, course=h.course[:, np.unique(d.grid, return_inverse=True)[1]])
            for h, d in zip(self.held, designs, strict=True)
        ]


def _values(series: TimeSeries, design: Design) -> Float[ndarray, "series times genes"]:
    if design.steady and series.steady is not None:
        settled: Float[ndarray, "series times genes"] = series.steady.values[design.series - series.n_series][:, None]
        return settled
    out: Float[ndarray, "series times genes"] = series.values[design.series, : len(design.times)]
    return out


def scale_genes(scaled: Scaled, choice: Choice) -> Scaled:
    """Between standardised and common units, by what the noise says.

    A weight's prior has one width, so it matters in which units weights are alike. Noise of one size in all genes
    (slope 0 of log noise on log variance) says that they are measured on a common scale; noise in proportion to the
    signal (slope 1) that each has its own. The scale is sd^slope, times a common factor.
    """
    log_sd = np.log(scaled.scale)
    scale = np.exp(choice.slope * log_sd + (1.0 - choice.slope) * 0.5 * np.log(np.mean(scaled.scale**2)))
    factor = scaled.scale / scale
    held = [replace(h, course=h.course * factor[h.genes][:, None]) for h in scaled.held]
    return replace(scaled, measured=[y * factor for y in scaled.measured], scale=scale, held=held)

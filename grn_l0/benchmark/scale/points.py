"""What was measured of each size, and the formulas through the points."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grn_l0.benchmark.measure import Cells
from grn_l0.benchmark.measure.summary import median
from grn_l0.benchmark.scale.model import Cost, PowerLaw
from grn_l0.benchmark.scale.sizes import SIZES, Size


@dataclass(frozen=True, kw_only=True)
class Point:
    """Medians of one size; NaN where it was not measured to its end."""

    size: Size
    fit_s: float
    fit_cpu_s: float
    peak_bytes: float
    base_bytes: float

    @classmethod
    def of(cls, cells: Cells, size: Size) -> Point:
        """From the cells of the size."""
        names = ("fit_s", "fit_cpu_s", "peak_bytes", "base_bytes")
        return cls(size=size, **{name: median(cells, size.name, name) for name in names})

    @property
    def bytes_per_edge(self) -> float:
        """Peak memory beyond the program with the data, over the candidate edges."""
        return (self.peak_bytes - self.base_bytes) / self.size.candidates


def points(cells: Cells) -> list[Point]:
    """The sizes that were measured, in their order."""
    return [p for p in (Point.of(cells, size) for size in SIZES) if math.isfinite(p.fit_s)]


def exponent(found: list[Point], last: int | None = None, *, cpu: bool = False) -> PowerLaw | None:
    """Power law of time in N over the sizes of the series, or over the largest `last` of them."""
    chosen = [p for p in found if p.size.series]
    if last is not None:
        chosen = chosen[-last:] if len(chosen) > last else []  # of no more, it would be the same law
    return PowerLaw.of([p.size.genes for p in chosen], [p.fit_cpu_s if cpu else p.fit_s for p in chosen])


def costs(found: list[Point]) -> tuple[Cost | None, Cost | None]:
    """Seconds of processor time and bytes of memory, from the simulated sizes."""
    chosen = [p for p in found if p.size.data == "simulated" and p.size.jobs is None]
    genes, edges = [p.size.genes for p in chosen], [p.size.candidates for p in chosen]
    return (
        Cost.of(genes, edges, [p.fit_cpu_s for p in chosen]),
        Cost.of(genes, edges, [p.peak_bytes for p in chosen]),
    )

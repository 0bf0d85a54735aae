"""The sizes of the scale suite, and the bars that they have to reach."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Trajectories of every simulated system, of five times each, and their noise.
TRAJECTORIES, TIMES, NOISE = 100, 5, 0.05
GIB = 2.0**30
#: Where a size sets no bound on its runs.
_AS_ASKED = 1000


@dataclass(frozen=True, kw_only=True)
class Size:
    """One size.

    Attributes
    ----------
    name
        As the tables show it.
    genes, regulators
        N, and the number R of candidate regulators; 0 for all genes.
    series
        On which the exponent of time in N is fitted.
    data
        "simulated" or "yeast".
    bar_s, bar_bytes
        Seconds and peak memory that it has to stay below.
    jobs
        Processes that share the targets; None where the threads do that were asked for.
    repeats
        Runs, of those that were asked for; one where a run takes long.
    """

    name: str
    genes: int
    regulators: int = 0
    series: bool = False
    data: str = "simulated"
    bar_s: float = math.inf
    bar_bytes: float = math.inf
    jobs: int | None = None
    repeats: int = _AS_ASKED

    @property
    def candidates(self) -> int:
        """Candidate edges N R."""
        return self.genes * (self.regulators or self.genes)


#: In the order of the tables. The yeast's regulators are those of YEASTRACT and of the motif prior among its genes.
SIZES = (
    Size(name="100 genes", genes=100, series=True),
    Size(name="350 genes", genes=350, series=True),
    Size(name="690 genes", genes=690, series=True),
    Size(name="1,400 genes", genes=1400, series=True),
    Size(name="2,800 genes", genes=2800, series=True),
    Size(name="yeast, 3,551 genes × 138 TFs", genes=3551, regulators=138, data="yeast", bar_s=60.0),
    Size(name="11,165 genes × 1,000 TFs", genes=11165, regulators=1000, bar_s=360.0, bar_bytes=8 * GIB, repeats=1),
    Size(name="11,165 genes × 1,000 TFs, 1 worker", genes=11165, regulators=1000, jobs=1, repeats=1),
    Size(name="11,165 genes × 1,000 TFs, 2 workers", genes=11165, regulators=1000, jobs=2, repeats=1),
    Size(name="11,165 × 11,165 genes", genes=11165, bar_s=3600.0, bar_bytes=16 * GIB, repeats=1),
)
#: The exponent of time in N, and bytes per candidate edge beyond the program and the data.
BAR_EXPONENT, BAR_BYTES_PER_EDGE = 2.2, 40.0

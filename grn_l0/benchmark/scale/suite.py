"""The pieces of the scale suite: one default fit per size."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from grn_l0._errors import OptionError
from grn_l0.benchmark.measure import SHARED, AbstractPlan, Call, Cells, Limits, Piece
from grn_l0.benchmark.scale.report import report, update_page
from grn_l0.benchmark.scale.sizes import SIZES, Size

_HERE = "grn_l0.benchmark.scale.pieces"
#: Seconds that a fit may take: four times the bar of the largest, so that a miss has a figure.
_LIMIT_S = 4 * 3600.0


@dataclass(frozen=True, kw_only=True)
class ScalePlan(AbstractPlan):
    """What the scale suite is asked for; see `AbstractPlan` for the rest. By default a fit may take four hours.

    Parameters
    ----------
    most
        Only sizes of at most so many genes.
    page
        Docs page into which the measured points are written.
    """

    limits: Limits = field(default_factory=lambda: Limits.usual(_LIMIT_S))
    most: int | None = None
    page: Path | None = None

    suite: ClassVar[str] = "scale"

    def __post_init__(self) -> None:
        if not self.every():
            raise OptionError(f"no size has at most {self.most} genes; the smallest has {SIZES[0].genes}")
        super().__post_init__()

    @property
    def own_options(self) -> dict[str, int | None]:
        """The largest number of genes."""
        return {"--most": self.most}

    def every(self) -> list[Piece]:
        """A piece for every size that is not too large."""
        return [self._piece(size) for size in SIZES if self.most is None or size.genes <= self.most]

    def _piece(self, size: Size) -> Piece:
        threads = self.threads if size.jobs is None else 1
        arguments: dict[str, Any] = {"threads": threads} | ({} if size.jobs is None else {"jobs": size.jobs})
        common: dict[str, Any] = {"repeats": min(self.repeats, size.repeats), "limits": self.limits}
        common |= {"name": size.name, "threads": threads}
        if size.data == "yeast":
            return Piece(call=Call(f"{_HERE}:fit_yeast", arguments), **common)
        system = {"path": f"{SHARED}/{size.genes}-{size.regulators}.h5ad", "regulators": size.regulators}
        simulate = Call(f"{_HERE}:simulate", {"genes": size.genes, **system})
        return Piece(call=Call(f"{_HERE}:fit", arguments | system), before=(simulate,), **common)

    def report(self, cells: Cells, out: Path) -> list[Path]:
        """Write scale.md, its figures, and what the docs page says of them."""
        written = report(cells, out, self.command)
        if self.page is None:
            return written
        update_page(cells, self.page)
        return [*written, self.page]

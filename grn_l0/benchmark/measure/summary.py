"""From cells to the lines of a report: medians, bars, and under which circumstances they were measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from grn_l0.benchmark.measure.cells import Cells, Record, current_code
from grn_l0.benchmark.table import markdown_table

#: Behind figures of an older state of the code.
OUTDATED = "†"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What has to be reached.

    Attributes
    ----------
    what
        In words.
    measured
        The figure; NaN where there is none.
    bound
        That it must not pass; ``at_least``: that it must reach.
    unit
        Behind both.
    at_least
        Whether more is better.
    processor
        The same figure from processor time, which what else the machine does hardly touches; NaN where there is none.
    outdated
        Whether any of it is of an older state of the code.
    partial
        Whether the figure is of a part only of what the bar is about, so that it cannot be judged yet.
    note
        Why there is no figure.
    """

    what: str
    measured: float
    bound: float
    unit: str
    at_least: bool = False
    processor: float = math.nan
    outdated: bool = False
    partial: bool = False
    note: str = ""

    @property
    def reached(self) -> str:
        """Yes, no, or a dash."""
        if math.isnan(self.measured):
            return "–"
        if self.partial:
            return "not all measured"
        good = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        return "yes" if good else "**no**"

    def cells(self) -> list[str]:
        """A row of the table."""
        measured = self.note or "–" if math.isnan(self.measured) else _with_unit(self.measured, self.unit)
        sign = "≥" if self.at_least else "≤"
        processor = "" if math.isnan(self.processor) else _with_unit(self.processor, self.unit)
        return [
            _marked(self.what, self.outdated),
            f"{sign} {_with_unit(self.bound, self.unit, exact=True)}",
            measured,
            self.reached,
            processor,
        ]


def bars_table(bars: Iterable[Bar]) -> str:
    """A Markdown table of bars."""
    return markdown_table(["", "bar", "measured", "reached", "by processor time"], [bar.cells() for bar in bars])


def median(cells: Cells, name: str, figure: str) -> float:
    """Median of a figure, or of what the process took, over the finished cells of a piece; NaN where there is none."""
    values = [_value(r, figure) for r in cells.of(name) if r["status"] == "done"]
    known = [v for v in values if math.isfinite(v)]
    return statistics.median(known) if known else math.nan


def _value(record: Record, figure: str) -> float:
    found = record["figures"].get(figure, record.get(figure, math.nan))
    return float(found)


def state(cells: Cells, name: str) -> str:
    """Why a piece has no figures, in words; empty if it has."""
    found = cells.of(name)
    if not found:
        return "not measured"
    if any(r["status"] == "done" for r in found):
        return ""
    last = found[-1]
    if last["status"] == "time limit":
        return f"ran out after {last['limit']:.0f} s"
    if last["status"] == "memory limit":
        return f"ran out of {last['limit'] / 2**30:.1f} GiB after {last['wall_s']:.0f} s"
    return "failed"


def marked(cells: Cells, name: str) -> str:
    """The name of a piece, with a mark if its figures are of an older state of the code."""
    return _marked(name, outdated(cells, name))


def outdated(cells: Cells, *names: str) -> bool:
    """Whether figures of any of these pieces are of an older state of the code."""
    return any(r["code"] != current_code() for name in names for r in cells.of(name))


def _marked(what: str, old: bool) -> str:
    return f"{what} {OUTDATED}" if old else what


def circumstances(cells: Cells, names: Iterable[str]) -> str:
    """Machine, threads, load and dates of the cells of some pieces, in a sentence or two."""
    records = [record for name in names for record in cells.of(name)]
    if not records:
        return "Nothing was measured yet."
    machines = " and ".join(sorted({str(r["machine"]) for r in records}))
    threads = ", ".join(str(t) for t in sorted({int(r["threads"]) for r in records}))
    loads = [load for r in records for load in r["load"]]
    when = sorted(str(r["when"]) for r in records)
    old = sum(r["code"] != current_code() for r in records)
    words = (
        f"Machine: {machines}; threads per process: {threads}; load average of a minute, before and after the cells: "
        f"{min(loads):.1f} to {max(loads):.1f}, median {statistics.median(loads):.1f} (a run makes one per thread); "
        f"measured {when[0]} to {when[-1]} UTC."
    )
    return f"{words} {OUTDATED}: measured with an older state of the code." if old else words


def _with_unit(value: float, unit: str, *, exact: bool = False) -> str:
    if exact:
        return f"{value:,g} {unit}".strip()
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()

"""scale.md, its figures, and the part of the docs page that is measured."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from grn_l0 import pl
from grn_l0._atomic import atomic_path
from grn_l0._errors import FileFormatError
from grn_l0.benchmark.measure import Cells
from grn_l0.benchmark.measure.summary import OUTDATED, Bar, bars_table, circumstances, marked, median, outdated, state
from grn_l0.benchmark.scale.model import Cost, PowerLaw
from grn_l0.benchmark.scale.points import Point, costs, exponent, points
from grn_l0.benchmark.scale.sizes import (
    BAR_BYTES_PER_EDGE,
    BAR_EXPONENT,
    GIB,
    NOISE,
    SIZES,
    TIMES,
    TRAJECTORIES,
    Size,
)
from grn_l0.benchmark.table import cell_text, markdown_table

#: Between these lines the docs page is written by this program.
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_ABOUT = (
    f"Simulated systems of logic with one to a few regulators per gene (`datasets.simulated`), {TRAJECTORIES} "
    f"trajectories of {TIMES} times, noise {NOISE:g}; all genes are candidate regulators unless TFs are named. Every "
    "fit is a process of its own, in which a small fit has come before, so that libraries are loaded: *seconds* are "
    "those of `tl.infer` alone (network and forecasting model), medians over the runs. *Peak* is the most memory that "
    "the process has held; *bytes per candidate* is what of it came on top of the program and the data, over N × R. "
    "Workers have one thread each; their seconds include their start, and memory is the sum over all processes.",
    "AUPRC ties all candidates with a score below 1e-4 at the end of the ranking. A size that ran into a limit says "
    "so.",
)
_TOP = 3


def report(cells: Cells, out: Path, command: str) -> list[Path]:
    """Write scale.md, scale-time.png and scale-memory.png into the folder `out`."""
    found = points(cells)
    figures = _draw(found, out)
    parts = [
        "# How large",
        f"Last run: `{command}`. Cells that were finished before are kept.",
        bars_table(_bars(cells, found)),
        sizes_table(cells),
        formulas(cells),
    ]
    parts += [f"![{caption}]({path.name})" for caption, path in figures]
    parts += [*_ABOUT, circumstances(cells, [size.name for size in SIZES])]
    with atomic_path(out / "scale.md") as temporary:
        temporary.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    return [out / "scale.md", *(path for _, path in figures)]


def sizes_table(cells: Cells) -> str:
    """A line per size: what it took, beside its bars, and how right the network is."""
    head = ["", "candidate edges", "seconds", "bar", "processor s", "peak MiB", "bar", "bytes per candidate"]
    accuracy = ("auprc", "precision", "recall", "edges")
    rows = []
    for size in SIZES:
        why, point = state(cells, size.name), Point.of(cells, size)
        row = [marked(cells, size.name), f"{size.candidates:,}", why or cell_text("fit_s", point.fit_s)]
        row += [_bound(size.bar_s, "≤ {:,.0f}"), cell_text("fit_cpu_s", point.fit_cpu_s)]
        row += [cell_text("peak_mib", point.peak_bytes / 2**20), _bound(size.bar_bytes / 2**20, "≤ {:,.0f}")]
        row.append(cell_text("n", point.bytes_per_edge))
        rows.append(row + [cell_text(c, median(cells, size.name, c)) for c in accuracy])
    return markdown_table([*head, "AUPRC", "precision", "recall", "edges"], rows)


def _bound(value: float, text: str) -> str:
    return text.format(value) if math.isfinite(value) else ""


def _bars(cells: Cells, found: list[Point]) -> list[Bar]:
    missing = "needs three sizes or more"
    every, upper = exponent(found), exponent(found, _TOP)
    series = [p for p in found if p.size.series]
    partial = len(series) < sum(size.series for size in SIZES)
    old = outdated(cells, *(p.size.name for p in series))
    genes = [f"{p.size.genes:,}" for p in series] or ["–"]
    largest = series[-1].bytes_per_edge if series else math.nan
    memory = costs(found)[1]
    slope = math.nan if memory is None else memory.edge
    per_edge: dict[str, Any] = {
        "partial": partial,
        "bound": BAR_BYTES_PER_EDGE,
        "unit": "bytes per candidate edge",
        "note": missing,
        "outdated": old,
    }
    bars = [
        Bar(what=f"exponent of time in N, {genes[0]} to {genes[-1]} genes", measured=_exponent(every),
            processor=_exponent(exponent(found, cpu=True)), bound=BAR_EXPONENT, unit="", partial=partial,
            outdated=old, note=missing),
        Bar(what=f"the same, the largest {_TOP}", measured=_exponent(upper),
            processor=_exponent(exponent(found, _TOP, cpu=True)), bound=BAR_EXPONENT, unit="", partial=partial,
            outdated=old, note=missing),
        Bar(what=f"memory beyond program and data, {genes[-1]} genes", measured=largest, **per_edge),
        Bar(what="memory that a further candidate edge takes, by the formula below", measured=slope, **per_edge),
    ]  # fmt: skip
    for size in SIZES:
        point = Point.of(cells, size)
        words: dict[str, Any] = {"note": state(cells, size.name), "outdated": outdated(cells, size.name)}
        if math.isfinite(size.bar_s):
            took: dict[str, Any] = {"measured": point.fit_s, "processor": point.fit_cpu_s}
            bars.append(Bar(what=f"{size.name}, time", **took, bound=size.bar_s, unit="s", **words))
        if math.isfinite(size.bar_bytes):
            peak, bound = point.peak_bytes / GIB, size.bar_bytes / GIB
            bars.append(Bar(what=f"{size.name}, memory", measured=peak, bound=bound, unit="GiB", **words))
        if size.jobs is not None and size.jobs > 1:
            bars.append(_workers(cells, size, size.jobs))
    return bars


def _workers(cells: Cells, size: Size, jobs: int) -> Bar:
    """How much faster workers are than one: as many times as there are."""
    alone = next(s for s in SIZES if s.candidates == size.candidates and s.data == size.data and s.jobs == 1)
    return Bar(
        what=f"{size.name}, times faster than one",
        measured=Point.of(cells, alone).fit_s / Point.of(cells, size).fit_s,
        bound=float(jobs),
        unit="×",
        at_least=True,
        outdated=outdated(cells, alone.name, size.name),
        note=state(cells, alone.name) or state(cells, size.name),
    )


def _exponent(law: PowerLaw | None) -> float:
    return math.nan if law is None else law.exponent


def formulas(cells: Cells) -> str:
    """Time and memory as sentences with their coefficients; empty where too little was measured."""
    found = points(cells)
    seconds, memory = costs(found)
    if seconds is None or memory is None:
        return ""
    laws = {"all sizes": exponent(found, cpu=True), f"the largest {_TOP}": exponent(found, _TOP, cpu=True)}
    known = [f"N^{law.exponent:.2f} ({name})" for name, law in laws.items() if law is not None]
    simulated = [p for p in found if p.size.data == "simulated" and p.size.jobs is None]
    old = f" {OUTDATED}" if outdated(cells, *(p.size.name for p in simulated)) else ""
    off = max(_off(seconds, p.size, p.fit_cpu_s) for p in simulated)
    off_memory = max(_off(memory, p.size, p.peak_bytes) for p in simulated)
    return "\n".join(
        [
            f"- processor seconds ≈ {seconds.base:.1f} + {1e3 * seconds.gene:.1f} · N / 1000 "
            f"+ {1e6 * seconds.edge:.1f} · N · R / 10⁶ (at most {off:.0%} off at the simulated sizes); over "
            f"the series, where R = N, they grow as {' and '.join(known)}{old}",
            f"- memory in MiB ≈ {memory.base / 2**20:.0f} + {1e3 * memory.gene / 2**20:.0f} · N / 1000 + "
            f"{1e6 * memory.edge / 2**20:.0f} · N · R / 10⁶ (at most {off_memory:.0%} off): {memory.edge:.0f} bytes "
            f"per candidate edge{old}",
        ]
    )


def _off(cost: Cost, size: Size, measured: float) -> float:
    return abs(cost(size.genes, size.candidates) / measured - 1)


def _draw(found: list[Point], out: Path) -> list[tuple[str, Path]]:
    series = [p for p in found if p.size.series]
    if len(series) < 2:
        return []
    genes = [float(p.size.genes) for p in series]
    laws = {"all": exponent(found), f"largest {_TOP}": exponent(found, _TOP)}
    powers = {f"{k}: N^{law.exponent:.2f}": (law.factor, law.exponent) for k, law in laws.items() if law is not None}
    time = pl.scaling(
        {"seconds": (genes, [p.fit_s for p in series])},
        powers,
        xlabel="genes, all of them candidates",
        ylabel="seconds",
    )
    points_of = {"peak": (genes, [p.peak_bytes / 2**20 for p in series])}
    points_of["beyond program and data"] = (genes, [(p.peak_bytes - p.base_bytes) / 2**20 for p in series])
    bar = {f"{BAR_BYTES_PER_EDGE:g} bytes per candidate": (BAR_BYTES_PER_EDGE / 2**20, 2.0)}
    memory = pl.scaling(points_of, bar, xlabel="genes, all of them candidates", ylabel="MiB")
    drawn = [("Seconds against genes", out / "scale-time.png"), ("Memory against genes", out / "scale-memory.png")]
    for axes, (_, path) in zip((time, memory), drawn, strict=True):
        pl.save(axes, path, dpi=110)
    return drawn


def update_page(cells: Cells, page: Path) -> None:
    """Write what was measured between the two marks of a docs page; the rest of the page stays as it is.

    Raises
    ------
    FileFormatError
        If the page has not both marks, in order.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise FileFormatError(f"{page} lacks the lines {BEGIN} and {END}, between which measurements are written")
    middle = [formulas(cells), sizes_table(cells), circumstances(cells, [size.name for size in SIZES])]
    with atomic_path(page) as temporary:
        body = "\n\n".join(part for part in middle if part)
        temporary.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")

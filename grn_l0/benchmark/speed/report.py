"""speed.md and its figure, from the cells."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from grn_l0 import pl
from grn_l0._atomic import atomic_path
from grn_l0.benchmark.measure import Cells
from grn_l0.benchmark.measure.summary import Bar, bars_table, circumstances, marked, median, outdated, state
from grn_l0.benchmark.speed import names
from grn_l0.benchmark.speed.pieces import ACCURACY
from grn_l0.benchmark.table import BenchmarkTable

#: As published for SIM350: 13.5 hours (Hossain et al. 2024).
PUBLISHED_S = 13.5 * 3600
_GIB = 2.0**30
_OURS = {
    names.FIT: "grn_l0, in Python",
    names.WARM: "grn_l0, command, caches warm",
    names.FIRST: "grn_l0, command, first run ever",
}
_ABOUT = (
    "Every run is a process of its own; pieces take turns, and figures are medians over the runs. `fit_s`: wall-clock "
    "seconds of the fit alone, imports behind it and compiled code in numba's cache on disk; `wall_s`, `cpu_s`: of the "
    "whole process, from before it was made until it was gone, with imports, data, and, of the fits in Python, the "
    "judging of the result. *Network*: until the survivors are known. *First run ever*: numba's cache is an empty "
    "folder; modules are compiled as pip leaves them, and the files of the packages may be in the system's cache; a "
    "second process compiles the solver beside it, and memory is that of both. "
    "*50 resamples* share two processes by default, the fit beside them is one; their processor time is that of all.",
    "Accuracy is that of the same runs: ranking and selection on all 122,150 pairs, one-step MSE on the published test "
    "trajectories without noise.",
)
_PEERS = (
    "All on the same training data (seed 0). PHOENIX-like is our own vectorised "
    "trainer after the paper, all of its 500 epochs; it and dynGENIE3-like run once. `times ours` is `fit_cpu_s` over "
    "that of our fit: processor time, which other work on the machine hardly touches."
)


def report(cells: Cells, out: Path, command: str) -> list[Path]:
    """Write speed.md and speed.png into the folder `out`."""
    parts = [
        "# How fast",
        f"Last run: `{command}`. Cells that were finished before are kept.",
        bars_table(_bars(cells)),
        *_ABOUT,
        _table("SIM350, 5 % noise: the ways to run it", _runs(cells), ""),
        _table("Beside other methods", _peers(cells), _PEERS),
        _table("Seconds of the stages of a fit", _stages(cells), "Wall clock, medians, from the fit's own progress."),
        *_arithmetic(cells),
        circumstances(cells, names.EVERY),
    ]
    written = [out / "speed.md"]
    shown = {n: (r["fit_s"], r["auprc"]) for n, r in _peers(cells).items() if {"fit_s", "auprc"} <= r.keys()}
    if shown:
        pl.save(pl.value_for_time(shown, ylabel="AUPRC, SIM350"), out / "speed.png", dpi=110)
        parts.insert(-1, "![AUPRC against seconds](speed.png)")
        written.append(out / "speed.png")
    with atomic_path(written[0]) as temporary:
        temporary.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    return written


def _bars(cells: Cells) -> list[Bar]:
    fit, fit_cpu = (median(cells, names.FIT, name) for name in ("fit_s", "fit_cpu_s"))
    warm = names.FIT, names.WARM
    known = [p for p in (median(cells, name, "peak_bytes") for name in warm) if math.isfinite(p)]

    def of(*pieces: str) -> dict[str, Any]:
        missing = next((words for words in (state(cells, name) for name in pieces) if words), "")
        return {"outdated": outdated(cells, *pieces), "note": missing}

    def seconds(what: str, bound: float, name: str, wall: str = "wall_s", cpu: str = "cpu_s") -> Bar:
        measured, processor = median(cells, name, wall), median(cells, name, cpu)
        return Bar(what=what, measured=measured, processor=processor, bound=bound, unit="s", **of(name))

    def over_fit(name: str) -> dict[str, Any]:
        wall, cpu = median(cells, name, "fit_s"), median(cells, name, "fit_cpu_s")
        return {"measured": wall / fit, "processor": cpu / fit_cpu, "unit": "×"} | of(names.FIT, name)

    return [
        seconds("SIM350, network", 3.0, names.FIT, "network_s", "network_cpu_s"),
        seconds("SIM350, network and forecasting model", 8.0, names.FIT, "fit_s", "fit_cpu_s"),
        seconds("whole command, caches warm", 12.0, names.WARM),
        seconds("whole command, first run ever", 30.0, names.FIRST),
        Bar(what="peak memory, caches warm", measured=max(known, default=math.nan) / _GIB, bound=1.0, unit="GiB",
            partial=len(known) < len(warm), **of(*warm)),
        Bar(what="times faster than a vectorised PHOENIX", **over_fit(names.PHOENIX), bound=30.0, at_least=True),
        Bar(what="times faster than the published 13.5 h", measured=PUBLISHED_S / fit, processor=PUBLISHED_S / fit_cpu,
            bound=5000.0, unit="×", at_least=True, **of(names.FIT)),
        Bar(what="50 resamples, over one fit", **over_fit(names.RESAMPLES), bound=25.0),
        seconds("`import grn_l0`", 1.0, names.IMPORT),
        seconds("`grn-l0 --help`", 0.5, names.HELP),
    ]  # fmt: skip


def _row(cells: Cells, name: str, columns: tuple[str, ...]) -> dict[str, float]:
    found = {c: median(cells, name, c) for c in columns}
    found["peak_mib"] = median(cells, name, "peak_bytes") / 2**20
    return {c: v for c, v in found.items() if math.isfinite(v)}


def _runs(cells: Cells) -> dict[str, dict[str, float]]:
    columns = ("network_s", "network_cpu_s", "fit_s", "fit_cpu_s", "wall_s", "cpu_s", *ACCURACY)
    rows = {marked(cells, n).replace(n, shown, 1): _row(cells, n, columns) for n, shown in _OURS.items()}
    return {name: row for name, row in rows.items() if row}


def _peers(cells: Cells) -> dict[str, dict[str, float]]:
    own = median(cells, names.FIT, "fit_cpu_s")
    rows = {}
    for name in (names.FIT, *names.QUICK, *names.SLOW):
        row = _row(cells, name, ("fit_s", "fit_cpu_s"))
        if "fit_s" in row:
            row["times ours"] = row["fit_cpu_s"] / own
            rows[marked(cells, name).replace(names.FIT, "grn_l0", 1)] = row | _row(cells, name, ACCURACY)
    return rows


def _stages(cells: Cells) -> dict[str, dict[str, float]]:
    found = [r["figures"] for r in cells.of(names.FIT) if r["status"] == "done"]
    stages = [k for k in found[0] if k.startswith("stage ")] if found else []
    row = {k.removeprefix("stage "): median(cells, names.FIT, k) for k in stages}
    return {marked(cells, names.FIT).replace(names.FIT, "grn_l0", 1): row} if row else {}


def _arithmetic(cells: Cells) -> list[str]:
    """Operations by formula, over the time, beside the peak of the machine."""
    found = [r["figures"] for r in cells.of(names.FIT) if r["status"] == "done"]
    if not found:
        return []
    parts = {k.partition(", ")[2]: v for k, v in found[0].items() if k.startswith("operations, ")}
    seconds = median(cells, names.FIT, "fit_cpu_s")
    peaks = {k: median(cells, names.PEAK, f"{k}_gflops") for k in ("float64", "float32")}
    total = sum(parts.values())
    rows = {name: {"gflop": 1e-9 * v, "share of the arithmetic": v / total} for name, v in parts.items()}
    rate = 1e-9 * total / seconds
    rows[marked(cells, names.FIT).replace(names.FIT, "all of it", 1)] = {
        "gflop": 1e-9 * total,
        "gflop per second": rate,
    } | {f"share of the {k} peak": rate / v for k, v in peaks.items() if math.isfinite(v)}
    above = [k for k, v in peaks.items() if rate > v]
    warning = (
        f"**This rate is above the measured peak in {' and '.join(above)}, which cannot be: the formulas count too "
        "much, or the peak was measured beside other work.** "
        if above
        else ""
    )
    bandwidth = median(cells, names.PEAK, "copy_gbytes")
    note = (
        f"{warning}Counted by the formulas in `grn_l0/benchmark/speed/arithmetic.py`, over the processor time of the "
        "whole fit: a lower bound, since smoothing, noise kinds, curvature and all indexing are not counted. "
        f"Peak of this machine, best of seven: products of two 2000 × 2000 matrices, {peaks['float64']:.1f} Gflop/s in "
        f"float64 and {peaks['float32']:.1f} in float32; copy of 256 MiB, {bandwidth:.1f} GB/s read and written."
    )
    return [_table("Arithmetic of a fit", rows, note)]


def _table(title: str, rows: dict[str, dict[str, float]], note: str) -> str:
    if not rows:
        return ""
    return BenchmarkTable(title=title, rows=rows, notes=(note,) if note else ()).to_markdown().rstrip()

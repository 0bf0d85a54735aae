"""``grn-l0 benchmark speed`` and ``scale``: seconds and memory, cell by cell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grn_l0.cli.outputs import print_json, say


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """Options of both suites, as they were given."""

    only: Sequence[str]
    most: int | None
    repeats: int
    threads: int
    jobs: int
    limit_s: float | None
    limit_gib: float | None
    again: bool
    list_pieces: bool
    json: bool
    quiet: bool


def measure(name: str, out: Path | None, options: Measuring, page: Path | None = None) -> None:
    """Measure the cells that are missing, and write table, figures and raw figures into the folder `out`.

    Raises
    ------
    OptionError
        If there is no folder, or a pattern matches nothing.
    BenchmarkError
        If cells failed; the others are in the report.
    """
    from grn_l0._errors import BenchmarkError, OptionError
    from grn_l0.benchmark import scale, speed
    from grn_l0.benchmark.measure import Cells

    common: dict[str, Any] = {
        "only": tuple(options.only), "repeats": options.repeats, "threads": options.threads, "again": options.again,
    }  # fmt: skip
    plan: speed.SpeedPlan | scale.ScalePlan
    if name == "speed":
        plan = speed.SpeedPlan(**common, jobs=max(options.jobs, 1), limits=_limits(options, seconds=1800.0))
    else:
        plan = scale.ScalePlan(**common, most=options.most, limits=_limits(options, seconds=7200.0))
    if options.list_pieces:
        print("\n".join(plan.names))
        return
    if out is None:
        raise OptionError(f"{name} writes several files; name a folder: --out benchmarks/results")
    out.mkdir(parents=True, exist_ok=True)
    cells, command = Cells(out / f"{name}.json"), _command(name, options)

    def line(text: str) -> None:
        say(text, options.quiet)

    if isinstance(plan, speed.SpeedPlan):
        failed, written = speed.run(plan, cells, line), speed.report(cells, out, command)
    else:
        failed, written = scale.run(plan, cells, line), scale.report(cells, out, command)
    if page is not None and name == "scale":
        scale.update_page(cells, page)
        written.append(page)
    for path in written:
        line(f"written: {path}")
    if options.json:
        print_json({"files": [str(path) for path in written], "failed": failed})
    if failed:
        raise BenchmarkError(f"{failed} cells failed and will be run again; {cells.path} says why")


def _limits(options: Measuring, *, seconds: float) -> Any:
    from grn_l0.benchmark.measure import Limits

    usual = Limits.usual(seconds)
    return Limits(
        seconds=usual.seconds if options.limit_s is None else options.limit_s,
        bytes=usual.bytes if options.limit_gib is None else options.limit_gib * 2**30,
    )


def _command(name: str, options: Measuring) -> str:
    words = ["grn-l0", "benchmark", name, "--repeats", str(options.repeats), "--threads", str(options.threads)]
    words += [word for pattern in options.only for word in ("--only", pattern)]
    for option, value in (("--most", options.most), ("--limit", options.limit_s), ("--memory", options.limit_gib)):
        words += [] if value is None else [option, f"{value:g}"]
    return shlex.join(words)

"""``grn-l0 benchmark speed`` and ``scale``: seconds and memory, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grn_l0.cli.outputs import print_json, say

if TYPE_CHECKING:
    from grn_l0.benchmark.measure import Limits


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
    from grn_l0.benchmark.measure import AbstractPlan, Cells

    common: dict[str, Any] = {
        "only": tuple(options.only), "repeats": options.repeats, "threads": options.threads, "again": options.again,
    }  # fmt: skip
    plan: AbstractPlan
    if name == "speed":
        plan = speed.SpeedPlan(**common, jobs=max(options.jobs, 1))
    else:
        plan = scale.ScalePlan(**common, most=options.most, page=page)
    plan = replace(plan, limits=_limits(options, plan.limits))
    if options.list_pieces:
        print("\n".join(piece.name for piece in plan.pieces))
        return
    if out is None:
        raise OptionError(f"{name} writes several files; name a folder: --out benchmarks/results")
    out.mkdir(parents=True, exist_ok=True)
    cells = Cells(out / f"{name}.json")

    def line(text: str) -> None:
        say(text, options.quiet)

    try:
        failed = plan.run(cells, line)
    finally:
        # Also where one stops in the middle: what is measured by then is in the report.
        written = plan.report(cells, out)
        for path in written:
            line(f"written: {path}")
    if options.json:
        print_json({"files": [str(path) for path in written], "failed": failed})
    if failed:
        raise BenchmarkError(f"{failed} cells failed and will be run again; {cells.path} says why")


def _limits(options: Measuring, usual: Limits) -> Limits:
    from grn_l0.benchmark.measure import Limits

    return Limits(
        seconds=usual.seconds if options.limit_s is None else options.limit_s,
        bytes=usual.bytes if options.limit_gib is None else options.limit_gib * 2**30,
    )

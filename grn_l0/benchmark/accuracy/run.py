"""One call: run what is missing, then write the table, the report and the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grn_l0._atomic import atomic_path
from grn_l0._errors import OutputError
from grn_l0._typing import PathLikeStr
from grn_l0.benchmark.accuracy import figures, report
from grn_l0.benchmark.accuracy.cell import Record
from grn_l0.benchmark.accuracy.suite import Plan, records, run_suite
from grn_l0.benchmark.machine import machine
from grn_l0.benchmark.methods import METHODS

NOTES = (
    "Medians over seeds with their range [least–most]; where a system is drawn from the seed, over systems. Slow "
    "rivals run on fewer seeds; the column says how many. `seconds` are wall clock, `cpu_seconds` processor time, of "
    "the inference alone, one thread each, while other cells run on the other cores.",
    "Edge metrics count over all candidate pairs, self-pairs excluded. AUPRC is average precision; EPR the precision "
    "among as many edges as are true, over the density. Figures of sets (precision, recall, balanced accuracy, edges) "
    "are those of the edges that a method chooses; a method that only ranks has none. `ece`: expected calibration "
    "error of the scores in ten bins, `ece_above_0.1` over the candidates with a score of at least .1 (nearly all "
    "others lie in the first bin and hide what happens above it).",
    "One-step MSE predicts x(t_k+1) from the true x(t_k). On SIM350 over the ten published noise-free trajectories.",
)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What was written: files in order, cells in the report, and cells that failed in this run."""

    files: tuple[Path, ...]
    cells: int
    failed: int


def accuracy(
    plan: Plan, folder: PathLikeStr, *, command: str = "", say: Callable[[str], None] | None = None
) -> Summary:
    """Run the cells that are missing, and write what all finished ones say.

    Parameters
    ----------
    plan
        What is asked for. The report is about the plan's cells, whether they were run now or before.
    folder
        Made if its parent exists. Gets ``accuracy.md``, ``accuracy.parquet``, ``accuracy-curves.parquet`` and figures;
        finished cells are kept in its folder ``cells``, where a later call finds them.
    command
        The command line, for the report.
    say
        Called with a line per cell.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    place = Path(folder)
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {place} cannot be made: {error.strerror}") from error
    failed = run_suite(plan, place / "cells", say)
    return write(records(plan, place / "cells"), place, command=command, failed=failed)


def write(found: list[Record], place: Path, *, command: str = "", failed: int = 0) -> Summary:
    """Table, curves, figures and report of these records."""
    files = []
    for name, table in (("accuracy.parquet", report.tidy(found)), ("accuracy-curves.parquet", report.curves(found))):
        with atomic_path(place / name) as temporary:
            table.to_parquet(temporary, index=False)
        files.append(place / name)
    drawn = figures.draw(found, place)
    files += [place / name for _, name in drawn]
    top = [f"`{command}`"] if command else []
    minutes = sum(r["figures"].get("cpu_seconds", 0.0) for r in found) / 60
    with atomic_path(place / "accuracy.md") as temporary:
        temporary.write_text(
            report.markdown(
                found,
                [
                    *top,
                    *NOTES,
                    f"{len(found)} cells, {minutes:.0f} minutes of processor time in the methods; {machine()}.",
                ],
                drawn,
            ),
            encoding="utf-8",
        )
    return Summary(files=(place / "accuracy.md", *files), cells=len(found), failed=failed)


def list_cells(plan: Plan) -> list[str]:
    """A line per case: its name, its methods and numbers of seeds."""
    lines: dict[str, dict[str, int]] = {}
    for case, method, _ in plan.cells():
        seeds = lines.setdefault(case.name, {})
        seeds[method.name] = seeds.get(method.name, 0) + 1
    return [f"{name}: " + ", ".join(f"{m} x{seeds[m]}" for m in METHODS if m in seeds) for name, seeds in lines.items()]

"""Cases x methods x seeds: what is to be run, run, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from grn_l0 import __version__
from grn_l0._checks import check_count
from grn_l0._errors import OptionError, nearest
from grn_l0._typing import PathLikeStr
from grn_l0.benchmark.accuracy.case import Case
from grn_l0.benchmark.accuracy.cases import CASES
from grn_l0.benchmark.accuracy.cell import Record, run_cell
from grn_l0.benchmark.accuracy.store import Store, code_of, finished
from grn_l0.benchmark.accuracy.workers import Job, Outcome, run_jobs
from grn_l0.benchmark.methods import METHODS, Method

#: Beyond three times a method's limit (wall-clock time on a busy machine), for what comes before and after.
_GRACE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked for.

    Attributes
    ----------
    only
        Patterns of case names, such as ``"SIM350/*"``; none for all.
    methods
        Patterns of method names; none for all.
    seeds
        Seeds of a usual case.
    processes
        Cells run at the same time, one thread each; 0 for this process.
    again
        Whether finished cells are run again.

    Raises
    ------
    OptionError
        If a pattern matches nothing, or a number is out of range.
    """

    only: Sequence[str] = ()
    methods: Sequence[str] = ()
    seeds: int = 3
    processes: int = 2
    again: bool = False

    def __post_init__(self) -> None:
        check_count("seeds", self.seeds)
        check_count("processes", self.processes, 0)
        for what, patterns, names in (("case", self.only, CASES), ("method", self.methods, METHODS)):
            for pattern in patterns:
                if not any(matches(name, (pattern,)) for name in names):
                    known = f"there are {', '.join(names)}" if what == "method" else "--list shows them"
                    raise OptionError(f"no {what} matches {pattern!r}; {known}{nearest(pattern, names)}")

    def cells(self) -> Iterator[tuple[Case, Method, int]]:
        """Cells in the order of work: those that share data follow one another."""
        for case in CASES.values():
            if not matches(case.name, self.only):
                continue
            wanted = [m for m in METHODS.values() if case.takes(m) and matches(m.name, self.methods)]
            seeds = {m.name: case.seeds_of(m, self.seeds) for m in wanted}
            for seed in range(max((len(s) for s in seeds.values()), default=0)):
                yield from ((case, method, seed) for method in wanted if seed in seeds[method.name])


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is one of the patterns, whatever its case; none at all match everything."""
    folded = name.casefold()
    return not patterns or any(fnmatchcase(folded, p.casefold()) for p in patterns)


def run_suite(plan: Plan, folder: PathLikeStr, report: Callable[[str], None] | None = None) -> int:
    """Run the cells that are not finished, and keep each as soon as it is.

    Parameters
    ----------
    plan
        What is asked for.
    folder
        Of the records.
    report
        Called with a line per cell.

    Returns
    -------
    Number of cells that failed.

    Raises
    ------
    OutputError
        If a record cannot be written.
    """
    say = report or (lambda line: None)
    store = Store(folder)
    cells = list(plan.cells())
    todo = [c for c in cells if plan.again or not finished(store.read(c[0].name, c[1].name, c[2]), code_of(c[0], c[1]))]
    say(f"{len(cells)} cells, {len(cells) - len(todo)} of them finished before")
    failed = 0
    for number, outcome in enumerate(run_jobs(map(_job, todo), plan.processes), 1):
        record = _record(outcome)
        store.write(record)
        failed += outcome.status == "failed"
        spent = record["figures"].get("seconds")
        what = outcome.reason or (f"{spent:.1f} s" if spent is not None else "")
        say(f"[{number}/{len(todo)}] {record['case']}: {record['method']}, seed {record['seed']}: {what}")
    return failed


def _job(cell: tuple[Case, Method, int]) -> Job:
    case, method, seed = cell
    return Job(function=run_named, arguments=(case.name, method.name, seed), limit_s=3 * method.limit_s + _GRACE_S)


def run_named(case: str, method: str, seed: int) -> Record:
    """A cell by names, so that another process can be told."""
    return run_cell(CASES[case], METHODS[method], seed)


def _record(outcome: Outcome) -> Record:
    case, method, seed = outcome.job.arguments
    empty: dict[str, Any] = {"case": case, "method": method, "seed": seed, "note": outcome.reason, "figures": {}}
    record: Record = outcome.value if outcome.status == "done" else empty
    code = code_of(CASES[case], METHODS[method])
    return record | {"status": outcome.status, "code": code, "version": __version__}


def records(plan: Plan, folder: PathLikeStr) -> list[Record]:
    """Records of the plan's cells, in its order; those of other code are left out."""
    store = Store(folder)
    found = ((store.read(c.name, m.name, seed), code_of(c, m)) for c, m, seed in plan.cells())
    return [record for record, code in found if record is not None and record.get("code") == code]

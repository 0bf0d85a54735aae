"""The pieces of the scale suite: one default fit per size."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from grn_l0._checks import check_count
from grn_l0._errors import BenchmarkError, OptionError
from grn_l0.benchmark.measure import Cells, Limits, Piece, run_measured, run_pieces
from grn_l0.benchmark.measure.cells import python_command
from grn_l0.benchmark.scale.sizes import SIZES, Size

_HERE = "grn_l0.benchmark.scale.pieces"


@dataclass(frozen=True, kw_only=True)
class ScalePlan:
    """What is measured, and how.

    Parameters
    ----------
    only
        Patterns of the sizes' names, such as ``"yeast*"``; all by default.
    most
        Only sizes of at most so many genes.
    repeats
        Runs of each size, in turns; large sizes run once.
    threads
        Threads of every process.
    limits
        Of every process. By default two hours and most of the machine's memory.
    again
        Also measure what is there already.
    """

    only: tuple[str, ...] = ()
    most: int | None = None
    repeats: int = 3
    threads: int = 1
    limits: Limits = field(default_factory=lambda: Limits.usual(7200.0))
    again: bool = False

    def __post_init__(self) -> None:
        check_count("repeats", self.repeats)
        check_count("threads", self.threads)
        for pattern in self.only:
            if not any(fnmatchcase(size.name, pattern) for size in SIZES):
                raise OptionError(f"{pattern!r} is no size; there are {'; '.join(size.name for size in SIZES)}")
        if not self.sizes:
            raise OptionError(f"no size has at most {self.most} genes; the smallest has {SIZES[0].genes}")

    @property
    def sizes(self) -> list[Size]:
        """Those that are measured."""
        chosen = [s for s in SIZES if not self.only or any(fnmatchcase(s.name, pattern) for pattern in self.only)]
        return [s for s in chosen if self.most is None or s.genes <= self.most]

    @property
    def names(self) -> list[str]:
        """Of the sizes."""
        return [size.name for size in self.sizes]


def piece(size: Size, plan: ScalePlan, folder: Path) -> Piece:
    """The work of one size, on the data in `folder`."""
    path = {"path": str(_data(size, folder)), "regulators": size.regulators}
    return Piece(
        name=size.name,
        call=f"{_HERE}:{'fit_yeast' if size.data == 'yeast' else 'fit'}",
        arguments={"threads": plan.threads} | ({} if size.data == "yeast" else path),
        repeats=min(plan.repeats, size.repeats),
        limits=plan.limits,
        threads=plan.threads,
    )


def run(plan: ScalePlan, cells: Cells, say: Callable[[str], None]) -> int:
    """Simulate the systems that are missing, and measure the fits.

    Returns
    -------
    Number of cells that failed.

    Raises
    ------
    BenchmarkError
        If a system cannot be simulated.
    """
    with tempfile.TemporaryDirectory(prefix="grn-l0-scale-") as name:
        folder = Path(name)
        wanted = [piece(size, plan, folder) for size in plan.sizes]
        for size, one in zip(plan.sizes, wanted, strict=True):
            missing = plan.again or any(not cells.finished(one, k) for k in range(one.repeats))
            if size.data == "simulated" and missing:
                arguments = {"path": one.arguments["path"], "genes": size.genes, "regulators": size.regulators}
                used = run_measured(python_command(f"{_HERE}:prepare", arguments, folder), limits=plan.limits)
                if used.status != "done":
                    raise BenchmarkError(f"{size.name} could not be simulated ({used.status}): {used.words[-300:]}")
                say(f"{size.name}: simulated in {used.cpu_s:.1f} s, {used.peak_bytes / 2**20:.0f} MiB")
        return run_pieces(wanted, cells, again=plan.again, say=say)


def _data(size: Size, folder: Path) -> Path:
    return folder / f"{size.genes}-{size.regulators}.h5ad"

"""What a suite of measurements is asked to do: which pieces, how often, within which limits."""

from __future__ import annotations

import math
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar

from grn_l0._checks import check_count
from grn_l0._errors import OptionError
from grn_l0.benchmark.measure.cells import Cells
from grn_l0.benchmark.measure.limits import Limits
from grn_l0.benchmark.measure.piece import Piece
from grn_l0.benchmark.measure.run import run_pieces


@dataclass(frozen=True, kw_only=True)
class AbstractPlan(ABC):
    """What is measured, and how.

    Parameters
    ----------
    only
        Patterns of the pieces' names, such as ``"command*"``; all by default.
    repeats
        Runs of each piece, in turns; the tables give medians. Pieces that take long run once.
    threads
        Threads of every process.
    limits
        Of every process.
    again
        Also measure what is there already.

    Raises
    ------
    OptionError
        If a number is not positive, or a pattern matches nothing.
    """

    only: tuple[str, ...] = ()
    repeats: int = 3
    threads: int = 1
    limits: Limits = field(default_factory=Limits)
    again: bool = False

    #: Of the suite, as the command line has it.
    suite: ClassVar[str]

    def __post_init__(self) -> None:
        for name in ("repeats", "threads"):
            check_count(name, getattr(self, name))
        known = [piece.name for piece in self.every()]
        for pattern in self.only:
            if not any(fnmatchcase(name, pattern) for name in known):
                raise OptionError(f"{pattern!r} is no piece of this suite; there are: {'; '.join(known)}")

    @abstractmethod
    def every(self) -> list[Piece]:
        """All pieces, whatever `only` says."""

    @abstractmethod
    def report(self, cells: Cells, out: Path) -> list[Path]:
        """Write tables and figures into a folder; the files that were written."""

    @property
    def own_options(self) -> dict[str, int | None]:
        """Options of the command line that only this suite has; None where one is not given."""
        return {}

    @property
    def pieces(self) -> list[Piece]:
        """Those that are measured."""
        return [p for p in self.every() if not self.only or any(fnmatchcase(p.name, pattern) for pattern in self.only)]

    @property
    def command(self) -> str:
        """The command line that asks for the same."""
        words = ["grn-l0", "benchmark", self.suite, *(word for pattern in self.only for word in ("--only", pattern))]
        given = {"--repeats": self.repeats, "--threads": self.threads, **self.own_options}
        limits = {"--limit": self.limits.seconds, "--memory": self.limits.bytes / 2**30}
        for option, value in (given | {k: v for k, v in limits.items() if math.isfinite(v)}).items():
            words += [] if value is None else [option, f"{value:.6g}"]
        return shlex.join(words + ["--again"] * self.again)

    def run(self, cells: Cells, say: Callable[[str], None]) -> int:
        """Measure what is missing; the number of cells that failed."""
        return run_pieces(self.pieces, cells, again=self.again, say=say)

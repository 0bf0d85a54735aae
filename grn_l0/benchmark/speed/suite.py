"""The pieces of the speed suite: SIM350 in every way that one meets it, the peers, and the machine's peak."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from grn_l0._checks import check_count
from grn_l0._errors import OptionError
from grn_l0.benchmark.measure import Cells, Limits, Piece, run_measured, run_pieces
from grn_l0.benchmark.measure.cells import python_command
from grn_l0.benchmark.speed.pieces import DATA, MODEL, NETWORK, SCORES

#: Names of the pieces.
FIT, WARM, FIRST, IMPORT, HELP = "fit", "command", "command, first run ever", "import grn_l0", "grn-l0 --help"
RESAMPLES, PEAK = "50 resamples", "peak"
#: Methods of the accuracy benchmark that run beside ours; the slow ones run once. PHOENIX trains until its 500 epochs
#: are over.
PHOENIX, SLOW, QUICK = "PHOENIX-like", ("dynGENIE3-like", "PHOENIX-like"), ("lasso", "pysindy")
#: Resamples whose seconds are compared with those of one fit.
N_RESAMPLES = 50
_HERE = "grn_l0.benchmark.speed.pieces"
_MAIN = "from grn_l0.cli import main; main()"


@dataclass(frozen=True, kw_only=True)
class SpeedPlan:
    """What is measured, and how.

    Parameters
    ----------
    only
        Patterns of the pieces' names, such as ``"command*"``; all by default.
    repeats
        Runs of each piece, in turns; the tables give medians. Slow methods and the resamples run once.
    threads
        Threads of every process.
    jobs
        Processes of the resamples.
    limits
        Of every process.
    again
        Also measure what is there already.
    small
        A small simulated system in place of SIM350, and no peers: to try the suite.
    """

    only: tuple[str, ...] = ()
    repeats: int = 3
    threads: int = 1
    jobs: int = 2
    limits: Limits = field(default_factory=lambda: Limits.usual(1800.0))
    again: bool = False
    small: bool = False

    def __post_init__(self) -> None:
        for name in ("repeats", "threads", "jobs"):
            check_count(name, getattr(self, name))

    @property
    def names(self) -> list[str]:
        """Of the pieces."""
        return [piece.name for piece in pieces(self, Path())]


def pieces(plan: SpeedPlan, folder: Path) -> list[Piece]:
    """All pieces that the plan names; files of the commands go to `folder`.

    Raises
    ------
    OptionError
        If a pattern matches nothing.
    """
    common: dict[str, Any] = {"repeats": plan.repeats, "limits": plan.limits, "threads": plan.threads}
    fit: dict[str, Any] = {"seed": 0, "threads": plan.threads, "small": plan.small}
    found = [
        Piece(
            name=PEAK, call="grn_l0.benchmark.measure.peak:machine_peak", arguments={"threads": plan.threads}, **common
        ),
        Piece(name=IMPORT, command=(sys.executable, "-c", "import grn_l0"), **common),
        Piece(name=HELP, command=(sys.executable, "-c", _MAIN, "--help"), **common),
        Piece(name=FIT, call=f"{_HERE}:fit", arguments=fit, **common),
        _command(WARM, plan, folder),
        _command(FIRST, plan, folder),
    ]
    if not plan.small:
        found += [_peer(name, plan.repeats, plan) for name in QUICK] + [_peer(name, 1, plan) for name in SLOW]
    arguments = fit | {"resamples": N_RESAMPLES, "jobs": plan.jobs}
    found.append(Piece(name=RESAMPLES, call=f"{_HERE}:fit", arguments=arguments, **common | {"repeats": 1}))
    for pattern in plan.only:
        if not any(fnmatchcase(p.name, pattern) for p in found):
            raise OptionError(f"{pattern!r} is no piece of this suite; there are {', '.join(p.name for p in found)}")
    return [p for p in found if not plan.only or any(fnmatchcase(p.name, pattern) for pattern in plan.only)]


def _command(name: str, plan: SpeedPlan, folder: Path) -> Piece:
    """``grn-l0 infer`` as one types it; the first run ever finds nothing compiled by numba."""
    words = [str(folder / DATA), "--trajectory-key", "trajectory", "--threads", str(plan.threads), "--quiet"]
    for option, file in (("--out", NETWORK), ("--scores", SCORES), ("--model", MODEL)):
        words += [option, str(folder / file)]
    return Piece(
        name=name,
        command=(sys.executable, "-c", _MAIN, "infer", *words),
        judge=f"{_HERE}:judge",
        judge_arguments={"folder": str(folder), "small": plan.small},
        fresh=("NUMBA_CACHE_DIR",) if name == FIRST else (),
        repeats=plan.repeats,
        limits=plan.limits,
        threads=plan.threads,
    )


def _peer(name: str, repeats: int, plan: SpeedPlan) -> Piece:
    limit = plan.limits.seconds if math.isfinite(plan.limits.seconds) else 1e9
    arguments = {"method": name, "seed": 0, "limit_s": limit}
    return Piece(
        name=name, call=f"{_HERE}:peer", arguments=arguments, repeats=repeats, limits=plan.limits, threads=plan.threads
    )


def run(plan: SpeedPlan, cells: Cells, say: Callable[[str], None]) -> int:
    """Prepare the files, warm the caches, measure what is missing.

    Returns
    -------
    Number of cells that failed.

    Raises
    ------
    OptionError
        If preparing fails, as where the published data are not there.
    """
    with tempfile.TemporaryDirectory(prefix="grn-l0-speed-") as name:
        folder = Path(name)
        wanted = pieces(plan, folder)
        if plan.again or any(not cells.finished(p, k) for p in wanted for k in range(p.repeats)):
            _before(f"{_HERE}:warm_up", {"threads": plan.threads}, folder)
            arguments = {"folder": name, "seed": 0, "small": plan.small}
            _before(f"{_HERE}:prepare", arguments, folder)
        return run_pieces(wanted, cells, again=plan.again, say=say)


def _before(call: str, arguments: dict[str, object], folder: Path) -> None:
    used = run_measured(python_command(call, arguments, folder), limits=Limits())
    if used.status != "done":
        raise OptionError(f"the suite cannot begin: {used.words.splitlines()[-1] if used.words else used.status}")

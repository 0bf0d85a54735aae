"""The pieces of the speed suite: SIM350 in every way that one meets it, the peers, and the machine's peak."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from grn_l0._checks import check_count
from grn_l0.benchmark.measure import SHARED, AbstractPlan, Call, Cells, Limits, Piece
from grn_l0.benchmark.speed.names import FIRST, FIT, HELP, IMPORT, PEAK, QUICK, RESAMPLES, SLOW, WARM
from grn_l0.benchmark.speed.pieces import DATA, MODEL, NETWORK, SCORES
from grn_l0.benchmark.speed.report import report

#: Resamples whose seconds are compared with those of one fit.
N_RESAMPLES = 50
_HERE = "grn_l0.benchmark.speed.pieces"
_MAIN = "from grn_l0.cli import main; main()"


@dataclass(frozen=True, kw_only=True)
class SpeedPlan(AbstractPlan):
    """What the speed suite is asked for; see `AbstractPlan` for the rest. By default a piece may take an hour.

    Parameters
    ----------
    jobs
        Processes of the resamples.
    small
        A small simulated system in place of SIM350, and no peers: to try the suite.
    """

    limits: Limits = field(default_factory=lambda: Limits.usual(3600.0))
    jobs: int = 2
    small: bool = False

    suite: ClassVar[str] = "speed"

    def __post_init__(self) -> None:
        check_count("jobs", self.jobs)
        super().__post_init__()

    @property
    def own_options(self) -> dict[str, int | None]:
        """The workers."""
        return {"--processes": self.jobs}

    def every(self) -> list[Piece]:
        """The ways to run SIM350, and what stands beside them."""
        warm = Call("grn_l0.benchmark.measure.fit:small_fit", {"threads": self.threads})
        fit: dict[str, Any] = {"seed": 0, "threads": self.threads, "small": self.small}
        resamples = fit | {"resamples": N_RESAMPLES, "jobs": self.jobs}
        common: dict[str, Any] = {"repeats": self.repeats, "limits": self.limits, "threads": self.threads}
        after: dict[str, Any] = common | {"before": (warm,)}
        peak = Call("grn_l0.benchmark.measure.peak:machine_peak", {"threads": self.threads})
        found = [
            Piece(name=PEAK, call=peak, **common),
            Piece(name=IMPORT, command=("-c", "import grn_l0"), **after),
            Piece(name=HELP, command=("-c", _MAIN, "--help"), **after),
            Piece(name=FIT, call=Call(f"{_HERE}:fit", fit), **after),
            self._command(WARM, after),
            self._command(FIRST, after | {"fresh": ("NUMBA_CACHE_DIR",)}),
        ]
        for name in () if self.small else (*QUICK, *SLOW):
            repeats = 1 if name in SLOW else self.repeats
            call = Call(f"{_HERE}:peer", {"method": name, "seed": 0})
            found.append(Piece(name=name, call=call, **after | {"repeats": repeats}))
        found.append(Piece(name=RESAMPLES, call=Call(f"{_HERE}:fit", resamples), **after | {"repeats": 1}))
        return found

    def _command(self, name: str, common: dict[str, Any]) -> Piece:
        """``grn-l0 infer`` as one types it."""
        words = [f"{SHARED}/{DATA}", "--trajectory-key", "trajectory", "--threads", str(self.threads), "--quiet"]
        for option, file in (("--out", NETWORK), ("--scores", SCORES), ("--model", MODEL)):
            words += [option, f"{SHARED}/{file}"]
        data = Call(f"{_HERE}:prepare", {"folder": SHARED, "seed": 0, "small": self.small})
        return Piece(
            name=name,
            command=("-c", _MAIN, "infer", *words),
            judge=Call(f"{_HERE}:judge", {"folder": SHARED, "small": self.small}),
            **common | {"before": (*common["before"], data)},
        )

    def report(self, cells: Cells, out: Path) -> list[Path]:
        """Write speed.md and speed.png."""
        return report(cells, out, self.command)

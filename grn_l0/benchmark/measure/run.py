"""Pieces are measured in turns, each cell in a process of its own."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from grn_l0.benchmark.machine import machine
from grn_l0.benchmark.measure.cells import Cells, Record, current_code
from grn_l0.benchmark.measure.piece import SHARED, Call, Piece
from grn_l0.benchmark.measure.usage import Usage, run_measured

_DONE = "done"


class Preparation:
    """What pieces need before they begin, made once, in a folder that they share.

    Parameters
    ----------
    folder
        Where it is.
    say
        Told what was made.
    """

    def __init__(self, folder: str, say: Callable[[str], None] = lambda _: None) -> None:
        self.folder, self._say = folder, say
        self._made: list[tuple[Call, Usage]] = []

    def failure(self, piece: Piece) -> Usage | None:
        """What the preparation of a piece took that did not succeed; None where all did."""
        for call in piece.before:
            used = next((used for made, used in self._made if made == call), None)
            if used is None:
                with tempfile.TemporaryDirectory(prefix="grn-l0-") as own:
                    used = run_measured(call.command(Path(own), self.folder), limits=piece.limits)
                self._made.append((call, used))
                self._say(f"{piece.name}, {call.function.partition(':')[2]}: {used.status}, {used.wall_s:.1f} s")
            if used.status != _DONE:
                return used
        return None


def run_pieces(
    pieces: Sequence[Piece], cells: Cells, *, again: bool = False, say: Callable[[str], None] = lambda _: None
) -> int:
    """Measure the cells that are not finished, in turns: the first repeat of every piece, then the second, ...

    Drift of the machine then hits all pieces alike. Every cell is kept as soon as it is measured. A piece that failed,
    or ran out of a limit, is not repeated; the others go on.

    Returns
    -------
    Number of cells that failed.
    """
    failed = 0
    out: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="grn-l0-") as shared:
        preparation = Preparation(shared, say)
        for repeat in range(max((p.repeats for p in pieces), default=0)):
            for piece in pieces:
                if repeat >= piece.repeats or piece.name in out:
                    continue
                if again or not cells.finished(piece, repeat):
                    cells.keep(measure(piece, repeat, preparation))
                record = cells.get(piece.name, repeat)
                why = record["reason"].splitlines()[-1:] if record["status"] == "failed" else []
                words = [f"{piece.name}, {repeat + 1} of {piece.repeats}: {record['status']}", *why]
                say(f"{': '.join(words)}, {record['wall_s']:.1f} s")
                failed += record["status"] == "failed"
                if record["status"] != _DONE:
                    out.add(piece.name)
    return failed


def measure(piece: Piece, repeat: int, preparation: Preparation) -> Record:
    """Measure one cell; where its preparation did not succeed, that is the record."""
    used = preparation.failure(piece)
    figures, status, reason = {}, "", ""
    if used is None:
        with tempfile.TemporaryDirectory(prefix="grn-l0-") as name:
            folder, shared = Path(name), preparation.folder
            words = [word.replace(SHARED, shared) for word in piece.command]
            command = [sys.executable, *words] if piece.call is None else piece.call.command(folder, shared)
            empty = {variable: str(folder / variable) for variable in piece.fresh}
            used = run_measured(command, limits=piece.limits, threads=piece.threads, env=empty)
            if used.status == _DONE and piece.judge is not None:
                judged = run_measured(piece.judge.command(folder, shared), limits=piece.limits)
                if judged.status != _DONE:
                    status, reason = "failed", f"judging: {judged.status} {judged.words}"
            answer = folder / "answer.json"
            if used.status == _DONE and answer.is_file():
                figures = json.loads(answer.read_text("utf-8"))
    status = status or used.status
    record: Record = {"name": piece.name, "repeat": repeat, "status": status}
    record["reason"] = reason or ("" if status == _DONE else used.words)
    limit = {"time limit": piece.limits.seconds, "memory limit": piece.limits.bytes}.get(status)
    return record | ({} if limit is None else {"limit": limit}) | {
        "wall_s": used.wall_s, "cpu_s": used.cpu_s, "peak_bytes": used.peak_bytes, "load": list(used.load),
        "figures": figures, "code": current_code(), "machine": machine(), "threads": piece.threads, "work": piece.work,
        "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
    }  # fmt: skip

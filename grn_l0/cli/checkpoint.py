"""What a person who pressed Ctrl-C is told: where the last checkpoint is, and what continues from it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from grn_l0.cli.outputs import say


@contextmanager
def explain_interruption(folder: Path | None) -> Iterator[None]:
    """Say on Ctrl-C where the last checkpoint is and which command continues, or how to get one."""
    before = _stamp(folder)
    try:
        yield
    except KeyboardInterrupt:
        after = _stamp(folder)
        if folder is None:
            say("grn-l0: there is no checkpoint; with --checkpoint DIR a run goes on after its posterior start")
        elif after is None:
            say(f"grn-l0: there is no checkpoint in {folder} yet; it is written when the posterior start is done")
        else:
            whose = "last checkpoint" if after != before else "last checkpoint (older than this run)"
            say(f"grn-l0: {whose}: {after[0]}")
            say(f"grn-l0: to continue: {_command()}")
        raise


def _stamp(folder: Path | None) -> tuple[Path, int] | None:
    """The checkpoint and when it was written; None where there is none."""
    if folder is None:
        return None
    from grn_l0.tl.start import CHECKPOINT

    path = folder / CHECKPOINT
    return (path, path.stat().st_mtime_ns) if path.is_file() else None


def _command() -> str:
    """The command line of this run, as a shell takes it."""
    context = typer_context()
    words = [] if context is None else context
    return shlex.join(["grn-l0", *words])

"""What a person who pressed Ctrl-C is told: where the last checkpoint is, and what continues from it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grn_l0.cli.outputs import say


@contextmanager
def explain_interruption(folder: Path | None, words: Sequence[str]) -> Iterator[None]:
    """Say on Ctrl-C where the last checkpoint is and which command continues, or how to get one.

    Parameters
    ----------
    folder
        Folder of the checkpoint; None where none was asked for.
    words
        The words of this command line after ``grn-l0``.
    """
    before = _stamp(folder)
    try:
        yield
    except KeyboardInterrupt:
        after = _stamp(folder)
        if folder is None:
            text = "there is no checkpoint; with --checkpoint DIR the next run can go on from where it was stopped"
        elif after is None:
            text = f"there is no checkpoint in {folder} yet: the first is written after ten seconds"
        else:
            path, _ = after
            age = "" if after != before else " (from an earlier run; used if it fits these data, options and seed)"
            text = f"the last checkpoint is {path}{age}; this continues from it: {shlex.join(['grn-l0', *words])}"
        say(f"grn-l0: {text}")
        raise


def _stamp(folder: Path | None) -> tuple[Path, int] | None:
    """The latest checkpoint and when it was written; None where there is none."""
    if folder is None:
        return None
    from grn_l0.tl.start import checkpoints

    stamps = [(path, path.stat().st_mtime_ns) for path in checkpoints(folder)]
    return max(stamps, key=lambda stamp: stamp[1], default=None)

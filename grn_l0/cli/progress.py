"""Progress on stderr: a bar on a terminal, a plain line per interval elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grn_l0._typing import Progress

#: Seconds between two plain lines.
INTERVAL = 5.0


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """A callable that shows how far long work is, or None when `quiet`."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as callback:
            yield callback
    else:
        yield PlainProgress()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        tasks = {}

        def callback(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total, figures="")
            bar.update(tasks[stage], completed=done, total=total, figures=_words(figures))

        yield callback


class PlainProgress:
    """Writes a line when a stage ends, and one per interval while it lasts.

    Parameters
    ----------
    interval
        Seconds between two lines.
    clock
        Seconds since any fixed moment.
    """

    def __init__(self, interval: float = INTERVAL, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._stage: str | None = None
        self._began = self._spoke = clock()

    def __call__(self, stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        """Take note of a step; see `grn_l0._typing.Progress`."""
        now = self._clock()
        if stage != self._stage:
            self._stage, self._began, self._spoke = stage, now, now
        ended = done >= total
        if not ended and now - self._spoke < self._interval:
            return
        self._spoke = now
        spent = now - self._began
        left = "" if ended or done == 0 else f", about {spent * (total - done) / done:.0f} s left"
        took = f", {spent:.1f} s" if ended else ""
        words = _words(figures)
        print(f"{stage}: {done}/{total}{', ' + words if words else ''}{took}{left}", file=sys.stderr, flush=True)


def _words(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())

"""Progress on stderr: one bar over all stages on a terminal, a plain line per interval elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from grn_l0._typing import Progress

#: Seconds between two plain lines.
INTERVAL = 5.0

#: Stages of a fit in their order, and the usual share of the time that each takes.
PLAN: Mapping[str, float] = {
    "posterior": 0.85,
    "gated ODE": 0.06,
    "linear forecast": 0.04,
    "logistic forecast": 0.05,
}
#: What a resample takes of the time of the posterior start.
PER_RESAMPLE = 0.2
#: The same without a posterior start.
PLAN_FROM_SCRATCH: Mapping[str, float] = {
    "gated ODE": 0.45,
    "test-time gates": 0.35,
    "density": 0.06,
    "linear forecast": 0.1,
    "logistic forecast": 0.1,
}


def plan(resamples: int, jobs: int) -> Mapping[str, float]:
    """Stages of a fit with so many resamples on so many processes."""
    if not resamples:
        return PLAN
    posterior = PLAN["posterior"]
    return {"posterior": posterior, "resamples": posterior * PER_RESAMPLE * resamples / jobs, **PLAN}


class Overall:
    """How far a whole fit is, and how long it will still take, from how far its stages are.

    A stage that is over, or that was passed over, counts as done; a stage that comes again begins another fit.

    Parameters
    ----------
    plan
        Stages in their order, with shares of the time.
    clock
        Seconds since any fixed moment.
    """

    def __init__(self, plan: Mapping[str, float] = PLAN, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = dict(plan)
        self._clock = clock
        self._made = self._began = self._seen = clock()
        self._stage: str | None = None
        self._last, self._free = 0, 0.0
        self.done = 0.0
        self.left: float | None = None

    @property
    def spent(self) -> float:
        """Seconds since this object was made."""
        return self._clock() - self._made

    def step(self, stage: str, done: int, total: int, *, resumed: bool = False) -> None:
        """Take note of a step; afterwards `done` is a share in [0, 1] and `left` is in seconds.

        Of a stage that was `resumed` what is done took no time: it came from a checkpoint.
        """
        now = self._clock()
        if stage not in self._plan and self._stage is None:
            # What comes before everything else, short runs that choose a variant of the model, takes about as long.
            self._plan = {stage: next(iter(self._plan.values())), **self._plan}
        elif stage not in self._plan:
            self._plan[stage] = self._plan.get(self._stage or "", 0.1)
        names = list(self._plan)
        whole = sum(self._plan.values())
        before = sum(self._plan[name] for name in names[: names.index(stage)]) / whole
        self.done = min(before + self._plan[stage] / whole * done / max(total, 1), 1.0)
        if self._stage is None:
            self._free = self.done if resumed or done >= total else before
        elif (names.index(stage), done) < (names.index(self._stage), self._last):
            self._began, self._free = self._seen, self.done if resumed else before
        elif resumed:
            self._free += self.done - before
        self._stage, self._last, self._seen = stage, done, now
        spent, paid = now - self._began, self.done - self._free
        self.left = spent * (1.0 - self.done) / paid if paid > 0 and spent > 0 else None


@contextmanager
def progress(quiet: bool, plan: Mapping[str, float] = PLAN) -> Iterator[Progress | None]:
    """A callable that shows how far long work is, or None when `quiet`.

    Parameters
    ----------
    quiet
        Show nothing.
    plan
        Stages in their order, with shares of the time.
    """
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(plan) as callback:
            yield callback
    else:
        yield PlainProgress(plan=plan)


@contextmanager
def _bar(plan: Mapping[str, float]) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
        TextColumn("{task.fields[left]}"),
    )
    overall, width = Overall(plan), max(map(len, plan))
    with Bar(*columns, console=Console(stderr=True), expand=True) as bar:
        task = bar.add_task(next(iter(plan)).ljust(width), total=1.0, figures=_figures({}), left=" " * 12)

        def callback(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
            resumed = "resumed" in figures
            overall.step(stage, done, total, resumed=resumed)
            left = "" if overall.left is None else f"{_clock(overall.left):>7} left"
            left = f"resumed after {done} of {total}" if resumed else left
            bar.update(
                task, description=stage.ljust(width), completed=overall.done, figures=_figures(figures), left=left
            )

        yield callback
        # Stages that were not needed (a family of forecasts, say) are done, too.
        bar.update(task, description="done".ljust(width), completed=1.0, left=f"{_clock(overall.spent):>7}")


def _figures(figures: dict[str, float]) -> str:
    """Loss and density at fixed widths, so that nothing jumps; a stage without a loss has a dash."""
    shown = {"loss": float("nan"), "density": float("nan"), **figures}
    return "  ".join(f"{name} {'–' if value != value else f'{value:.4g}':<9}" for name, value in shown.items())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class PlainProgress:
    """Writes a line when a stage ends, and one per interval while it lasts.

    Parameters
    ----------
    interval
        Seconds between two lines.
    clock
        Seconds since any fixed moment.
    plan
        Stages in their order, with shares of the time.
    """

    def __init__(
        self,
        interval: float = INTERVAL,
        clock: Callable[[], float] = time.monotonic,
        plan: Mapping[str, float] = PLAN,
    ) -> None:
        self._interval = interval
        self._clock = clock
        self._overall = Overall(plan, clock)
        self._stage: str | None = None
        self._began = self._spoke = clock()

    def __call__(self, stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        """Take note of a step; see `grn_l0._typing.Progress`."""
        now = self._clock()
        resumed = "resumed" in figures
        self._overall.step(stage, done, total, resumed=resumed)
        if stage != self._stage:
            # The first stage began when this object was made: loading and compiling belong to it.
            self._began = now if self._stage is not None else self._began
            self._stage = stage
        ended = done >= total
        if done == 0 and not resumed:
            print(f"{stage}: begun", file=sys.stderr, flush=True)
            return
        if resumed:
            self._spoke = now
            print(f"{stage}: resumed after {done} of {total}", file=sys.stderr, flush=True)
            return
        if not ended and now - self._spoke < self._interval:
            return
        self._spoke = now
        parts = [f"{stage}: {done}/{total}", _words(figures)]
        if ended:
            parts.append(f"{now - self._began:.1f} s")
        elif self._overall.left is not None:
            parts.append(f"{self._overall.done:.0%} of all, about {self._overall.left:.0f} s left")
        print(", ".join(part for part in parts if part), file=sys.stderr, flush=True)


def _words(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())

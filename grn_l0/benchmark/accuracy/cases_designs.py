"""Sampling designs on systems simulated by ourselves, and their nulls. A new design is one line in `DESIGNS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from grn_l0 import simulate
from grn_l0.benchmark.accuracy.case import Case, Problem, null, simulated
from grn_l0.timeseries import TimeSeries

#: From a seed to the data of a system, with their truth: see `grn_l0.benchmark.accuracy.simulated`.
Maker = Callable[[int], Problem]
#: Series without noise that are kept apart for the forecast.
TESTS = 10


@dataclass(frozen=True, kw_only=True)
class Design:
    """An experiment.

    Attributes
    ----------
    name
        As the tables show it.
    make
        From a seed to data.
    systems
        Number of systems where the benchmark is asked for three seeds.
    nulls
        Kinds of data without regulation that are made from this design's, keys of `NULLS`.
    null_systems
        Number of systems of each kind, where three seeds are asked for.
    everyone
        Whether the rivals take part that are slow, and near chance on SIM350 (PathReg-like, GENIE3, GRNBoost2).
    also
        Further methods, as in `Case.methods`: what is named runs on every system, a role on one.
    forecast
        Whether there are series to forecast.
    about
        A sentence for the report.
    """

    name: str
    make: Maker
    systems: int = 3
    nulls: tuple[str, ...] = ("trajectories permuted", "pure noise")
    null_systems: int = 2
    everyone: bool = False
    also: tuple[str, ...] = ()
    forecast: bool = True
    about: str = ""


NULLS: dict[str, Any] = {
    "trajectories permuted": simulate.permuted,
    "pure noise": simulate.pure_noise,
    "time-shifted": simulate.time_shifted,
    "phase-randomised": simulate.phase_randomised,
}
LONG = ("pure noise", "time-shifted", "phase-randomised")

#: Where no regulator has many targets, learned prices must not be worse than one for all.
UNIFORM = ("grn_l0, uniform price",)


def short(seed: int, *, genes: int, n: int, times: tuple[float, ...], **system: Any) -> Problem:
    """Relaxations from random initial states, with 5 % noise; ten more without noise to be forecast."""
    network = simulate.random_system(genes, seed, **system)
    return _split(network, n, TESTS, lambda k, noise: simulate.short_trajectories(network, k, times, noise, seed))


def long(seed: int, *, genes: int, n: int, end: float, times: int, **system: Any) -> Problem:
    """Long series that the inputs keep moving, with 5 % noise; one more without noise to be forecast."""
    network = simulate.random_system(genes, seed, **system)
    at = np.linspace(0, end, times).tolist()
    return _split(network, n, 1, lambda k, noise: simulate.long_series(network, k, at, noise, seed))


def ready(seed: int, *, name: str) -> Problem:
    """One of the simulator's ready designs."""
    system, series = simulate.DESIGNS[name](seed)
    return simulated(series, system)


def _split(system: simulate.System, n: int, tests: int, make: Callable[[int, float], TimeSeries]) -> Problem:
    """The first n series with noise, the others without: the same seed gives the same series at every noise."""
    noisy, clean = make(n + tests, 0.05), make(n + tests, 0.0)
    return simulated(noisy.select([*range(n)]), system, test=clean.select([*range(n, n + tests)]))


def _grid(end: float, times: int) -> tuple[float, ...]:
    return tuple(np.linspace(0, end, times).tolist())


def _ready(which: str, name: str, **options: Any) -> Design:
    """A ready design; the simulator makes no further series to forecast."""
    return Design(name=name, make=partial(ready, name=which), forecast=False, **{"nulls": (), **options})


DESIGNS = (
    Design(name="50 series x 5 times, 60 genes",
           make=partial(short, genes=60, n=50, times=(0.0, 1.0, 2.0, 4.0, 8.0)), everyone=True),
    Design(name="30 series x 6 times, 200 genes", make=partial(short, genes=200, n=30, times=_grid(8, 6))),
    Design(name="10 series x 21 times, 100 genes", make=partial(short, genes=100, n=10, times=_grid(10, 21)),
           nulls=("trajectories permuted", *LONG), everyone=True),
    Design(name="6 series x 10 times, 50 genes", make=partial(short, genes=50, n=6, times=_grid(8, 10))),
    Design(name="2 series x 60 times, inputs driven, 60 genes", make=partial(long, genes=60, n=2, end=40.0, times=60),
           nulls=LONG),
    Design(name="40 series x 5 times, linear production, 60 genes",
           make=partial(short, genes=60, n=40, times=(0.0, 1.0, 2.0, 4.0, 8.0), production="linear")),
    _ready("10x21 stimulus", "10 series x 21 times, unknown stimulus, proteins, 100 genes", systems=10,
           nulls=("trajectories permuted", *LONG), null_systems=3, also=("@ablation",),
           about="Transcripts and proteins, thermodynamic production, 10 % multiplicative noise; in each series a "
                 "stimulus that nobody tells the model about is switched on and off."),
    _ready("one long series 178", "1 series x 178 times, inputs driven, 100 genes", nulls=LONG),
    _ready("one long series 24", "1 series x 24 times, inputs driven, 100 genes", nulls=LONG),
    _ready("one fluctuating series 178", "1 series x 178 times, fluctuating, proteins, 100 genes", nulls=LONG),
    _ready("one fluctuating series 24", "1 series x 24 times, fluctuating, proteins, 100 genes", nulls=LONG),
    _ready("without hubs 50", "100 series x 5 times, no hubs, 50 genes", also=UNIFORM,
           nulls=("trajectories permuted", "pure noise")),
    _ready("without hubs 100", "100 series x 5 times, no hubs, 100 genes", also=UNIFORM),
    _ready("without hubs 150", "100 series x 5 times, no hubs, 150 genes", also=UNIFORM),
    _ready("pseudotime cells", "Single cells along pseudotime, 60 genes"),
    _ready("pseudotime cells, two fates", "Single cells along pseudotime, two fates, 60 genes"),
    _ready("irregular with missing", "40 series, irregular times, missing values, 60 genes", nulls=("pure noise",)),
)  # fmt: skip


def _null(seed: int, *, make: Maker, kind: str) -> Problem:
    return null(NULLS[kind](make(seed).series, seed=seed))


def cases() -> tuple[Case, ...]:
    """A case per design, and one per null of it."""
    found = [
        Case(
            name=f"Own simulations/{d.name}",
            make=d.make,
            methods=(
                "@ours",
                "@quick",
                *(("@slow",) if d.everyone else ("PHOENIX-like", "pysindy", "dynGENIE3-like")),
                *(("@floor",) if d.forecast else ()),
                *d.also,
            ),
            seeds=d.systems,
            # The acceptance compares with trees on derivatives, so these run on every system.
            fewer=(
                *((name, d.systems) for name in ("dynGENIE3-like", *d.also) if not name.startswith("@")),
                ("@slow", 1),
                ("@ablation", 1),
            ),
            about=d.about,
        )
        for d in DESIGNS
    ]
    empty = [
        Case(
            name=f"Nulls/{d.name}, {kind}",
            make=partial(_null, make=d.make, kind=kind),
            methods=("@ours", "lasso"),
            seeds=d.null_systems,
        )
        for d in DESIGNS
        for kind in d.nulls
    ]
    return (*found, *empty)

"""Designs of the calibration study: many short series, where scores are meant to be read as probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grn_l0 import simulate
from grn_l0.benchmark.accuracy.case import Problem, simulated

#: Systems are numbered from here on; no setting was ever chosen on these.
FIRST_SEED = 9000


@dataclass(frozen=True, kw_only=True)
class Design:
    """Relaxations of random systems from random initial states.

    Attributes
    ----------
    kind
        What sets these systems apart.
    genes, series
        Numbers; each series has the times 0, 2, 3, 7, 9.
    noise
        Standard deviation of the measurement, expression lying in [0, 1].
    systems
        Number of systems, where the benchmark is asked for three seeds.
    options
        Further arguments of `grn_l0.simulate.random_system`.
    """

    kind: str
    genes: int
    series: int
    noise: float
    systems: int
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As the tables show it."""
        return f"{self.kind}, {self.genes} genes, {self.series} series, {100 * self.noise:g} % noise"

    def make(self, seed: int) -> Problem:
        """The data of one system, with their truth."""
        system = simulate.random_system(self.genes, seed, **self.options)
        return simulated(simulate.short_trajectories(system, self.series, noise=self.noise, seed=seed), system)


_WITHOUT_HUBS = {"hubs": 0.0, "regulators_share": 1.0, "inputs_share": 0.2}

#: As in SIM350 ("logic": AND, OR, NOT over Hill activations, hubs), and with one thing changed at a time.
DESIGNS = (
    *(
        Design(kind="logic", genes=genes, series=series, noise=noise, systems=systems)
        for genes, series, systems in ((50, 40, 8), (100, 60, 6), (200, 100, 4), (350, 150, 3))
        for noise in (0.05, 0.1)
    ),
    *(
        Design(kind="no hubs", genes=100, series=100, noise=noise, systems=4, options=_WITHOUT_HUBS)
        for noise in (0.05, 0.1)
    ),
    Design(kind="linear", genes=60, series=40, noise=0.05, systems=6, options={"production": "linear"}),
    Design(kind="logistic", genes=60, series=40, noise=0.05, systems=6, options={"production": "logistic"}),
    Design(kind="unequal rates", genes=100, series=60, noise=0.05, systems=6, options={"rate_spread": 0.5}),
)

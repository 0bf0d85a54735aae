"""Ready designs by name: a system and the data of one experiment on it, for benchmarks and for choosing settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from grn_l0.simulate.cells import binned, pseudotime_cells
from grn_l0.simulate.designs import irregular, long_series, short_trajectories
from grn_l0.simulate.insilico import insilico_system
from grn_l0.simulate.random_network import random_system
from grn_l0.simulate.stimulus import stimulated
from grn_l0.simulate.system import System
from grn_l0.timeseries import TimeSeries

#: Called with a seed, which decides both.
Maker = Callable[[int], tuple[System, TimeSeries]]


def _short(seed: int) -> tuple[System, TimeSeries]:
    system = random_system(60, seed)
    return system, short_trajectories(system, 50, (0, 1, 2, 4, 8), seed=seed)


def _stimulus(seed: int) -> tuple[System, TimeSeries]:
    system = insilico_system(100, seed)
    return system, stimulated(system, seed=seed)


def _long(n_times: int) -> Maker:
    def make(seed: int) -> tuple[System, TimeSeries]:
        system = random_system(100, seed)
        return system, long_series(system, 1, np.arange(n_times, dtype=np.float64).tolist(), seed=seed, substeps=4)

    return make


def _fluctuating(n_times: int) -> Maker:
    def make(seed: int) -> tuple[System, TimeSeries]:
        system = insilico_system(100, seed)
        at = 25.0 * np.arange(n_times)
        series = long_series(system, 1, at.tolist(), 0.0, seed, memory=100.0, fluctuation=0.3, multiplicative=0.1)
        return system, series

    return make


def _without_hubs(n_genes: int) -> Maker:
    def make(seed: int) -> tuple[System, TimeSeries]:
        system = random_system(n_genes, seed, hubs=0.0, regulators_share=1.0, inputs_share=0.2)
        return system, short_trajectories(system, 100, (0, 1, 2, 4, 8), seed=seed)

    return make


def _cells(branches: int) -> Maker:
    def make(seed: int) -> tuple[System, TimeSeries]:
        system = random_system(60, seed)
        cells = pseudotime_cells(system, 6000, 6, seed, branches=branches)
        return system, binned(cells, 20)

    return make


def _irregular(seed: int) -> tuple[System, TimeSeries]:
    system = random_system(60, seed)
    return system, irregular(system, 40, seed=seed)


#: Noise is 5 % of the range, 10 % of the value with a stimulus or fluctuations, and counts for cells.
DESIGNS: Mapping[str, Maker] = {
    "short trajectories": _short,
    "10x21 stimulus": _stimulus,
    "one long series 178": _long(178),
    "one long series 24": _long(24),
    "one fluctuating series 178": _fluctuating(178),
    "one fluctuating series 24": _fluctuating(24),
    "without hubs 50": _without_hubs(50),
    "without hubs 100": _without_hubs(100),
    "without hubs 150": _without_hubs(150),
    "pseudotime cells": _cells(1),
    "pseudotime cells, two fates": _cells(2),
    "irregular with missing": _irregular,
}

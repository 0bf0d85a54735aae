"""Regulatory systems with known edges, and the experiments that could be done on them."""

from grn_l0.simulate.cells import Cells, binned, pseudotime_cells
from grn_l0.simulate.designs import initial_states, irregular, long_series, short_trajectories
from grn_l0.simulate.insilico import insilico_system
from grn_l0.simulate.named import DESIGNS
from grn_l0.simulate.random_network import random_system
from grn_l0.simulate.stimulus import steady_samples, stimulated
from grn_l0.simulate.system import Change, System
from grn_l0.simulate.thermodynamic import ThermodynamicProduction
from grn_l0.timeseries.nulls import permuted, phase_randomised, pure_noise, time_shifted

__all__ = [
    "DESIGNS",
    "Cells",
    "Change",
    "System",
    "ThermodynamicProduction",
    "binned",
    "initial_states",
    "insilico_system",
    "irregular",
    "long_series",
    "permuted",
    "phase_randomised",
    "pseudotime_cells",
    "pure_noise",
    "random_system",
    "short_trajectories",
    "steady_samples",
    "stimulated",
    "time_shifted",
]

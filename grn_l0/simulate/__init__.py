"""Regulatory systems with known edges, and the experiments that could be done on them."""

from grn_l0.simulate.designs import Cells, initial_states, long_series, pseudotime_cells, short_trajectories
from grn_l0.simulate.nulls import permuted, pure_noise, time_shifted
from grn_l0.simulate.random_network import random_system
from grn_l0.simulate.system import System

__all__ = [
    "Cells",
    "System",
    "initial_states",
    "long_series",
    "permuted",
    "pseudotime_cells",
    "pure_noise",
    "random_system",
    "short_trajectories",
    "time_shifted",
]

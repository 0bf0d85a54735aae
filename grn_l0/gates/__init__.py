"""Gates on regulator-target edges: which values a gate takes, and how likely it is open."""

from grn_l0.gates.abstract import AbstractGate
from grn_l0.gates.fixed import Fixed
from grn_l0.gates.hard_concrete import HardConcrete
from grn_l0.gates.keys import edge_keys

__all__ = ["AbstractGate", "Fixed", "HardConcrete", "edge_keys"]

"""Gates: which values they take, how likely each is open, and layers of ordinary networks that have them."""

from grn_l0.gates.abstract import AbstractGate
from grn_l0.gates.compact import compact
from grn_l0.gates.diffprune import DiffPrune
from grn_l0.gates.fixed import Fixed
from grn_l0.gates.grouped import Grouped, group_index
from grn_l0.gates.hard_concrete import HardConcrete
from grn_l0.gates.keys import edge_keys
from grn_l0.gates.layers import AbstractGatedLayer, GatedConv2d, GatedLinear, Unit
from grn_l0.gates.wrap import density, expected_flops, gate_layers, gated_layers, layer_index, open_probability

__all__ = [
    "AbstractGate",
    "AbstractGatedLayer",
    "DiffPrune",
    "Fixed",
    "GatedConv2d",
    "GatedLinear",
    "Grouped",
    "HardConcrete",
    "Unit",
    "compact",
    "density",
    "edge_keys",
    "expected_flops",
    "gate_layers",
    "gated_layers",
    "group_index",
    "layer_index",
    "open_probability",
]

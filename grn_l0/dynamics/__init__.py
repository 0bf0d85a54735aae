"""Families of production: how much of a gene its regulators make."""

from grn_l0.dynamics.abstract import AbstractDynamics, LinearStart
from grn_l0.dynamics.edges import Terms, to_edges, to_matrix
from grn_l0.dynamics.linear import Linear
from grn_l0.dynamics.logistic import Logistic
from grn_l0.dynamics.products import Gated, flops
from grn_l0.dynamics.sum_product import SumProduct
from grn_l0.dynamics.target_mlp import TargetMLP

#: By the name under which a saved model remembers its family.
FAMILIES: dict[str, type[AbstractDynamics]] = {
    family.kind: family for family in (Linear, Logistic, SumProduct, TargetMLP)
}

__all__ = [
    "FAMILIES",
    "AbstractDynamics",
    "Gated",
    "Linear",
    "LinearStart",
    "Logistic",
    "SumProduct",
    "TargetMLP",
    "Terms",
    "flops",
    "to_edges",
    "to_matrix",
]

"""Families of production: how much of a gene its regulators make."""

from grn_l0.dynamics.abstract import AbstractDynamics, LinearStart
from grn_l0.dynamics.linear import Linear
from grn_l0.dynamics.logistic import Logistic

#: By the name under which a saved model remembers its family.
FAMILIES: dict[str, type[AbstractDynamics]] = {family.kind: family for family in (Linear, Logistic)}

__all__ = ["FAMILIES", "AbstractDynamics", "Linear", "LinearStart", "Logistic"]

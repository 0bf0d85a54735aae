"""Regulatory systems with known edges, and the experiments that could be done on them."""

from grn_l0.simulate.system import System

__all__ = ["System"]

"""Plots: each takes the axes to draw on, or makes a figure of its own, and returns the axes."""

from grn_l0.pl.fit import fit
from grn_l0.pl.network import network
from grn_l0.pl.precision_recall import precision_recall
from grn_l0.pl.save import save

__all__ = ["fit", "network", "precision_recall", "save"]

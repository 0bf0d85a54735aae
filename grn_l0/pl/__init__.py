"""Plots: each takes the axes to draw on, or makes a figure of its own, and returns the axes."""

from grn_l0.pl.comparison import lines_with_range, precision_recall_curves, trade_off
from grn_l0.pl.costs import scaling, value_for_time
from grn_l0.pl.courses import courses
from grn_l0.pl.fit import fit
from grn_l0.pl.network import network
from grn_l0.pl.precision_recall import precision_recall
from grn_l0.pl.reliability import reliability, reliability_curves
from grn_l0.pl.save import save

__all__ = [
    "courses",
    "fit",
    "lines_with_range",
    "network",
    "precision_recall",
    "precision_recall_curves",
    "reliability",
    "reliability_curves",
    "save",
    "scaling",
    "trade_off",
    "value_for_time",
]

"""The scale suite: time and memory against the size of the system."""

from grn_l0.benchmark.scale.report import report, update_page
from grn_l0.benchmark.scale.sizes import SIZES
from grn_l0.benchmark.scale.suite import ScalePlan

__all__ = ["SIZES", "ScalePlan", "report", "update_page"]

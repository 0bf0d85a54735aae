"""The accuracy benchmark: data sets x methods x seeds in one table, one file per cell, so that it can be resumed."""

from grn_l0.benchmark.accuracy.case import Case, Problem, Test, null, simulated
from grn_l0.benchmark.accuracy.cases import CASES
from grn_l0.benchmark.accuracy.run import Summary, accuracy, list_cells
from grn_l0.benchmark.accuracy.suite import Plan

__all__ = ["CASES", "Case", "Plan", "Problem", "Summary", "Test", "accuracy", "list_cells", "null", "simulated"]

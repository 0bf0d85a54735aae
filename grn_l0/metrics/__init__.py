"""Figures of merit: pure functions of arrays, regulators x targets or series x times x genes."""

from grn_l0.metrics.calibration import Reliability, reliability
from grn_l0.metrics.forecast import mse, scored_entries
from grn_l0.metrics.permutation import permutation_p_value
from grn_l0.metrics.ranking import early_precision, ranking
from grn_l0.metrics.selection import selection

__all__ = [
    "Reliability",
    "early_precision",
    "mse",
    "permutation_p_value",
    "ranking",
    "reliability",
    "scored_entries",
    "selection",
]

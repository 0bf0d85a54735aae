"""Figures of merit: pure functions of arrays, regulators x targets or series x times x genes."""

from grn_l0.metrics.agreement import edge_agreement, jaccard_by_chance, rank_agreement
from grn_l0.metrics.calibration import LIKELY, Reliability, brier, reliability
from grn_l0.metrics.forecast import mse, scored_entries
from grn_l0.metrics.permutation import permutation_p_value
from grn_l0.metrics.ranking import early_precision, ranking
from grn_l0.metrics.selection import selection

__all__ = [
    "LIKELY",
    "Reliability",
    "brier",
    "early_precision",
    "edge_agreement",
    "jaccard_by_chance",
    "mse",
    "permutation_p_value",
    "rank_agreement",
    "ranking",
    "reliability",
    "scored_entries",
    "selection",
]

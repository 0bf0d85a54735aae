"""Seconds and memory of whole runs: each in a process of its own, kept when done, in turns."""

from grn_l0.benchmark.measure.cells import Cells, Record, current_code
from grn_l0.benchmark.measure.limits import Limits
from grn_l0.benchmark.measure.piece import SHARED, Call, Piece
from grn_l0.benchmark.measure.plan import AbstractPlan
from grn_l0.benchmark.measure.run import run_pieces
from grn_l0.benchmark.measure.usage import Usage, run_measured

__all__ = [
    "SHARED", "AbstractPlan", "Call", "Cells", "Limits", "Piece", "Record", "Usage", "current_code", "run_measured",
    "run_pieces",
]  # fmt: skip

"""The speed suite: SIM350 as a user meets it, beside other methods and the machine's peak."""

from grn_l0.benchmark.speed.report import report
from grn_l0.benchmark.speed.suite import SpeedPlan

__all__ = ["SpeedPlan", "report"]

"""Benchmarks: every figure beside the floor it has to beat."""

from grn_l0.benchmark.run import BENCHMARKS, run
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.table import BenchmarkTable

__all__ = ["BENCHMARKS", "BenchmarkTable", "Settings", "run"]

"""Every way to be sparse, on the experiments of the papers and on SIM350."""

from grn_l0.benchmark.sparsity.run import PARTS, report, sparsity

__all__ = ["PARTS", "report", "sparsity"]

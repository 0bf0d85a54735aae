"""Published and simulated data sets as AnnData, with their truths, references and priors."""

from grn_l0.datasets.fetch import fetch
from grn_l0.datasets.registry import registry
from grn_l0.datasets.sim350 import sim350, sim350_prior, sim350_published, sim350_system, sim350_test

__all__ = [
    "fetch",
    "registry",
    "sim350",
    "sim350_prior",
    "sim350_published",
    "sim350_system",
    "sim350_test",
]

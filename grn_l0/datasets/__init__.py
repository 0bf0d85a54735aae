"""Published and simulated data sets as AnnData, with their truths, references and priors."""

from grn_l0.datasets.breast_cancer import breast_cancer, breast_cancer_prior, breast_cancer_reference
from grn_l0.datasets.fetch import fetch
from grn_l0.datasets.hematopoiesis import (
    hematopoiesis,
    hematopoiesis_base_network,
    hematopoiesis_prior,
    hematopoiesis_reference,
    hematopoiesis_regulators,
)
from grn_l0.datasets.reference import restrict
from grn_l0.datasets.registry import registry
from grn_l0.datasets.sim350 import sim350, sim350_prior, sim350_published, sim350_system, sim350_test
from grn_l0.datasets.simulated import simulated
from grn_l0.datasets.trajectory_file import read_trajectories
from grn_l0.datasets.yeast import (
    yeast,
    yeast_gold_standard,
    yeast_motif_prior,
    yeast_prior,
    yeast_regulators,
    yeast_yeastract,
)

__all__ = [
    "breast_cancer",
    "breast_cancer_prior",
    "breast_cancer_reference",
    "fetch",
    "hematopoiesis",
    "hematopoiesis_base_network",
    "hematopoiesis_prior",
    "hematopoiesis_reference",
    "hematopoiesis_regulators",
    "read_trajectories",
    "registry",
    "restrict",
    "sim350",
    "sim350_prior",
    "sim350_published",
    "sim350_system",
    "sim350_test",
    "simulated",
    "yeast",
    "yeast_gold_standard",
    "yeast_motif_prior",
    "yeast_prior",
    "yeast_regulators",
    "yeast_yeastract",
]

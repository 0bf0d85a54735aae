"""What an open gate costs, in nats: penalties, criteria, and rates learned from the data."""

from grn_l0.sparsity.abstract import AbstractSparsity
from grn_l0.sparsity.constraint import L0Constraint
from grn_l0.sparsity.criteria import aic, bic, extended_bic
from grn_l0.sparsity.empirical_bayes import EmpiricalBayes, beta_binomial_fit
from grn_l0.sparsity.penalty import NoSparsity, Penalty

__all__ = [
    "AbstractSparsity",
    "EmpiricalBayes",
    "L0Constraint",
    "NoSparsity",
    "Penalty",
    "aic",
    "beta_binomial_fit",
    "bic",
    "extended_bic",
]

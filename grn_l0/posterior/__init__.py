"""Where the gates start: their posterior under a linear gated ODE with noise, rates and states estimated."""

from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.joint import constant_genes, infer_start
from grn_l0.posterior.prior_classes import Prior, Verdict
from grn_l0.posterior.start import Covariance, Start

__all__ = ["Covariance", "PosteriorConfig", "Prior", "Start", "Verdict", "constant_genes", "infer_start"]

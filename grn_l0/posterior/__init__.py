"""Where the gates start: their posterior under a linear gated ODE with noise, rates and states estimated."""

from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.joint import infer_start
from grn_l0.posterior.prior_classes import BELIEVED, Prior, Verdict
from grn_l0.posterior.projection import Projection
from grn_l0.posterior.response import Design
from grn_l0.posterior.rounds import Follow
from grn_l0.posterior.start import Covariance, Start
from grn_l0.posterior.transitions import by_transitions

__all__ = [
    "BELIEVED",
    "Covariance",
    "Design",
    "Follow",
    "PosteriorConfig",
    "Prior",
    "Projection",
    "Start",
    "Verdict",
    "by_transitions",
    "infer_start",
]

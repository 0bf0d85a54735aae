"""Where the gates start: their posterior under a linear gated ODE with noise, rates and states estimated."""

from grn_l0.posterior.cluster import Cluster
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.engines import check_workers, open_workers
from grn_l0.posterior.joint import infer_start
from grn_l0.posterior.prior_classes import BELIEVED, Prior, Verdict
from grn_l0.posterior.processes import Processes
from grn_l0.posterior.projection import Projection
from grn_l0.posterior.response import Design
from grn_l0.posterior.rounds import Follow
from grn_l0.posterior.start import Covariance, Start
from grn_l0.posterior.transitions import by_transitions
from grn_l0.posterior.workers import InProcess, Workers

__all__ = [
    "BELIEVED",
    "Cluster",
    "Covariance",
    "Design",
    "Follow",
    "InProcess",
    "PosteriorConfig",
    "Prior",
    "Processes",
    "Projection",
    "Start",
    "Verdict",
    "Workers",
    "by_transitions",
    "check_workers",
    "infer_start",
    "open_workers",
]

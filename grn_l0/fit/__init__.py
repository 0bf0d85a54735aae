"""Training: the gated ODE, the network its gates leave, and the forecasting model."""

from grn_l0.fit.checkpoint import load_model, save_model
from grn_l0.fit.config import FamilyName, FitConfig
from grn_l0.fit.deviation import Deviation
from grn_l0.fit.fit import fit
from grn_l0.fit.forecast import Forecast, Gates, Measurement
from grn_l0.fit.pursuit import Pursued, Regressions, gradient_pursuit
from grn_l0.fit.result import FitResult
from grn_l0.fit.scratch import scratch_start
from grn_l0.fit.sparse import SparseConfig
from grn_l0.fit.state import Knowledge
from grn_l0.fit.trajectories import ode_trajectories

__all__ = [
    "Deviation",
    "FamilyName",
    "FitConfig",
    "FitResult",
    "Forecast",
    "Gates",
    "Knowledge",
    "Measurement",
    "Pursued",
    "Regressions",
    "SparseConfig",
    "fit",
    "gradient_pursuit",
    "load_model",
    "ode_trajectories",
    "save_model",
    "scratch_start",
]

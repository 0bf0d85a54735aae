"""The posterior start: smoothing, noise kinds and gates in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, Int, Progress, ndarray
from grn_l0.posterior.covariance import Basis, Kinds, basis, dictionary
from grn_l0.posterior.kinds import Choice, choose_kinds, is_constant
from grn_l0.posterior.response import Design, designs, rate_grid
from grn_l0.timeseries import TimeSeries

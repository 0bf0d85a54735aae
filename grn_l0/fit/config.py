"""How a fit is done."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch

from grn_l0._device import checked_device
from grn_l0._errors import OptionError
from grn_l0.fit.sparse import Opening, SparseConfig

FamilyName = Literal["auto", "linear", "logistic", "sum-product", "mlp"]


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Settings of the gated ODE and of the forecasting refit. Learning rates are per step of Adam.

    Training runs on expression divided by each gene's standard deviation, so rates and weights mean the same in
    every unit.

    Parameters
    ----------
    steps
        Steps of the gated ODE; 0 takes the gates as they start.
    scratch_steps
        The same for a fit without a posterior, whose gates have further to go: so many with sampled gates, and as many
        with test-time gates. A density is then kept in `steps` more.
    opening
        How a fit without a posterior opens its gates: "mean-field" or "pursuit" (one after the other).
    refit_steps
        Steps of each forecasting family with hard gates.
    odds
        How many times likelier than by their posterior gates start, and are priced: 1 favours precision, 4
        balanced accuracy.
    survival
        Least P(z != 0) of an edge of the network. None: every edge whose test-time gate is above 0.
    active
        Edges with an inclusion probability below this stay closed.
    learning_rate, learning_rate_initial, learning_rate_gate, learning_rate_rate, refit_learning_rate
        For weights (offsets four times as much), initial states, log alpha, log d; and for weights in the refit
        (and in a fit without a posterior).
    cosine
        Share of the steps, at the end, over which learning rates fall to 0.
    variance_every
        Steps between two estimates of the genes' noise.
    pseudo_observations
        Weight of the start's noise in those estimates, in observations.
    sparse
        Which gates are trained, and what keeps them closed.
    families
        Forecasting family: "linear", "logistic", "sum-product", "mlp", or "auto" for linear or logistic, whichever
        has the lower training loss (linear only, for data with negative values).
    units
        Hidden units per target of the family "mlp".
    features
        What the logistic family sees: "log-odds" or "identity".
    step
        Longest step of the solver in units of time; None chooses 1.1 / median rate, within the intervals.
    longest
        Series with more times than this are fitted by multiple shooting.
    window
        Intervals of a shooting window, 1 to 3.
    window_start
        Whether windows start from the smoothed or the measured state in the refit (always smoothed in the gated
        ODE). Measured states give the best forecast from a noisy measurement, smoothed ones dynamics that are
        not attenuated by the noise.
    dtype
        "float32" or "float64".
    device
        Where it is trained: "cpu", "cuda" (or "cuda:1"), or "auto", which becomes a GPU where torch sees one, and the
        CPU otherwise. Random numbers are drawn on the CPU, and what is trained comes back there.
    """

    steps: int = 40
    scratch_steps: int = 150
    opening: Opening = "mean-field"
    refit_steps: int = 150
    odds: float = 1.0
    survival: float | None = None
    active: float = 1e-3
    learning_rate: float = 2e-3
    learning_rate_initial: float = 2e-2
    learning_rate_gate: float = 0.03
    learning_rate_rate: float = 6e-3
    refit_learning_rate: float = 7e-3
    cosine: float = 0.6
    variance_every: int = 10
    pseudo_observations: float = 50.0
    sparse: SparseConfig = field(default_factory=SparseConfig)
    families: FamilyName = "auto"
    units: int = 2
    features: Literal["identity", "log-odds"] = "log-odds"
    step: float | None = None
    longest: int = 12
    window: int = 2
    window_start: Literal["smoothed", "measured"] = "measured"
    dtype: Literal["float32", "float64"] = "float32"
    device: str = "cpu"

    def __post_init__(self) -> None:
        # The name of what it is trained on, so that "auto" and that name are the same settings.
        object.__setattr__(self, "device", str(checked_device(self.device)))
        if not isinstance(self.sparse, SparseConfig):
            raise OptionError(f"sparse must be a SparseConfig, not {self.sparse!r}")
        if self.survival is not None and self.sparse.density is not None:
            raise OptionError("survival and sparse.density both say which edges are reported; leave one of them out")
        if self.odds != 1 and self.sparse.decides:
            raise OptionError("odds and a price or density of your own both say how open gates start; leave one out")
        for name in ("steps", "scratch_steps", "refit_steps"):
            _require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        for name in ("variance_every", "longest", "units"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in ("learning_rate", "learning_rate_initial", "learning_rate_gate", "refit_learning_rate", "odds"):
            value = getattr(self, name)
            _require(math.isfinite(value) and value > 0, name, value, "a positive number")
        _require(self.learning_rate_rate >= 0, "learning_rate_rate", self.learning_rate_rate, "0 or more")
        _require(self.pseudo_observations >= 0, "pseudo_observations", self.pseudo_observations, "0 or more")
        for name in ("active", "cosine"):
            _require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "between 0 and 1")
        _require(self.survival is None or 0 <= self.survival < 1, "survival", self.survival, "in [0, 1), or None")
        _require(self.step is None or self.step > 0, "step", self.step, "a positive time, or None")
        _require(self.window in (1, 2, 3), "window", self.window, "1, 2 or 3")
        choices = {
            "families": get_args(FamilyName),
            "opening": get_args(Opening),
            "features": ("identity", "log-odds"),
            "window_start": ("smoothed", "measured"),
            "dtype": ("float32", "float64"),
        }
        for name, allowed in choices.items():
            _require(getattr(self, name) in allowed, name, getattr(self, name), " or ".join(allowed))

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype as torch knows it."""
        return torch.float32 if self.dtype == "float32" else torch.float64

    @property
    def torch_device(self) -> torch.device:
        """The device as torch knows it."""
        return torch.device(self.device)


def _require(ok: bool, name: str, value: object, expected: str) -> None:
    if not ok:
        raise OptionError(f"{name} must be {expected}, not {value!r}")

"""What a fit hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from grn_l0._typing import Array, Float
from grn_l0.dynamics import AbstractDynamics
from grn_l0.fit.forecast import Forecast, Measurement, make_forecast
from grn_l0.network import Network
from grn_l0.posterior.start import Start
from grn_l0.solve import AbstractSolver
from grn_l0.timeseries import TimeSeries


@dataclass(frozen=True, kw_only=True, eq=False)
class FitResult:
    """A network, the dynamics behind it, and how they were found. Expression units throughout.

    Attributes
    ----------
    network
        R regulators x N genes: score of every candidate, weights of the survivors.
    model
        Forecasting dynamics with hard gates; its regulators are those with surviving edges.
    solver
        The solver it was trained with.
    genes, regulators
        Names, N and R of them.
    start
        Where the gates came from; None for a fit without a posterior, and for a model read from a file.
    history
        One row per training step: step, stage, loss (nats), density.
    status
        A sentence: what happened, and what to try when something went wrong.
    seed
        The seed of every random draw.
    options
        The settings, as plain values.
    noise, mean, spread, drift
        Shape (N,): standard deviation of a measurement of weight 1; mean and standard deviation of the training
        data; variance that states gather per unit of time beyond the model.
    """

    network: Network
    model: AbstractDynamics
    solver: AbstractSolver
    genes: tuple[str, ...]
    regulators: tuple[str, ...]
    start: Start | None
    history: pd.DataFrame
    status: str
    seed: int
    noise: Float[Array, " genes"]
    mean: Float[Array, " genes"]
    spread: Float[Array, " genes"]
    drift: Float[Array, " genes"]
    options: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        edges, candidates = self.network.n_edges, self.network.n_candidates
        return (
            f"FitResult({len(self.regulators)} regulators x {len(self.genes)} genes, {edges} of {candidates} edges, "
            f"{self.model.kind} forecasts, seed {self.seed})"
        )

    def forecast(self, series: TimeSeries, *, measurement: Measurement = "exact") -> Forecast:
        """Predict `series`, one step ahead and as whole trajectories.

        Parameters
        ----------
        series
            Expression of at least the model's genes, in any order.
        measurement
            "exact": a step starts from the measured values (the published definition). "noisy": from a state
            filtered from the measurements so far.

        Raises
        ------
        NameMatchError
            If genes of the model are missing.
        """
        return make_forecast(
            series,
            genes=self.genes,
            model=self.model,
            solver=self.solver,
            mean=self.mean,
            noise=self.noise,
            spread=self.spread,
            drift=self.drift,
            measurement=measurement,
        )

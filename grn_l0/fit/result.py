"""What a fit hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import pandas as pd

from grn_l0._device import checked_device
from grn_l0._errors import OptionError
from grn_l0.dynamics import AbstractDynamics, Linear
from grn_l0.fit.drive import Stimuli
from grn_l0.fit.forecast import Forecast, Gates, Measurement, make_forecast
from grn_l0.fit.state import Knowledge
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
        One row per training step: step, stage, loss (nats), density, flops; see `Reporter.history`.
    status
        A sentence: what happened, and what to try when something went wrong.
    seed
        The seed of every random draw.
    options
        The settings, as plain values.
    knowledge
        What training says about states beyond the dynamics: means, noise, how states are guessed from measurements,
        and how genes deviate from the model.
    expected
        Linear dynamics in which every candidate edge has its expected weight, P(open) times weight; None for a fit
        without a posterior.
    stimuli
        What the stimuli that have a name add to production; None without any.
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
    knowledge: Knowledge
    expected: Linear | None = None
    stimuli: Stimuli | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        edges, candidates = self.network.n_edges, self.network.n_candidates
        return (
            f"FitResult({len(self.regulators)} regulators x {len(self.genes)} genes, {edges} of {candidates} edges, "
            f"{self.model.kind} forecasts, seed {self.seed})"
        )

    def forecast(
        self,
        series: TimeSeries,
        *,
        measurement: Measurement = "auto",
        gates: Gates = "hard",
        context: TimeSeries | None = None,
        hold: Mapping[str, float] | None = None,
        device: str = "cpu",
    ) -> Forecast:
        """Predict `series`, one step ahead and as whole trajectories.

        Stimuli that the fit knows by name act at the levels that they have in `series`; a gene that is knocked out
        there stays at its present value. A stimulus that was found in the training series, and has no name, is known
        for these only: forecasts are made as if it were off.

        Parameters
        ----------
        series
            Expression of at least the model's genes, in any order.
        measurement
            What a step starts from. "exact": the measured values (the published definition). "present": the state
            guessed from the same values, with the help of all genes (`Projection`); the measured values where the fit
            has no projection. "noisy": the state filtered from all measurements so far; after a fit to long series
            with the process by which genes deviate from the model (`Deviation`). "auto": "present" where leaving out
            blocks of the training series has shown that it forecasts better, "exact" otherwise.
        gates
            "hard": the network's edges. "expected": every candidate edge by its probability.
        context
            Other measurements of the same trajectories, matched by name (or one trajectory each): the past alone, or
            both sides of a gap, which is then interpolated. Forecasts are conditioned on all of it, and on the values
            of `series` before each step; `measurement` does not matter. For fits to series of more than 12 times.
        hold
            Genes that are held at a value in all series from the first time on, whatever their equation says, such as
            ``{"GATA1": 0.0}`` for a knock-out; expression units. The other genes start from their measured values, so
            `full` is the course after the gene has been switched. Errors leave out genes that are held.
        device
            Where the equations are solved: "cpu", "cuda" (or "cuda:1"), "auto". The model stays where it is.

        Raises
        ------
        NameMatchError
            If genes of the model are missing, or a gene to be held is not one of them.
        OptionError
            For an unknown option, or one that this fit cannot serve.

        Warns
        -----
        GrnWarning
            If the series lack a stimulus that the fit knows; it is taken as off (level 0).
        """
        if gates not in get_args(Gates):
            raise OptionError(f"gates must be 'hard' or 'expected', not {gates!r}")
        if gates == "expected" and self.expected is None:
            raise OptionError("this fit has no posterior, so no expected gates; use gates='hard'")
        stimuli = self.stimuli
        if gates == "expected" and stimuli is not None:
            stimuli = replace(stimuli, effect=stimuli.expected)
        return make_forecast(
            series,
            genes=self.genes,
            model=self.model if gates == "hard" or self.expected is None else self.expected,
            solver=self.solver,
            knowledge=self.knowledge,
            measurement=measurement,
            context=context,
            stimuli=stimuli,
            hold=hold,
            device=checked_device(device),
        )

"""From a start to a network and a forecasting model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch

from grn_l0._typing import Array, Bool, Float, Int, Progress
from grn_l0.dynamics import AbstractDynamics, Linear
from grn_l0.fit.config import FitConfig
from grn_l0.fit.drive import Drive, Stimuli, in_training
from grn_l0.fit.knowledge import knowledge_of
from grn_l0.fit.loss import EdgePrior, Objective
from grn_l0.fit.problem import is_non_negative, make_problem, restrict, standard_deviation
from grn_l0.fit.progress import Reporter
from grn_l0.fit.refit import candidates, refit
from grn_l0.fit.result import FitResult
from grn_l0.fit.scratch import scratch_start
from grn_l0.fit.summary import (
    check_shapes,
    checked_regulators,
    default_step,
    status_of,
    survivors_of,
    trained_start,
)
from grn_l0.fit.train import train_gates
from grn_l0.gates import AbstractGate, HardConcrete, edge_keys
from grn_l0.network import Network
from grn_l0.posterior.start import Inputs, Start
from grn_l0.solve import AbstractSolver, ExponentialHeun
from grn_l0.sparsity import AbstractSparsity, Penalty
from grn_l0.timeseries import TimeSeries


@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """What both stages work with; `begin` is where they start from, `allowed` (R, N) the candidate edges."""

    series: TimeSeries
    begin: Start
    regulators: Int[Array, " regulators"]
    allowed: Bool[Array, "regulators genes"]
    sd: Float[Array, " genes"]
    non_negative: bool
    config: FitConfig
    solver: AbstractSolver
    generator: torch.Generator
    reporter: Reporter

    @property
    def names(self) -> tuple[str, ...]:
        """Of the regulators."""
        return tuple(self.series.genes[j] for j in self.regulators)

    def linear(self, start: Start, rows: Int[Array, " rows"]) -> Linear:
        """Linear dynamics of the regulators `rows`, in expression units."""
        return Linear.from_start(
            start,
            self.series,
            regulators=torch.as_tensor(self.regulators[rows]),
            floor=0.0 if self.non_negative else None,
            dtype=self.config.torch_dtype,
        )

    def edge_prior(self, start: Start, rows: Int[Array, " rows"], odds: float) -> EdgePrior:
        """Of the weights of the regulators `rows`."""
        return EdgePrior.from_start(start, self.sd[self.regulators[rows]], self.sd, odds, self.config.torch_dtype)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trained:
    """What the gated ODE has learned: the start with it in place, the network, the score of every edge, the noise."""

    start: Start
    survivors: Bool[Array, "regulators genes"]
    scores: Float[Array, "regulators genes"]
    factor: torch.Tensor
    note: str


def fit(
    series: TimeSeries,
    start: Start | None,
    *,
    regulators: Int[Array, " regulators"],
    config: FitConfig | None = None,
    gate: AbstractGate | None = None,
    sparsity: AbstractSparsity | None = None,
    dynamics: AbstractDynamics | None = None,
    solver: AbstractSolver | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> FitResult:
    """Train the gated ODE, keep the edges whose gates survive, refit a forecasting model on them.

    Parameters
    ----------
    series
        S trajectories of N genes.
    start
        Gates, weights and nuisance parameters to start from. None: gates from scratch, opened by `scratch_start`
        without any sampling; their trained probabilities are then the scores.
    regulators
        Positions of the R candidate regulators among the genes, distinct.
    config
        Settings; the defaults serve every design.
    gate
        Gates of shape (R, N) in place of hard concrete gates at the start's probabilities.
    sparsity
        In place of a `Penalty` at the start's lambdas.
    dynamics
        Forecasting dynamics over the same R regulators, in expression units, in place of the families of
        `config`. The gated ODE itself is always linear, which finds edges best.
    solver
        In place of `ExponentialHeun` at `config.step`.
    seed
        Of every random draw. The same seed gives the same bits on the same machine and number of threads.
    progress
        Called after every step.

    Raises
    ------
    OptionError
        If shapes do not belong together.
    """
    config = FitConfig() if config is None else config
    regulators = checked_regulators(np.asarray(regulators), series)
    allowed = regulators[:, None] != np.arange(series.n_genes)[None, :]
    begin = scratch_start(series, regulators) if start is None else start
    check_shapes(begin, gate, dynamics, len(regulators), series)
    solver = solver or ExponentialHeun(step=config.step or default_step(series, begin.rate))
    reporter = Reporter(progress=progress, candidates=int(allowed.sum()))
    task = _Task(
        series=series,
        begin=begin,
        regulators=regulators,
        allowed=allowed,
        sd=standard_deviation(series),
        non_negative=is_non_negative(series, begin.noise),
        config=config,
        solver=solver,
        generator=torch.Generator().manual_seed(seed),
        reporter=reporter,
    )
    trained = _train(task, gate, sparsity, scratch=start is None)
    model, weights, inputs, more = _refit(task, trained, dynamics)
    network = Network(
        regulators=task.names,
        targets=series.genes,
        scores=trained.scores,
        weights=weights,
        effects=np.where(allowed, begin.inclusion * begin.weight, 0.0),
        candidates=allowed,
    )
    expected = None
    if start is not None:
        average = replace(start, weight=start.inclusion * start.weight)
        expected = task.linear(average, np.arange(len(regulators)))
    options: dict[str, Any] = {**asdict(config), "start": "none" if start is None else "posterior"}
    return FitResult(
        network=network,
        model=model,
        solver=solver,
        genes=series.genes,
        regulators=task.names,
        start=start,
        history=reporter.history(),
        status=status_of(network, model, series, [begin.note, trained.note, more]),
        seed=seed,
        knowledge=knowledge_of(series, begin, model, solver, in_training(series, inputs), config.longest),
        expected=expected,
        stimuli=Stimuli.of(inputs, begin.inputs),
        options=options,
    )


def _train(task: _Task, gate: AbstractGate | None, sparsity: AbstractSparsity | None, *, scratch: bool) -> _Trained:
    """Train the gated ODE; without a posterior (`scratch`) its probabilities are the scores."""
    series, begin, config, dtype = task.series, task.begin, task.config, task.config.torch_dtype
    # Only edges with some evidence are trained, and only regulators with such edges enter the matrix products.
    active = task.allowed & (begin.opening > config.active)
    whole = gate is not None or sparsity is not None
    rows = np.arange(len(task.regulators)) if whole else np.flatnonzero(active.any(1))
    part = restrict(begin, rows)
    if gate is None:
        gate = HardConcrete.from_probability(
            torch.as_tensor(begin.opening[rows], dtype=dtype),
            torch.as_tensor(active[rows]),
            odds=config.odds,
            keys=edge_keys([series.genes[j] for j in task.regulators[rows]], series.genes),
        )
    objective = Objective(
        problem=make_problem(series, begin, task.sd, config),
        dynamics=task.linear(part, rows).scaled(1 / torch.as_tensor(task.sd, dtype=dtype)),
        gate=gate.to(dtype),
        sparsity=sparsity or Penalty(torch.as_tensor(part.penalty, dtype=dtype)),
        solver=task.solver,
        prior=task.edge_prior(part, rows, config.odds),
        drive=None if begin.inputs is None else Drive(begin.inputs, task.sd, dtype),
    )
    note = train_gates(objective, scratch, config, task.generator, task.reporter)
    survivors, probability = survivors_of(gate, rows, task.allowed, config)
    scores = np.where(task.allowed, begin.inclusion if begin.score is None else begin.score, 0.0)
    if scratch:
        scores[rows] = np.where(active[rows], probability, scores[rows])
    return _Trained(
        start=trained_start(begin, objective, rows, task.sd, gate),
        survivors=survivors,
        scores=scores,
        factor=objective.factor,
        note=note,
    )


def _refit(
    task: _Task, trained: _Trained, dynamics: AbstractDynamics | None
) -> tuple[AbstractDynamics, Float[Array, "regulators genes"], Inputs | None, str]:
    """The forecasting model on the edges that survived, its weights (R, N), its inputs, and what went wrong."""
    series, config = task.series, task.config
    rows = np.flatnonzero(trained.survivors.any(1)) if dynamics is None else np.arange(len(task.regulators))
    kept = restrict(trained.start, rows)
    families = (
        candidates(kept, series, task.regulators[rows], task.non_negative, config)
        if dynamics is None
        else [dynamics.to(config.torch_dtype)]
    )
    model, inputs, note = refit(
        families,
        trained.survivors[rows],
        problem=make_problem(series, trained.start, task.sd, config, measured=config.window_start == "measured"),
        prior=task.edge_prior(kept, rows, 1.0),
        factor=trained.factor,
        sd=task.sd,
        solver=task.solver,
        config=config,
        generator=task.generator,
        reporter=task.reporter,
        inputs=trained.start.inputs,
    )
    weights = np.zeros(task.allowed.shape)
    weights[rows] = model.slope().detach().double().numpy() * trained.survivors[rows]
    return model, weights, inputs, note

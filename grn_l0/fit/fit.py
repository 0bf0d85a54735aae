"""From a start to a network and a forecasting model."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from grn_l0._typing import Array, Int, Progress
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
from grn_l0.posterior.start import Start
from grn_l0.solve import AbstractSolver, ExponentialHeun
from grn_l0.sparsity import AbstractSparsity, Penalty
from grn_l0.timeseries import TimeSeries


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
    names = tuple(series.genes[j] for j in regulators)
    allowed = regulators[:, None] != np.arange(series.n_genes)[None, :]
    begin = scratch_start(series, regulators) if start is None else start
    check_shapes(begin, gate, dynamics, len(regulators), series)
    solver = solver or ExponentialHeun(step=config.step or default_step(series, begin.rate))
    generator = torch.Generator().manual_seed(seed)
    reporter = Reporter(progress=progress, candidates=int(allowed.sum()))
    sd, dtype = standard_deviation(series), config.torch_dtype
    non_negative = is_non_negative(series, begin.noise)

    # Only edges with some evidence are trained, and only regulators with such edges enter the matrix products.
    active = allowed & (begin.opening > config.active)
    whole = gate is not None or sparsity is not None
    rows = np.arange(len(regulators)) if whole else np.flatnonzero(active.any(1))
    part = restrict(begin, rows)
    if gate is None:
        gate = HardConcrete.from_probability(
            torch.as_tensor(begin.opening[rows], dtype=dtype),
            torch.as_tensor(active[rows]),
            odds=config.odds,
            keys=edge_keys([names[j] for j in rows], series.genes),
        )
    linear = Linear.from_start(
        part, series, regulators=torch.as_tensor(regulators[rows]), floor=0.0 if non_negative else None, dtype=dtype
    )
    scale = torch.as_tensor(sd, dtype=dtype)
    objective = Objective(
        problem=make_problem(series, begin, sd, config),
        dynamics=linear.scaled(1 / scale),
        gate=gate.to(dtype),
        sparsity=sparsity or Penalty(torch.as_tensor(part.penalty, dtype=dtype)),
        solver=solver,
        prior=EdgePrior.from_start(part, sd[regulators[rows]], sd, config.odds, dtype),
        drive=None if begin.inputs is None else Drive(begin.inputs, sd, dtype),
    )
    note = train_gates(objective, start is None, config, generator, reporter)
    survivors, probability = survivors_of(gate, rows, allowed, config)

    after = trained_start(begin, objective, rows, sd, gate)
    hard = np.arange(len(regulators)) if dynamics is not None else np.flatnonzero(survivors.any(1))
    kept = restrict(after, hard)
    families = (
        [dynamics.to(dtype)]
        if dynamics is not None
        else candidates(kept, series, regulators[hard], non_negative, config)
    )
    problem = make_problem(series, after, sd, config, measured=config.window_start == "measured")
    model, inputs, more = refit(
        families,
        survivors[hard],
        problem=problem,
        prior=EdgePrior.from_start(kept, sd[regulators[hard]], sd, 1.0, dtype),
        factor=objective.factor,
        sd=sd,
        solver=solver,
        config=config,
        generator=generator,
        reporter=reporter,
        inputs=after.inputs,
    )
    weights = np.zeros((len(regulators), series.n_genes))
    weights[hard] = model.slope().detach().double().numpy() * survivors[hard]
    scores = np.where(allowed, begin.inclusion if begin.score is None else begin.score, 0.0)
    if start is None:
        scores[rows] = np.where(active[rows], probability, scores[rows])
    network = Network(
        regulators=names,
        targets=series.genes,
        scores=scores,
        weights=weights,
        effects=np.where(allowed, begin.inclusion * begin.weight, 0.0),
        candidates=allowed,
    )
    expected = None
    if start is not None:
        average = replace(start, weight=start.inclusion * start.weight)
        floor = 0.0 if non_negative else None
        expected = Linear.from_start(average, series, regulators=torch.as_tensor(regulators), floor=floor, dtype=dtype)
    options: dict[str, Any] = {**asdict(config), "start": "none" if start is None else "posterior"}
    return FitResult(
        network=network,
        model=model,
        solver=solver,
        genes=series.genes,
        regulators=names,
        start=start,
        history=reporter.history(),
        status=status_of(network, model, series, [begin.note, note, more]),
        seed=seed,
        knowledge=knowledge_of(series, begin, model, solver, in_training(series, inputs), config.longest),
        expected=expected,
        stimuli=Stimuli.of(inputs, begin.inputs),
        options=options,
    )

"""From a start to a network and a forecasting model."""

from __future__ import annotations

import copy
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from scipy import sparse

from grn_l0._errors import OptionError
from grn_l0._journal import Journal
from grn_l0._typing import Array, Int, Progress
from grn_l0.dynamics import AbstractDynamics, to_edges, to_matrix
from grn_l0.fit.config import FitConfig
from grn_l0.fit.drive import Stimuli, in_training
from grn_l0.fit.edges import EdgeList, EdgeStart
from grn_l0.fit.families import candidates
from grn_l0.fit.gated import Task, Trained, train_gated
from grn_l0.fit.knowledge import knowledge_of
from grn_l0.fit.pricing import asked_price, check_density, measurements
from grn_l0.fit.problem import make_problem
from grn_l0.fit.refit import refit
from grn_l0.fit.result import FitResult
from grn_l0.fit.scratch import scratch_start
from grn_l0.fit.sparse import SparseConfig
from grn_l0.fit.summary import (
    asked_note,
    check_shapes,
    checked_regulators,
    status_of,
)
from grn_l0.gates import AbstractGate
from grn_l0.network import Network
from grn_l0.posterior.start import Inputs, Start
from grn_l0.solve import AbstractSolver
from grn_l0.sparsity import AbstractSparsity
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
    journal: Journal | None = None,
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
        Gates of shape (R, N) in place of those of `config.sparse` at the start's probabilities. A copy is trained.
    sparsity
        In place of that of `config.sparse`. A copy learns. Gates start at the start's probabilities all the same, and
        the network is what is open at test time: for a density that the network is to have, use `config.sparse`, and
        for a criterion, too, as an object's price comes beside that of the weight.
    dynamics
        Forecasting dynamics over the same R regulators, in expression units, in place of the families of
        `config`. The gated ODE itself is always linear, which finds edges best.
    solver
        In place of `ExponentialHeun` at `config.step`.
    seed
        Of every random draw. The same seed gives the same bits on the same machine and number of threads.
    progress
        Called after every step.
    journal
        Keeps the state of training, and begins where it has left off. What training depends on, all of the above, is
        for the journal's `about` to say. The result is the same, bit for bit.

    Raises
    ------
    OptionError
        If shapes do not belong together, or objects are given beside words for the same.
    """
    config = FitConfig() if config is None else config
    if (gate is not None or sparsity is not None) and config.sparse != SparseConfig():
        raise OptionError("gate= and sparsity= are objects in place of what config.sparse asks for; give one of them")
    # Objects are trained, and may be used again.
    gate, sparsity, dynamics = copy.deepcopy((gate, sparsity, dynamics))
    regulators = checked_regulators(np.asarray(regulators), series)
    begin = scratch_start(series, regulators, config.sparse, by=config.opening) if start is None else start
    check_shapes(begin, gate, dynamics, len(regulators), series, sparsity)
    check_density(config.sparse, len(regulators) * (series.n_genes - 1))
    task = Task.of(series, begin, regulators, config, solver=solver, seed=seed, progress=progress, journal=journal)
    trained = train_gated(task, gate=gate, sparsity=sparsity, scratch=start is None)
    model, weights, inputs, more = _refit(task, trained, dynamics)
    some = EdgeList.of(task.allowed & (begin.weight != 0))
    effect = some.take(begin.inclusion) * some.take(begin.weight)
    network = Network(
        regulators=task.names,
        targets=series.genes,
        scores=trained.scores,
        weights=weights,
        effects=some.matrix(effect),
        candidates=task.allowed,
    )
    expected = None
    if start is not None:
        expected = task.linear(EdgeStart.of(start, some, effect), some)
    options: dict[str, Any] = {**asdict(config), "start": "none" if start is None else "posterior"}
    for name, given in (("gate", gate), ("sparsity", sparsity)):
        if given is not None:
            options["sparse"] = {**options["sparse"], name: type(given).__name__}
    return FitResult(
        network=network,
        model=model,
        solver=task.solver,
        genes=series.genes,
        regulators=task.names,
        start=start,
        history=task.reporter.history(),
        status=_status(task, trained, network, model, start is None, more),
        seed=seed,
        knowledge=knowledge_of(series, begin, model, task.solver, in_training(series, inputs), config.longest),
        expected=expected,
        stimuli=Stimuli.of(inputs, begin.inputs),
        options=options,
    )


def _status(task: Task, trained: Trained, network: Network, model: AbstractDynamics, scratch: bool, more: str) -> str:
    sparse = task.config.sparse
    prices = asked_price(sparse, measurements(task.series, task.begin.redundancy), task.allowed.sum(0))
    # What the start says about decoys is about the edges that it would have reported itself.
    instead = sparse.density is not None or sparse.sparsity == "none"
    unchecked = "Gates from scratch, without posterior or decoys: scores are overconfident." if scratch else ""
    notes = [unchecked, asked_note(sparse, network, prices), "" if instead else task.begin.note, trained.note, more]
    return status_of(network, model, task.series, notes, asked=sparse.decides)


def _refit(
    task: Task, trained: Trained, dynamics: AbstractDynamics | None
) -> tuple[AbstractDynamics, sparse.csr_array, Inputs | None, str]:
    """The forecasting model on the edges that survived, its weights (R, N), its inputs, and what went wrong."""
    series, config, kept = task.series, task.config, trained.kept
    edges, dtype = kept.edges, task.config.torch_dtype
    prior, mask = task.edge_prior(kept, 1.0), np.ones(len(edges), dtype=bool)
    if dynamics is None:
        families = candidates(kept, series, task.regulators[edges.rows], task.non_negative, config)
        index, shape = edges.index, (len(edges.rows), series.n_genes)
    else:
        families = [dynamics.with_matrices().to(dtype)]
        index, shape = torch.from_numpy(np.stack([edges.regulators, edges.targets])), edges.shape
    if families[0].edges is None:
        prior, mask = prior.as_matrices(index, shape), to_matrix(torch.from_numpy(mask), index, shape).numpy()
    model, inputs, note = refit(
        families,
        mask,
        problem=make_problem(series, trained.start, task.sd, config, measured=config.window_start == "measured"),
        prior=prior,
        factor=trained.objective.factor,
        sd=task.sd,
        solver=task.solver,
        config=config,
        generator=task.generator,
        reporter=task.reporter,
        inputs=trained.start.inputs,
    )
    slope = model.slope().detach().double()
    weight = slope if slope.ndim == 1 else to_edges(slope, index)
    return model, edges.matrix(weight.numpy()), inputs, note

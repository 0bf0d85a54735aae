"""The gated ODE: what it works with, and what it has learned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from grn_l0._errors import OptionError
from grn_l0._journal import Journal
from grn_l0._typing import Array, Bool, Float, Int, Progress
from grn_l0.dynamics import Linear, LinearStart
from grn_l0.fit.config import FitConfig
from grn_l0.fit.drive import Drive
from grn_l0.fit.edges import EdgeList, EdgeStart
from grn_l0.fit.loss import EdgePrior, Objective
from grn_l0.fit.pricing import Pricing, make_gate, make_sparsity, measurements, occam_price, relative_prices
from grn_l0.fit.problem import is_non_negative, make_problem, standard_deviation
from grn_l0.fit.progress import Reporter
from grn_l0.fit.summary import default_step, survivors_of, trained_start, trained_weights, violation_note
from grn_l0.fit.train import train_gates
from grn_l0.gates import AbstractGate
from grn_l0.posterior.start import Start
from grn_l0.solve import AbstractSolver, ExponentialHeun
from grn_l0.sparsity import AbstractSparsity
from grn_l0.timeseries import TimeSeries


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """What gated ODE and refit work with; `begin` is where they start from, `allowed` (R, N) the candidate edges."""

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

    @classmethod
    def of(
        cls,
        series: TimeSeries,
        begin: Start,
        regulators: Int[Array, " regulators"],
        config: FitConfig,
        *,
        solver: AbstractSolver | None = None,
        seed: int = 0,
        progress: Progress | None = None,
        journal: Journal | None = None,
    ) -> Task:
        """Candidates are all edges but those of a gene on itself; `solver` None for `ExponentialHeun`."""
        allowed = regulators[:, None] != np.arange(series.n_genes)[None, :]
        return cls(
            series=series,
            begin=begin,
            regulators=regulators,
            allowed=allowed,
            sd=standard_deviation(series),
            non_negative=is_non_negative(series, begin.noise),
            config=config,
            solver=solver or ExponentialHeun(step=config.step or default_step(series, begin.rate)),
            generator=torch.Generator().manual_seed(seed),
            reporter=Reporter(progress=progress, candidates=int(allowed.sum()), journal=journal or Journal()),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the regulators."""
        return tuple(self.series.genes[j] for j in self.regulators)

    def linear(self, start: LinearStart, edges: EdgeList | None = None) -> Linear:
        """Linear dynamics in expression units: of these edges, or with matrices of all."""
        rows = slice(None) if edges is None else edges.rows
        return Linear.from_start(
            start,
            self.series,
            regulators=torch.as_tensor(self.regulators[rows]),
            floor=0.0 if self.non_negative else None,
            edges=None if edges is None else edges.index,
            dtype=self.config.torch_dtype,
        )

    def edge_prior(
        self, start: Start | EdgeStart, odds: float, extra: Float[Array, "*edges"] | None = None
    ) -> EdgePrior:
        """Of all weights of the start; `extra` as for `EdgePrior.from_start`."""
        return EdgePrior.from_start(start, self.sd[self.regulators], self.sd, odds, self.config.torch_dtype, extra)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """What the gated ODE has learned.

    Attributes
    ----------
    start
        Where it started, with rates, offsets, initial states and effects of inputs as they are now.
    edges, weight
        The edges that were trained, and their weights.
    survivors
        The network.
    scores
        Of every edge.
    objective
        The model and its loss.
    note
        What went wrong.
    """

    start: Start
    edges: EdgeList
    weight: Float[Array, " edges"]
    survivors: EdgeList
    scores: Float[Array, "regulators genes"]
    objective: Objective
    note: str

    @property
    def kept(self) -> EdgeStart:
        """The network's edges, as they are now."""
        weight = self.survivors.take(self.start.weight)
        return EdgeStart.of(self.start, self.survivors, self.survivors.replaced(weight, self.edges, self.weight))

    @property
    def whole(self) -> Start:
        """The start with all that was learned in place."""
        weight = np.array(self.start.weight)
        weight[self.edges.regulators, self.edges.targets] = self.weight
        return replace(self.start, weight=weight, inclusion=self.scores)


def objective_of(
    task: Task, *, gate: AbstractGate | None = None, sparsity: AbstractSparsity | None = None
) -> tuple[Objective, EdgeList, Float[Array, "regulators genes"]]:
    """The gated ODE before its first step, the edges in it, and where the gates of all edges would start.

    Only edges with some evidence are trained, as a list. Objects of the user's own are for all edges, and so everything
    has matrices with them.
    """
    series, begin, config, dtype = task.series, task.begin, task.config, task.config.torch_dtype
    sparse, n_candidates = config.sparse, int(task.allowed.sum())
    pricing = Pricing.of(begin, task.allowed, sparse, measurements(series, begin.redundancy))
    active = task.allowed & (pricing.opening > config.active)
    if sparsity is not None:  # an infinite price closes an edge for good
        finite = torch.isfinite(sparsity.lambdas).cpu().expand(active.shape)
        active &= finite.numpy()
        if gate is not None and bool((gate.probability().detach().cpu() > 0)[~finite].any()):
            raise OptionError("gates are open at an infinite price; close them for good with their `allowed`")
    listed = gate is None and sparsity is None
    edges = EdgeList.of(active if listed else task.allowed)
    start = EdgeStart.of(begin, edges) if listed else begin
    rows = edges.rows if listed else np.arange(len(task.regulators))
    opening, price = (edges.take(m) if listed else m for m in (pricing.opening, pricing.price))
    if gate is None:
        gate = make_gate(
            opening,
            np.ones(len(edges), dtype=bool) if listed else active,
            sparse,
            regulators=[series.genes[j] for j in task.regulators[rows]],
            genes=series.genes,
            odds=config.odds,
            dtype=dtype,
            edges=edges.index if listed else None,
        )
    if sparsity is None:
        sparsity = make_sparsity(price, n_candidates, sparse, dtype, pricing.start)
    extra = relative_prices(price, sparse) + (occam_price(start) if pricing.occam else 0.0)
    dynamics = task.linear(start, edges if listed else None)
    objective = Objective(
        problem=make_problem(series, begin, task.sd, config),
        dynamics=dynamics.scaled(1 / torch.as_tensor(task.sd, dtype=dtype)),
        gate=gate.to(dtype),
        sparsity=sparsity,
        solver=task.solver,
        prior=task.edge_prior(start, config.odds, extra),
        drive=None if begin.inputs is None else Drive(begin.inputs, task.sd, dtype),
    )
    return objective, edges, pricing.opening


def train_gated(
    task: Task, *, gate: AbstractGate | None = None, sparsity: AbstractSparsity | None = None, scratch: bool = False
) -> Trained:
    """Train the gated ODE; without a posterior (`scratch`) its probabilities are the scores.

    From scratch a density is kept in a run of its own: gates are trained at learned prices, and then shifted and
    trained under the constraint as those of a posterior are. Trained under the constraint from the beginning, the many
    edges that are open only because they were asked for explain what belongs to the others, and their ranking suffers.
    """
    sparse = task.config.sparse
    if not scratch or sparse.density is None:
        return _trained(task, gate, sparsity, scratch=scratch)
    free = replace(task.config, sparse=replace(sparse, sparsity="penalty", density=None))
    first = _trained(replace(task, config=free), None, None, scratch=True)
    second = _trained(replace(task, begin=first.whole), gate, sparsity, scratch=False, stage="density")
    return replace(second, note=" ".join(note for note in (first.note, second.note) if note))


def _trained(
    task: Task,
    gate: AbstractGate | None,
    sparsity: AbstractSparsity | None,
    *,
    scratch: bool,
    stage: str = "gated ODE",
) -> Trained:
    begin, config = task.begin, task.config
    objective, edges, opening = objective_of(task, gate=gate, sparsity=sparsity)
    gate = objective.gate
    note = train_gates(objective, scratch, config, task.generator, task.reporter, stage)
    survivors, probability = survivors_of(gate, edges, task.allowed, config, opening)
    scores = np.where(task.allowed, begin.inclusion if begin.score is None else begin.score, 0.0)
    if scratch:
        trained = edges.take(opening) > config.active
        scores[edges.regulators[trained], edges.targets[trained]] = probability[trained]
    return Trained(
        start=trained_start(begin, objective, task.sd, gate),
        edges=edges,
        weight=trained_weights(objective, edges, task.sd, gate),
        survivors=survivors,
        scores=scores,
        objective=objective,
        note=" ".join(part for part in (note, violation_note(objective)) if part),
    )

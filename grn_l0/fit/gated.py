"""The gated ODE: what it works with, and what it has learned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Bool, Float, Int, Progress
from grn_l0.dynamics import Linear
from grn_l0.fit.config import FitConfig
from grn_l0.fit.drive import Drive
from grn_l0.fit.loss import EdgePrior, Objective
from grn_l0.fit.pricing import Pricing, make_gate, make_sparsity, measurements, occam_price, relative_prices
from grn_l0.fit.problem import is_non_negative, make_problem, restrict, standard_deviation
from grn_l0.fit.progress import Reporter
from grn_l0.fit.summary import default_step, survivors_of, trained_start, violation_note
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
            reporter=Reporter(progress=progress, candidates=int(allowed.sum())),
        )

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

    def edge_prior(
        self,
        start: Start,
        rows: Int[Array, " rows"],
        odds: float,
        extra: Float[Array, "regulators genes"] | None = None,
    ) -> EdgePrior:
        """Of the weights of the regulators `rows`; `extra` as for `EdgePrior.from_start`."""
        inner = self.sd[self.regulators[rows]]
        return EdgePrior.from_start(start, inner, self.sd, odds, self.config.torch_dtype, extra)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """What the gated ODE has learned: the start with it in place, the network, the score of every edge, the model."""

    start: Start
    survivors: Bool[Array, "regulators genes"]
    scores: Float[Array, "regulators genes"]
    objective: Objective
    note: str


def objective_of(
    task: Task, *, gate: AbstractGate | None = None, sparsity: AbstractSparsity | None = None
) -> tuple[Objective, Int[Array, " rows"], Float[Array, "regulators genes"]]:
    """The gated ODE before its first step, the regulators in it, and where the gates of all edges would start."""
    series, begin, config, dtype = task.series, task.begin, task.config, task.config.torch_dtype
    sparse, odds = config.sparse, config.odds
    pricing = Pricing.of(begin, task.allowed, sparse, measurements(series, begin.redundancy))
    # Only edges with some evidence are trained, and only regulators with such edges enter the matrix products.
    active = task.allowed & (pricing.opening > config.active)
    if sparsity is not None:  # an infinite price closes an edge for good
        finite = torch.isfinite(sparsity.lambdas).cpu().expand(active.shape)
        active &= finite.numpy()
        if gate is not None and bool((gate.probability().detach().cpu() > 0)[~finite].any()):
            raise OptionError("gates are open at an infinite price; close them for good with their `allowed`")
    whole = gate is not None or sparsity is not None
    rows = np.arange(len(task.regulators)) if whole else np.flatnonzero(active.any(1))
    part = restrict(begin, rows)
    if gate is None:
        gate = make_gate(
            pricing.opening[rows],
            active[rows],
            sparse,
            regulators=[series.genes[j] for j in task.regulators[rows]],
            genes=series.genes,
            odds=odds,
            dtype=dtype,
        )
    if sparsity is None:
        sparsity = make_sparsity(pricing, rows, int(task.allowed.sum()), sparse, dtype)
    extra = relative_prices(pricing, sparse)[rows] + (occam_price(part) if pricing.occam else 0.0)
    objective = Objective(
        problem=make_problem(series, begin, task.sd, config),
        dynamics=task.linear(part, rows).scaled(1 / torch.as_tensor(task.sd, dtype=dtype)),
        gate=gate.to(dtype),
        sparsity=sparsity,
        solver=task.solver,
        prior=task.edge_prior(part, rows, odds, extra),
        drive=None if begin.inputs is None else Drive(begin.inputs, task.sd, dtype),
    )
    return objective, rows, pricing.opening


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
    after = replace(task, begin=replace(first.start, inclusion=first.scores))
    second = _trained(after, gate, sparsity, scratch=False, stage="density")
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
    objective, rows, opening = objective_of(task, gate=gate, sparsity=sparsity)
    gate = objective.gate
    note = train_gates(objective, scratch, config, task.generator, task.reporter, stage)
    survivors, probability = survivors_of(gate, rows, task.allowed, config, opening)
    scores = np.where(task.allowed, begin.inclusion if begin.score is None else begin.score, 0.0)
    if scratch:
        scores[rows] = np.where((opening > config.active)[rows], probability, scores[rows])
    return Trained(
        start=trained_start(begin, objective, rows, task.sd, gate),
        survivors=survivors,
        scores=scores,
        objective=objective,
        note=" ".join(part for part in (note, violation_note(objective)) if part),
    )

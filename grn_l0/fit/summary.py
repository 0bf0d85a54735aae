"""What a fit checks before it begins and sums up when it is done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Bool, Float, Int
from grn_l0.dynamics import AbstractDynamics
from grn_l0.fit.config import FitConfig
from grn_l0.fit.edges import EdgeList
from grn_l0.fit.loss import Objective
from grn_l0.fit.pricing import open_edges
from grn_l0.fit.sparse import SparseConfig
from grn_l0.gates import AbstractGate
from grn_l0.network import Network
from grn_l0.posterior.response import MANY
from grn_l0.posterior.start import Start
from grn_l0.sparsity import AbstractSparsity, L0Constraint
from grn_l0.timeseries import TimeSeries

#: Above one edge per so many values, as below `MANY` trajectories, scores are a ranking only.
VALUES_PER_EDGE = 10
#: A density that is this share of itself above what was asked for is still kept.
_TOLERATED = 0.05
#: Only among more genes than this is a regulator of more than half of them suspicious.
MANY_GENES = 20


def checked_regulators(regulators: Int[Array, " regulators"], series: TimeSeries) -> Int[Array, " regulators"]:
    """Positions of regulators, if they are distinct positions of genes."""
    positions = np.asarray(regulators)
    if positions.ndim != 1 or len(positions) == 0 or not np.issubdtype(positions.dtype, np.integer):
        raise OptionError("regulators must be a list of at least one position among the genes")
    if len(np.unique(positions)) != len(positions) or positions.min() < 0 or positions.max() >= series.n_genes:
        raise OptionError(f"regulators must be distinct positions from 0 to {series.n_genes - 1}")
    return positions.astype(np.int64)


def check_shapes(
    start: Start,
    gate: AbstractGate | None,
    dynamics: AbstractDynamics | None,
    n_regulators: int,
    series: TimeSeries,
    sparsity: AbstractSparsity | None = None,
) -> None:
    """Refuse parts that belong to other data."""
    expected = (n_regulators, series.n_genes)
    found = {"the start": start.inclusion.shape}
    if gate is not None:
        found["the gate"] = tuple(gate.probability().shape)
    if dynamics is not None:
        found["the dynamics"] = (dynamics.n_regulators, dynamics.n_genes)
    for name, shape in found.items():
        if tuple(shape) != expected:
            raise OptionError(f"{name} has shape {tuple(shape)}, the data need (regulators, genes) = {expected}")
    if sparsity is not None:
        lambdas = tuple(sparsity.lambdas.shape)
        if any(size not in (1, whole) for size, whole in zip(lambdas[::-1], expected[::-1], strict=False)):
            raise OptionError(f"the sparsity has prices of shape {lambdas}, the data need {expected}")
    if start.states.shape != series.values.shape:
        raise OptionError(f"the start has states of shape {start.states.shape}, the data {series.values.shape}")


def default_step(series: TimeSeries, rate: Float[Array, " genes"]) -> float:
    """1.1 / median rate of the moving genes, not below an eighth of the median interval between times."""
    gaps = np.diff(series.times, axis=1)
    typical = float(np.median(gaps[np.isfinite(gaps)]))
    moving = rate[rate > 0]
    return max(1.1 / float(np.median(moving)), typical / 8) if len(moving) else typical


def survivors_of(
    gate: AbstractGate,
    edges: EdgeList,
    allowed: Bool[Array, "regulators genes"],
    config: FitConfig,
    opening: Float[Array, "regulators genes"],
) -> tuple[EdgeList, Float[Array, " edges"]]:
    """The network, and P(z != 0) of the `edges` that were trained.

    `opening` (R, N) is where gates would have started; it decides between edges whose gates were not trained.
    """
    with torch.no_grad():
        probability = edges.take(gate.probability().double().numpy())
        open_ = edges.take(gate.deterministic().numpy()) > 0
    if config.survival is not None:
        open_ = probability > config.survival
    if config.sparse.density is not None:
        chosen = open_edges(edges.put(probability), opening, allowed, config.sparse.density)
        return EdgeList.of(chosen), probability
    return edges.only(open_), probability


def trained_start(start: Start, objective: Objective, sd: Float[Array, " genes"], gate: AbstractGate) -> Start:
    """The start with rates, offsets, initial states and effects as they were learned; expression units."""
    with torch.no_grad():
        model = objective.dynamics.scaled(torch.as_tensor(sd, dtype=objective.factor.dtype))
        offset, rate = model.masked(gate.deterministic()).level().detach(), model.rate.detach()
    initial = start.initial
    if objective.problem.initial_sd is not None:
        initial = objective.initial.detach().double().numpy() * sd
    inputs = start.inputs
    if inputs is not None and objective.drive is not None:
        inputs = objective.drive.learned(inputs, sd)
    return replace(start, inputs=inputs, offset=offset.double().numpy(), rate=rate.double().numpy(), initial=initial)


def trained_weights(
    objective: Objective, edges: EdgeList, sd: Float[Array, " genes"], gate: AbstractGate
) -> Float[Array, " edges"]:
    """Slopes of the edges times their gates at test time, of open ones; expression units."""
    with torch.no_grad():
        z = gate.deterministic()
        slope = objective.dynamics.scaled(torch.as_tensor(sd, dtype=objective.factor.dtype)).slope()
        return edges.take((slope * torch.where(z > 0, z, torch.ones_like(z))).double().numpy())


def violation_note(objective: Objective) -> str:
    """Whether a constraint is still violated after training."""
    if not isinstance(objective.sparsity, L0Constraint):
        return ""
    with torch.no_grad():
        violation = objective.sparsity.violation(objective.gate.probability())
    excess = float((violation / objective.sparsity.epsilon).max())
    if excess <= _TOLERATED:
        return ""
    return (
        f"The gates' expected density is still {100 * excess:.0f} % above what was asked for: more steps, or a faster "
        "multiplier, may help. A number of edges that was asked for is reported all the same."
    )


def asked_note(sparse: SparseConfig, network: Network, prices: Float[Array, " genes"]) -> str:
    """What was asked for in place of the default, and how much of it a posterior supports."""
    edges = network.n_edges
    supported = int((network.selected & (network.scores > 0.5)).sum())
    if sparse.sparsity == "none":
        return "Nothing was selected, as it was asked for: these edges are not a network."
    if sparse.density is not None:
        said = f"A density of {sparse.density:g} was asked for, so {edges} edges are reported"
        if edges < round(sparse.density * network.n_candidates):
            said += " (the other targets do not move, or nothing speaks for an edge)"
        return f"{said}: {supported} of them have a score above .5, the others are there because they were asked for."
    if sparse.priced:
        what = f"{sparse.criterion} ({np.median(prices):.2g}" if sparse.criterion else f"A price ({sparse.penalty:g}"
        said = f"{what} nats per edge) was asked for"
        return (
            f"{said}: {edges} edges, {supported} of them with a score above .5."
            if edges
            else f"{said}: no edge is worth it."
        )
    return ""


#: How a note begins that says why there is no edge.
NONE_REPORTED = "No edge is reported"


def status_of(
    network: Network, model: AbstractDynamics, series: TimeSeries, notes: list[str], *, asked: bool = False
) -> str:
    """A few sentences for people: what came out, and how far these data can be trusted about it.

    `asked`: a price or a density of the user's own decided which edges are reported.
    """
    edges, candidates = network.n_edges, network.n_candidates
    said = [f"{edges} of {candidates} candidate edges survived; forecasts by {model.kind} production."]
    if edges == 0 and not asked and not any(note.startswith(NONE_REPORTED) for note in notes):
        said.append(
            "No regulation can be told from noise in these data: more trajectories, less noise, a prior network or "
            "a shorter list of regulators may help."
        )
    broad = int((network.selected.sum(1) > series.n_genes / 2).sum()) if series.n_genes > MANY_GENES else 0
    n, few = series.n_series, series.n_series < MANY
    along = "" if not few else "along 1 trajectory " if n == 1 else f"along {n} trajectories "
    if broad and not asked:
        who, what = ("1 regulator reaches", "it") if broad == 1 else (f"{broad} regulators reach", "they")
        trend = "a common trend" if few else "a trend that all trajectories share, such as a clock or a batch"
        said.append(f"{who} more than half of all genes: {along}{what} cannot be told apart from {trend}.")
    if few:
        said.append(f"Few trajectories ({n}): scores rank edges but are overconfident; see docs/scores.md.")
    elif edges > int(series.lengths.sum()) * series.n_genes / VALUES_PER_EDGE:
        said.append("Many edges for so few values: scores rank them but are overconfident; see docs/scores.md.")
    return " ".join([*said, *(note for note in notes if note)])

"""Where rounds stand, as a state that a journal can keep, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from grn_l0.posterior.chain import Chain
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.odds import Odds, OpenEdges
from grn_l0.posterior.scaling import Scaled
from grn_l0.posterior.states import States
from grn_l0.posterior.summary import Curvature, Summary
from grn_l0.posterior.uncertainty import Deviation, Deviations

if TYPE_CHECKING:
    from grn_l0.posterior.rounds import Run

#: What states consist of.
CLASSES = (States, Deviations, Deviation, Choice, Curvature)

#: What keys of the posterior begin with: those of runs, of trials of a variant, and of series taken step by step.
RUN, TRIAL, STEPS = "run-", "trial-", "steps"
KEYS = (RUN, TRIAL, STEPS)

_CHAIN = ("shape", "input_shape", "shift", "shares", "sweep", "rounds", "believed")
#: Of a summary these are what all rounds that are averaged are asked for; of the last one all else, too.
_AVERAGED = ("inclusion", "weight")


def run_state(run: Run) -> dict[str, Any]:
    """Everything that the next round, or the end, depends on and that rounds have changed."""
    return {
        "done": run.n_rounds,
        "ended": run.ended,
        "likelihood": float(run.likelihood),
        "choice": run.choice,
        "rates": run.problem.kinds.rates,
        "filled": filled(run.problem.scaled),
        "states": run.states,
        "chain": chain_state(run.chain),
        "rounds": rounds_state(run.rounds, run.config.averaged),
    }


def restored_run(run: Run, state: dict[str, Any]) -> Run:
    """A run that has not begun, brought to where `run_state` left one."""
    run.problem = run.problem.with_rates(state["rates"])
    restore_chain(run.chain, state["chain"])
    run.rounds = restored_rounds(state["rounds"], run.chain)
    run.states, run.choice, run.likelihood = state["states"], state["choice"], state["likelihood"]
    run.n_rounds, run.ended = state["done"], state["ended"]
    shapes = [(len(d.series), len(d.grid), run.problem.series.n_genes) for d in run.problem.designs]
    if [x.shape for x in run.states.estimate] != shapes or run.rounds[-1].inclusion.shape != run.chain.candidates.shape:
        raise ValueError("states and rounds are of other data")
    # Last of all, as other runs may share the measurements.
    fill(run.problem.scaled, state["filled"])
    return run


def filled(scaled: Scaled) -> list[Any] | None:
    """Measurements with what stands where there were none; None where everything was measured."""
    given = not any(gap.any() for gap in scaled.missing) and not any(len(h.genes) for h in scaled.held)
    return None if given else [m.copy() for m in scaled.measured]


def fill(scaled: Scaled, values: list[Any] | None) -> None:
    """Put them back, in place: problems share their measurements."""
    if values is not None and [v.shape for v in values] != [m.shape for m in scaled.measured]:
        raise ValueError("measurements are of other designs")
    for here, there in zip(scaled.measured, values or scaled.measured, strict=True):
        here[...] = there


def chain_state(chain: Chain) -> dict[str, Any]:
    """What sweeps have changed."""
    classes = {"rates": chain.classes.rates, "judge": bool(chain.classes.judge)}
    return {**{n: getattr(chain, n) for n in _CHAIN}, "edges": _open(chain.edges), "classes": classes}


def restore_chain(chain: Chain, state: dict[str, Any]) -> None:
    """Bring a chain that has not begun to where `chain_state` left one."""
    chain.edges = _reopened(state["edges"], *chain.candidates.shape)
    for name in _CHAIN:
        setattr(chain, name, state[name])
    chain.classes.rates, chain.classes.judge = state["classes"]["rates"], state["classes"]["judge"]


def rounds_state(rounds: Sequence[Summary], averaged: int) -> dict[str, Any]:
    """The last rounds, as far as they are asked for."""
    last = rounds[-1]
    whole = {f.name: getattr(last, f.name) for f in fields(Summary)}
    odds = {f.name: getattr(last.odds, f.name) for f in fields(Odds) if f.name not in ("allowed", "classes")}
    classes = {"rates": last.odds.classes.rates, "judge": bool(last.odds.classes.judge)}
    whole["odds"] = {**odds, "edges": _open(last.odds.edges), "classes": classes}
    return {"last": whole, "before": [{n: getattr(r, n) for n in _AVERAGED} for r in rounds[-averaged:-1]]}


def restored_rounds(state: dict[str, Any], chain: Chain) -> list[Summary]:
    """The rounds that `rounds_state` left, of this chain."""
    whole = dict(state["last"])
    allowed = chain.candidates & whole["changing"][:, None]
    odds = dict(whole.pop("odds"))
    edges = _reopened(odds.pop("edges"), *chain.candidates.shape)
    classes = replace(chain.classes, **odds.pop("classes"))
    last = Summary(**whole, odds=Odds(**odds, edges=edges, allowed=allowed, classes=classes))
    return [*(replace(last, **part) for part in state["before"]), last]


def _open(edges: OpenEdges) -> dict[str, Any]:
    there = np.arange(edges.at.shape[1]) < edges.count[:, None]
    return {"count": edges.count, "at": edges.at[there], "weight": edges.weight[there]}


def _reopened(state: dict[str, Any], n_genes: int, n_regulators: int) -> OpenEdges:
    edges = OpenEdges.none(n_genes, n_regulators)
    count, at = state["count"], state["at"]
    if count.shape != edges.count.shape or (len(at) and not 0 <= at.min() <= at.max() < n_regulators):
        raise ValueError(f"open edges do not belong to {n_genes} genes and {n_regulators} regulators")
    there = np.arange(edges.at.shape[1]) < count[:, None]
    edges.at[there], edges.weight[there], edges.count[:] = at, state["weight"], count
    return edges

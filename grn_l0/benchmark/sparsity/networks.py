"""SIM350 with every kind of gate, sparsity and production."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from grn_l0 import datasets, tl
from grn_l0.benchmark.scoring import errors
from grn_l0.fit import FamilyName, SparseConfig
from grn_l0.fit.sparse import CriterionName, GroupName

#: Figures of the table, in its order.
COLUMNS = (
    "auprc",
    "balanced_accuracy",
    "precision",
    "recall",
    "sparsity",
    "edges",
    "expected_density",
    "mse_one_step",
    "time_s",
)
#: Production of the forecasts, in the order of the table.
DYNAMICS: tuple[FamilyName, ...] = ("linear", "logistic", "sum-product", "mlp")
_SPARSITIES = {
    "penalty": SparseConfig(),
    "constraint .005": SparseConfig(sparsity="constraint", density=0.005),
    "constraint .01": SparseConfig(sparsity="constraint", density=0.01),
    "none": SparseConfig(sparsity="none"),
}
_CRITERIA: tuple[CriterionName, ...] = ("aic", "bic", "ebic")
_GROUPS: tuple[GroupName, ...] = ("regulator", "target")
#: Kinds of gates, by the words that the rows of the table begin with.
GATES = {
    "hard concrete": SparseConfig(),
    "DiffPrune": SparseConfig(gate="diffprune"),
}


@dataclass(frozen=True, kw_only=True)
class Combination:
    """One row of the table."""

    name: str
    sparse: SparseConfig
    dynamics: FamilyName | None = None
    start: Literal["posterior", "none"] = "posterior"


def combinations() -> Iterator[Combination]:
    """Every gate with every sparsity and production; then prices by criterion, groups, and gates from scratch."""
    for gate, kind in GATES.items():
        for name, sparse in _SPARSITIES.items():
            both = replace(sparse, gate=kind.gate)
            for family in DYNAMICS:
                yield Combination(name=f"{gate}, {name}, {family}", sparse=both, dynamics=family)
        for criterion in _CRITERIA:
            yield Combination(name=f"{gate}, {criterion}", sparse=replace(kind, criterion=criterion))
        for group in _GROUPS:
            grouped = replace(kind, group=group)
            yield Combination(name=f"{gate}, penalty, grouped by {group}", sparse=grouped)
        for name in ("penalty", "constraint .01"):
            alone = replace(_SPARSITIES[name], gate=kind.gate)
            yield Combination(name=f"{gate}, {name}, from scratch", sparse=alone, start="none")
    drawn = SparseConfig(gate="diffprune", stochastic=True)
    yield Combination(name="DiffPrune, stochastic, penalty", sparse=drawn)


def experiment(gate: str, seed: int) -> dict[str, dict[str, float]]:
    """Figures of a gate's combinations on one draw of the noise; the posterior is computed once, and not timed."""
    test = datasets.sim350_test()
    adata = datasets.sim350(noise=0.05, seed=seed)
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, Any] = {"trajectory_key": "trajectory", "seed": seed}
        tl.infer(adata.copy(), checkpoint=folder, **options)
        for one in combinations():
            if not one.name.startswith(gate):
                continue
            kept: dict[str, Any] = {"checkpoint": folder} if one.start == "posterior" else {}
            began = time.perf_counter()
            result = tl.infer(
                adata.copy(), sparse=one.sparse, dynamics=one.dynamics, start=one.start, **kept, **options
            )
            spent = time.perf_counter() - began
            figures: dict[Any, Any] = tl.evaluate(result, test.varp["truth"]).loc["result"].to_dict()
            gated = result.fit.history[result.fit.history["stage"].isin(["gated ODE", "test-time gates", "density"])]
            figures |= errors(result.forecast(test))
            figures |= {"expected_density": float(gated["density"].iloc[-1]), "time_s": spent}
            rows[one.name] = {c: float(figures[c]) for c in COLUMNS if c in figures}
    return rows

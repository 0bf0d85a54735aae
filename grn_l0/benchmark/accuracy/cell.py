"""One cell of the benchmark: one method on the data of one case from one seed, and its record."""

from __future__ import annotations

import math
import time
import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from grn_l0 import metrics, tl
from grn_l0._typing import Bool, Float, ndarray
from grn_l0.benchmark.accuracy.case import Case, Problem
from grn_l0.benchmark.methods import Answer, Method, Task
from grn_l0.benchmark.scoring import against
from grn_l0.metrics.universe import align
from grn_l0.network import Network

#: Most points of a precision-recall curve in a record.
POINTS = 120
#: Plain values, as JSON keeps them.
Record = dict[str, Any]


@lru_cache(maxsize=2)
def _problem(case: Case, seed: int) -> Problem:
    return case.make(seed)


def run_cell(case: Case, method: Method, seed: int) -> Record:
    """Run one method and judge its answer.

    Returns
    -------
    ``case``, ``method``, ``seed``; ``status``, "done"; ``note``; ``figures``, a name and a finite number each;
    ``curve``, precision and recall at thinned scores; ``reliability``, counts by probability.
    """
    with warnings.catch_warnings():
        # Constant genes and the like are known, and the same for every method.
        warnings.simplefilter("ignore")
        problem = _problem(case, 0 if case.fixed else seed)
        task = Task(
            adata=problem.adata.copy(),
            keys=problem.keys,
            series=problem.series,
            regulators=problem.positions,
            prior=problem.prior,
            seed=seed,
            deadline=time.process_time() + method.limit_s,
        )
        began, processor = time.perf_counter(), time.process_time()
        answer = method.run(task)
        times = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - processor}
        network = answer.network(task)
        figures = _forecasts(answer, problem)
        record: Record = {"case": case.name, "method": method.name, "seed": seed, "status": "done", "note": answer.note}
        if network is not None:
            figures |= _figures(network, answer, problem)
            if problem.references:
                record |= _curves(network, answer, problem)
                figures |= record.pop("ece", {})
    return record | {"figures": {k: float(v) for k, v in (figures | times).items() if math.isfinite(v)}}


def _figures(network: Network, answer: Answer, problem: Problem) -> dict[str, float]:
    """Figures of the network against every reference."""
    chosen = answer.weights is not None
    found: dict[str, float] = {}
    for k, (name, reference) in enumerate(problem.references.items()):
        row = against(network, reference, chosen=chosen, p_value=not problem.calibrated)
        found |= {c if k == 0 else f"{c} ({name})": v for c, v in row.items()}
    if chosen:
        found["edges_found"] = network.n_edges
        found["sparsity"] = network.sparsity
        if not answer.signed:
            found = {k: v for k, v in found.items() if not k.startswith("sign_accuracy")}
        if not problem.references:
            found["false_per_target"] = network.n_edges / len(network.targets)
    return found


def _forecasts(answer: Answer, problem: Problem) -> dict[str, float]:
    """One-step errors on every test."""
    found: dict[str, float] = {}
    if answer.forecast is None:
        return found
    for name, test in problem.tests.items():
        predicted = answer.forecast(test.series, test.measurement)
        if predicted is not None:
            error = metrics.mse(predicted, test.series.values, predicted_entries(test.series.times, predicted.shape))
            found["mse_one_step" if len(problem.tests) == 1 else f"mse_one_step ({name})"] = error
    return found


def predicted_entries(
    times: Float[ndarray, "series times"], shape: tuple[int, ...]
) -> Bool[ndarray, "series times genes"]:
    """All times of a trajectory but the first."""
    inside = np.isfinite(times)
    inside[:, 0] = False
    return np.broadcast_to(inside[:, :, None], shape)


def _curves(network: Network, answer: Answer, problem: Problem) -> Record:
    """Precision-recall curve on the first reference, and the counts behind its calibration."""
    reference = next(iter(problem.references.values()))
    universe = align(
        network,
        pd.DataFrame({c: reference[c] for c in reference}),
        reference.attrs["regulators"],
        reference.attrs["targets"],
    )
    score, true = universe.scores[universe.candidates], universe.truth[universe.candidates]
    recall, precision = precision_recall(score, true)
    record: Record = {"curve": {"recall": _short(recall), "precision": _short(precision)}}
    if answer.probability and problem.calibrated:
        chances = universe.scores.clip(0, 1), universe.truth, universe.candidates
        counts = metrics.reliability(*chances)
        record["reliability"] = {
            "count": counts.count.tolist(),
            "total": counts.total.tolist(),
            "hits": counts.hits.tolist(),
        }
        figures = (counts.error(), counts.error(metrics.LIKELY), metrics.brier(*chances))
        record["ece"] = dict(zip(tl.CALIBRATION, figures, strict=True))
    return record


def precision_recall(
    score: Float[ndarray, " candidates"], true: Bool[ndarray, " candidates"]
) -> tuple[Float[ndarray, " points"], Float[ndarray, " points"]]:
    """Recall and precision at the distinct scores, at most `POINTS` of them, evenly spread over recall."""
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    hits = np.cumsum(true[order])[last]
    recall, precision = hits / max(int(hits[-1]), 1), hits / (last + 1)
    if last.size > POINTS:
        # By recall, and the first points, where few candidates are called and precision moves most.
        wanted = np.searchsorted(recall, np.linspace(0, 1, POINTS - 10))
        keep = np.unique(np.concatenate([np.arange(10), np.minimum(wanted, last.size - 1)]))
        recall, precision = recall[keep], precision[keep]
    return recall, precision


def _short(values: Float[ndarray, " points"]) -> list[float]:
    return [float(v) for v in np.round(values, 5)]

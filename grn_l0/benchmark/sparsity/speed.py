"""What gates cost while they are trained, and what a compacted model saves."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from grn_l0 import datasets, pp, tl
from grn_l0.benchmark.sparsity.classifiers import GATES, hard_concrete
from grn_l0.benchmark.sparsity.images import Run, classifier, load, train
from grn_l0.benchmark.sparsity.networks import DYNAMICS
from grn_l0.dynamics import AbstractDynamics, flops
from grn_l0.fit import FamilyName, FitConfig, FitResult, SparseConfig
from grn_l0.fit.gated import Task, objective_of
from grn_l0.fit.pricing import make_gate
from grn_l0.gates import AbstractGatedLayer, Fixed, Unit, compact, gate_layers, open_probability
from grn_l0.sparsity import NoSparsity, Penalty

_REPEATS, _EPOCHS = 25, 25
#: Nats per open gate of the classifiers that are compacted, by what a gate closes.
_PRICES: dict[Unit, float] = {"weight": 0.1, "input": 10.0}
_WEIGHTED = (AbstractGatedLayer, torch.nn.Linear, torch.nn.Conv2d)


def median_seconds(*work: Callable[[], object]) -> list[float]:
    """Median times of several pieces of work that take turns, so that what else the machine does hits all alike."""
    spent: list[list[float]] = [[] for _ in work]
    for piece in work:
        piece()
    for _ in range(_REPEATS):
        for times, piece in zip(spent, work, strict=True):
            began = time.perf_counter()
            piece()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in spent]


def compacted_dynamics(seed: int = 0) -> dict[str, dict[str, float]]:
    """The fitted model of SIM350 over all candidate regulators against its compacted copy, family by family."""
    adata, test = datasets.sim350(noise=0.05, seed=seed), datasets.sim350_test()
    rows: dict[str, dict[str, float]] = {}
    series = pp.to_timeseries(test, trajectory_key="trajectory")
    x0, times = torch.tensor(series.values[:, 0]).float(), torch.tensor(series.times).float()
    many = x0.repeat(15, 1), times.repeat(15, 1)
    for family, result in _fits(adata, seed):
        small = result.model.compact()
        whole = over_all_regulators(result.model)

        def run(model: AbstractDynamics, solver: Any = result.solver) -> torch.Tensor:
            with torch.no_grad():
                out: torch.Tensor = solver.solve(model, *many)
            return out

        slow, fast = median_seconds(partial(run, whole), partial(run, small))
        before, after = flops(whole.gated(None)), flops(small.matrices(None))
        rows[family] = {
            "flops, all candidates": before,
            "flops, compact": after,
            "times fewer": before / max(after, 1),
            "solve_s, all candidates": slow,
            "solve_s, compact": fast,
            "times faster": slow / fast,
            "largest difference": float((run(whole) - run(small)).abs().max()),
        }
    return rows


def _fits(adata: Any, seed: int) -> Iterator[tuple[FamilyName, FitResult]]:
    """A fit of every family from one posterior."""
    with tempfile.TemporaryDirectory() as folder:
        for family in DYNAMICS:
            kept = tl.infer(adata.copy(), dynamics=family, trajectory_key="trajectory", seed=seed, checkpoint=folder)
            yield family, kept.fit


def over_all_regulators(model: AbstractDynamics) -> AbstractDynamics:
    """The same production with every gene as a candidate regulator: zeros where there is no edge."""
    model = model.with_matrices()
    n, arguments = model.n_genes, model.arguments()
    at = arguments["regulators"]
    for name, axis in model.regulator_axes.items():
        value = arguments[name]
        if name == "regulators":
            arguments[name] = torch.arange(n)
            continue
        shape = list(value.shape)
        shape[axis] = n
        filler = torch.ones if name == "width" else torch.zeros
        arguments[name] = filler(shape, dtype=value.dtype).index_copy(axis, at, value)
    return type(model)(**arguments)


def training_step(seed: int = 0) -> dict[str, dict[str, float]]:
    """Seconds per training step with gates over that without, on SIM350's gated ODE and on the classifier."""
    rows = {"a step of the gated ODE, SIM350": _ode_step(seed)}
    for name in ("digits", "MNIST-5000"):
        for by in _PRICES:
            rows[f"a step of a classifier, {name}, a gate per {by}"] = _classifier_step(name, seed, by)
    return rows


def _ode_step(seed: int) -> dict[str, float]:
    adata = datasets.sim350(noise=0.05, seed=seed)
    result = tl.infer(adata, trajectory_key="trajectory", seed=seed).fit
    series = pp.to_timeseries(adata, trajectory_key="trajectory")
    if result.start is None:
        raise ValueError("a fit with a posterior has a start")
    # every candidate is trained, with gates and without
    config = FitConfig(active=0.0)
    task = Task.of(series, result.start, np.arange(series.n_genes), config, seed=seed)
    allowed = torch.from_numpy(task.allowed)
    dense = objective_of(task, gate=Fixed(allowed.float()), sparsity=NoSparsity())[0]
    dense.prior = None  # what a gate-free step would not compute
    steps = [_stepper(dense, gated=False)]
    names = list(series.genes)
    for kind in ("hard-concrete", "diffprune"):  # as objects, for which there are matrices, too
        words = SparseConfig(gate=kind)
        options: dict[str, Any] = {"regulators": names, "genes": series.genes, "odds": 1.0, "dtype": torch.float32}
        gate = make_gate(result.start.opening, task.allowed, words, **options)
        steps.append(_stepper(objective_of(task, gate=gate)[0], gated=True))
    return _ratios(median_seconds(*steps))


def _stepper(objective: Any, *, gated: bool) -> Callable[[], None]:
    optimiser = torch.optim.Adam(objective.parameters(), lr=1e-4)
    generator = torch.Generator().manual_seed(0)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        if not gated:
            objective.data(objective.gate.mask).backward()
            optimiser.step()
            return
        # all that training does in a step
        with torch.no_grad():
            before = objective.gate.probability()
        objective(objective.gate.sample(generator)).backward()
        optimiser.step()
        objective.sparsity.after_step(before)
        with torch.no_grad():
            objective.sparsity.figures(objective.gate.probability())

    return step


def _classifier_step(name: str, seed: int, by: Unit) -> dict[str, float]:
    images = load(name, seed)
    x, y = images.x[:128], images.y[:128]
    networks = [classifier(x.shape[1], seed)]
    networks += [gate_layers(classifier(x.shape[1], seed), make=make, by=by) for make in GATES.values()]

    def stepper(network: torch.nn.Sequential, gated: bool) -> Callable[[], None]:
        optimiser, sparsity = torch.optim.Adam(network.parameters(), fused=True), Penalty(0.01)

        def step() -> None:
            optimiser.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(network(x), y)
            if gated:
                loss = loss + sparsity.penalty(open_probability(network)) / len(images.y)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

        return step

    return _ratios(median_seconds(*(stepper(network, k > 0) for k, network in enumerate(networks))))


def _ratios(seconds: list[float]) -> dict[str, float]:
    dense, hard, diff = seconds
    return {
        "dense_ms": 1e3 * dense,
        "hard concrete_ms": 1e3 * hard,
        "DiffPrune_ms": 1e3 * diff,
        "hard concrete / dense": hard / dense,
        "DiffPrune / dense": diff / dense,
    }


def compacted_classifiers(seed: int = 0) -> dict[str, dict[str, float]]:
    """Classifiers trained at a price per weight, or per input, against their compacted copies and a dense network."""
    images, rows = load("MNIST-5000", seed), {}
    for by, price in _PRICES.items():
        run = train(images, make=hard_concrete, sparsity=Penalty(price), epochs=_EPOCHS, seed=seed, by=by)
        rows[f"classifier, MNIST-5000, a gate per {by}"] = {"price_nats": price} | compacted_classifier(
            run, images.x_test
        )
    return rows


def compacted_classifier(run: Run, x: torch.Tensor) -> dict[str, float]:
    """A trained classifier against its compacted copy, and against one without gates."""
    small, dense = compact(run.network), classifier(x.shape[1], 0)
    with torch.no_grad():
        plain, slow, fast = median_seconds(lambda: dense(x), lambda: run.network(x), lambda: small(x))
        difference = float((run.network(x) - small(x)).abs().max() / run.network(x).abs().max())
    sizes = [sum(m.weight.numel() for m in net if isinstance(m, _WEIGHTED)) for net in (run.network, small)]
    return {
        "error_percent": run.error,
        "expected_density": run.expected_density,
        "weights": sizes[0],
        "weights, compact": sizes[1],
        "dense forward_ms": 1e3 * plain,
        "gated forward_ms": 1e3 * slow,
        "compact forward_ms": 1e3 * fast,
        "largest relative difference": difference,
    }

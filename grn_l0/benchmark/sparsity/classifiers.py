"""Penalty against constraint on a classifier of images, and the constraint with and without its dual restart."""

from __future__ import annotations

from collections.abc import Callable

import torch

from grn_l0.benchmark.sparsity.images import Run, load, train
from grn_l0.gates import AbstractGate, DiffPrune, HardConcrete
from grn_l0.sparsity import L0Constraint, Penalty

DENSITIES = (0.6, 0.33, 0.1)
#: Epochs of training per data set.
EPOCHS = {"digits": 200, "MNIST-5000": 30}
#: The multiplier's rate, nats per unit of density and step.
DUAL_RATE = 2e-3
#: Sets of images in the order of the table.
SETS = ("digits", "MNIST-5000")


def hard_concrete(shape: torch.Size) -> AbstractGate:
    """Gates that start with P(z != 0) = .9."""
    return HardConcrete.from_probability(torch.full(shape, 0.9))


def diffprune(shape: torch.Size) -> AbstractGate:
    """Gates that start with a surrogate of .9, so at exactly 1."""
    return DiffPrune.from_probability(torch.full(shape, 0.9))


GATES: dict[str, Callable[[torch.Size], AbstractGate]] = {"hard concrete": hard_concrete, "DiffPrune": diffprune}


def experiment(name: str, seed: int) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, list[float]]]]:
    """Rows of figures and courses of one split of the images.

    The penalty's lambda is the mean of the constraint's multiplier over the last quarter of its epochs, so that both
    end at about the same density.
    """
    images, epochs = load(name, seed), EPOCHS[name]
    dense = train(images, make=None, epochs=epochs, seed=seed)
    rows = {f"{name}, dense": _figures(dense, dense.error)}
    courses: dict[str, dict[str, list[float]]] = {}
    for gate, make in GATES.items():
        if gate == "DiffPrune" and name != "digits":
            continue
        for epsilon in DENSITIES:
            label, kept = f"{name}, {gate}, {epsilon:g}", None
            both = gate == "hard concrete" and name == "digits"
            for how in ("constraint", "no restart") if both else ("constraint",):
                constraint = L0Constraint(epsilon, rate=DUAL_RATE, restart=how == "constraint")
                run = train(images, make=make, sparsity=constraint, epochs=epochs, seed=seed)
                rows[f"{label}, {how}"] = _figures(run, dense.error, epsilon)
                courses[f"{label}, {how}"] = run.course
                kept = run if kept is None else kept
            if kept is not None:
                run = train(images, make=make, sparsity=Penalty(_settled(kept)), epochs=epochs, seed=seed)
                rows[f"{label}, penalty"] = _figures(run, dense.error, epsilon)
    return rows, courses


def _settled(run: Run) -> float:
    """Mean multiplier of the last quarter: with restarts it never rests."""
    path = run.course["multiplier"]
    last = path[-max(len(path) // 4, 1) :]
    return sum(last) / len(last)


def _figures(run: Run, dense: float, epsilon: float | None = None) -> dict[str, float]:
    found = {"error_percent": run.error, "minus_dense": run.error - dense}
    if epsilon is not None:
        found |= {
            "expected_density": run.expected_density,
            "minus_epsilon": run.expected_density - epsilon,
            "lowest": min(run.course["density"]),
            "open_at_test": run.density,
            "lambda_nats": run.multiplier,
        }
    return found | {"seconds": run.seconds}

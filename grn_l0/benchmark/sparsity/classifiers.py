"""Penalty against constraint on a classifier of images, and the constraint with and without its dual restart."""

from __future__ import annotations

from collections.abc import Callable

import torch

from grn_l0.benchmark.sparsity.images import Run, load, train
from grn_l0.gates import AbstractGate, DiffPrune, HardConcrete
from grn_l0.sparsity import AbstractSparsity, L0Constraint, Penalty

DENSITIES = (0.6, 0.33, 0.1)
#: Epochs of training per data set.
EPOCHS = {"digits": 200, "MNIST-5000": 60}
#: The multiplier's rate, nats per unit of density and step.
DUAL_RATE = 1e-3
#: Learning rates of the gates. One that cannot open again must not overrun the density, so that it moves slower.
RATES = {"hard concrete": 2e-2, "DiffPrune": 5e-3}
#: Sets of images in the order of the table.
SETS = ("digits", "MNIST-5000")
#: Penalties, nats per gate, that end near `DENSITIES`: found by trying, on split 100, which is not in the table.
PENALTIES = {
    ("digits", "hard concrete"): (0.0025, 0.0152, 0.11),
    ("digits", "DiffPrune"): (0.00013, 0.0092, 0.085),
    ("MNIST-5000", "hard concrete"): (0.00055, 0.0063, 0.049),
}


def hard_concrete(shape: torch.Size) -> AbstractGate:
    """Gates that start with P(z != 0) = .9."""
    return HardConcrete.from_probability(torch.full(shape, 0.9))


def diffprune(shape: torch.Size) -> AbstractGate:
    """Gates that start with a surrogate of .9, so at exactly 1."""
    return DiffPrune.from_probability(torch.full(shape, 0.9))


GATES: dict[str, Callable[[torch.Size], AbstractGate]] = {"hard concrete": hard_concrete, "DiffPrune": diffprune}


def experiment(name: str, seed: int) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, list[float]]]]:
    """Rows of figures and courses of one split of the images."""
    images, epochs = load(name, seed), EPOCHS[name]
    dense = train(images, make=None, epochs=epochs, seed=seed)
    rows = {f"{name}, dense": _figures(dense, dense.error)}
    courses: dict[str, dict[str, list[float]]] = {}
    for gate, make in GATES.items():
        if (name, gate) not in PENALTIES:
            continue
        for epsilon, price in zip(DENSITIES, PENALTIES[name, gate], strict=True):
            ways: dict[str, AbstractSparsity] = {
                "constraint": L0Constraint(epsilon, rate=DUAL_RATE),
                "penalty": Penalty(price),
            }
            if (name, gate) == ("digits", "hard concrete"):
                ways["no restart"] = L0Constraint(epsilon, rate=DUAL_RATE, restart=False)
            for how, sparsity in ways.items():
                label = f"{name}, {gate}, {epsilon:g}, {how}"
                run = train(images, make=make, sparsity=sparsity, epochs=epochs, seed=seed, rate=RATES[gate])
                rows[label] = _figures(run, dense.error, epsilon)
                courses[label] = run.course
    return rows, courses


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

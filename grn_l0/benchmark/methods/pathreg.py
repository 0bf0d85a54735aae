r"""A trainer in the manner of PathReg, written from its paper and vectorised over all steps.

.. math:: \frac{dx}{dt} = \Theta_3 \, \mathrm{ELU}(\Theta_2 \, \mathrm{ELU}(\Theta_1 x + b_1) + b_2) + b_3

Where each weight has a hard concrete gate, :math:`\Theta_l = \theta_l \odot z_l`, and the loss is the mean squared
error :math:`+ \lambda_0 \sum_l \|z_l\|_0 / n + \lambda_1 \, \mathrm{mean} |\theta_3||\theta_2||\theta_1| + \lambda_2
\, \mathrm{mean} |z_3||z_2||z_1|`: the last term counts the paths from an input to an output that are open. Aliee,
Richter, Solonin, Ibarra, Theis, Kilbertus (2022), Sparsity in continuous-depth neural networks, NeurIPS.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from grn_l0._random import torch_generator
from grn_l0._typing import Float, ndarray
from grn_l0.benchmark.methods.method import Answer, Method, Task
from grn_l0.benchmark.methods.steps import Training, predict, train
from grn_l0.fit.forecast import Measurement
from grn_l0.timeseries import TimeSeries

#: Hidden units, learning rate and penalties (of weights and of paths) as in the published notebook, which leaves the
#: number of gates free; here it has a price so small that it only decides where nothing else does.
HIDDEN, RATE, WEIGHT_PENALTY, PATH_PENALTY, GATE_PENALTY = 100, 1e-2, 1e-2, 1e-3, 1e-6
#: Hard concrete gates of Louizos, Welling, Kingma (2018).
BETA, LOW, HIGH = 2 / 3, -0.1, 1.1
SUBSTEPS = 2


class Gated(nn.Module):
    """A linear layer whose weights have gates."""

    z: Tensor

    def __init__(self, inputs: int, outputs: int, dropped: float, generator: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn((inputs, outputs), generator=generator) * math.sqrt(2 / outputs) / 2)
        start = math.log(1 - dropped) - math.log(dropped)
        self.log_alpha = nn.Parameter(start + 1e-2 * torch.randn((inputs, outputs), generator=generator))
        self.offset = nn.Parameter(torch.zeros(outputs))
        self.generator = generator
        self.z = self.gates()

    def gates(self) -> Tensor:
        """Gates at test time."""
        return (torch.sigmoid(self.log_alpha) * (HIGH - LOW) + LOW).clamp(0, 1)

    def draw(self) -> None:
        """Draw gates for the next gradient step: one draw for the whole solve."""
        u = torch.rand(self.log_alpha.shape, generator=self.generator).clamp(1e-6, 1 - 1e-6)
        s = torch.sigmoid((torch.log(u) - torch.log1p(-u) + self.log_alpha) / BETA)
        self.z = (s * (HIGH - LOW) + LOW).clamp(0, 1)

    def open(self) -> Tensor:
        """P(z != 0) of every gate."""
        return torch.sigmoid(self.log_alpha - BETA * math.log(-LOW / HIGH))

    def forward(self, x: Tensor) -> Tensor:
        """Drawn gates while training, their test-time values afterwards."""
        return x @ (self.weight * (self.z if self.training else self.gates())) + self.offset


class PathNet(nn.Module):
    """The dynamics."""

    def __init__(self, inputs: Tensor, genes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.register_buffer("inputs", inputs)
        sizes = (len(inputs), HIDDEN, HIDDEN, genes)
        self.layers = nn.ModuleList(
            Gated(a, b, 0.2 if k == 0 else 0.5, generator) for k, (a, b) in enumerate(pairwise(sizes))
        )

    def gated(self) -> list[Gated]:
        """The layers."""
        return [layer for layer in self.layers if isinstance(layer, Gated)]

    def forward(self, x: Tensor) -> Tensor:
        """dx/dt."""
        h = x[:, self.inputs]  # type: ignore[index]
        first, second, last = self.gated()
        out: Tensor = last(nn.functional.elu(second(nn.functional.elu(first(h)))))
        return out

    def draw(self) -> None:
        """Draw all gates."""
        for layer in self.gated():
            layer.draw()

    def paths(self, parts: list[Tensor]) -> Tensor:
        """Product of the layers' matrices, regulators x genes."""
        first, second, last = parts
        return first @ second @ last


def run(task: Task) -> Answer:
    """Train on all steps; an edge is open if any path of open gates leads from the regulator to the target."""
    generator = torch_generator(task.seed, "benchmark/pathreg")
    model = PathNet(torch.as_tensor(task.regulators), task.series.n_genes, generator)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    steps = max(int((task.series.lengths - 1).sum()), 1)

    def penalty() -> Tensor:
        layers = model.gated()
        sizes = model.paths([layer.weight.abs() for layer in layers]).mean()
        paths = model.paths([layer.z for layer in layers]).mean()
        # The expected number of open gates, over the steps as in the evidence bound of L0 regularisation.
        gates = torch.stack([layer.open().sum() for layer in layers]).sum() / steps
        return WEIGHT_PENALTY * sizes + PATH_PENALTY * paths + GATE_PENALTY * gates

    note = train(
        task, model, optimiser, penalty=penalty, settings=Training(patience=20, factor=0.5), substeps=SUBSTEPS,
        before=model.draw,
    )  # fmt: skip
    model.eval()
    with torch.no_grad():
        effect = model.paths([layer.weight * layer.gates() for layer in model.gated()]).double().numpy()
        size = model.paths([(layer.weight * layer.gates()).abs() for layer in model.gated()]).double().numpy()
    weights = np.where(task.candidates & (size > 0), np.where(effect != 0, effect, size), 0.0)

    def forecast(series: TimeSeries, measurement: Measurement) -> Float[ndarray, "series times genes"]:
        return predict(task, model, series, SUBSTEPS)

    return Answer(scores=np.where(task.candidates, size, 0.0), weights=weights, forecast=forecast, note=note)


METHODS = (
    Method(name="PathReg-like", run=run, role="slow", limit_s=40.0,
           about="Neural ODE with L0 gates and a penalty on open paths (Aliee et al. 2022), our own trainer from the "
                 "paper: two hidden layers of 100, ELU, Adam 1e-2, all steps vectorised, one draw of gates per "
                 "gradient. An edge is open if a path of open gates leads there. Training ends after 40 s of "
                 "processor time."),
)  # fmt: skip

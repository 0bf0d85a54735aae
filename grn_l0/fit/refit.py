"""The forecasting model: hard gates, no penalty."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from grn_l0._typing import Array, Bool, Float
from grn_l0.dynamics import AbstractDynamics
from grn_l0.fit.config import FitConfig
from grn_l0.fit.drive import Drive
from grn_l0.fit.loss import EdgePrior, Objective
from grn_l0.fit.problem import Problem
from grn_l0.fit.progress import Reporter
from grn_l0.fit.train import train
from grn_l0.gates import Fixed
from grn_l0.posterior.start import Inputs
from grn_l0.solve import AbstractSolver
from grn_l0.sparsity import NoSparsity


def refit(
    families: Sequence[AbstractDynamics],
    mask: Bool[Array, "*edges"],
    *,
    problem: Problem,
    prior: EdgePrior | None,
    factor: torch.Tensor,
    sd: Float[Array, " genes"],
    solver: AbstractSolver,
    config: FitConfig,
    generator: torch.Generator,
    reporter: Reporter,
    inputs: Inputs | None = None,
) -> tuple[AbstractDynamics, Inputs | None, str]:
    """Train each family on the fixed network; keep the one with the lower loss, its inputs, and what went wrong.

    `mask` and `prior` have the shape of the families' weights.

    The noise is held at `factor`, so that the families are compared in the same nats; a logistic production has
    one parameter per gene more than a linear one, which costs it 1 nat each (AIC).
    """
    dtype = config.torch_dtype
    gate = Fixed(torch.as_tensor(mask, dtype=dtype))
    scale = torch.as_tensor(sd, dtype=dtype)
    best: tuple[float, AbstractDynamics, Inputs | None, str] | None = None
    for family in families:
        objective = Objective(
            problem=problem,
            dynamics=family.scaled(1 / scale).masked(gate.mask),
            gate=gate,
            sparsity=NoSparsity(),
            solver=solver,
            prior=prior,
            drive=None if inputs is None else Drive(inputs, sd, dtype),
        )
        objective.factor.copy_(factor)
        note = train(
            objective,
            steps=config.refit_steps,
            rate=config.refit_learning_rate * family.pace,
            time_rate=config.learning_rate_rate,
            config=config,
            generator=generator,
            reporter=reporter,
            stage=f"{family.kind} forecast",
            estimate_noise=False,
        )
        with torch.no_grad():
            size = sum(p.numel() for p in objective.dynamics.parameters())
            value = float(objective(gate.mask)) + size
        if best is None or value < best[0]:
            learned = None if inputs is None or objective.drive is None else objective.drive.learned(inputs, sd)
            best = value, objective.dynamics.scaled(scale).masked(gate.mask), learned, note
    if best is None:
        raise ValueError("no forecasting family to train")
    return best[1:]

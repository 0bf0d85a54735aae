"""What the neural ODE rivals share: steps in batches, a fixed solver, training until a deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from grn_l0._random import torch_generator
from grn_l0._typing import Float, ndarray
from grn_l0.baselines._data import steps
from grn_l0.baselines._states import predicted_entries, states_before, training_mean
from grn_l0.benchmark.methods.method import Task
from grn_l0.timeseries import TimeSeries

#: Dynamics: states (batch, genes) to slopes of the same shape.
Slope = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Training:
    """Settings of a training.

    Attributes
    ----------
    epochs
        Most passes over all steps; the deadline may end it before.
    batch
        Steps per gradient.
    held_out
        Share of the steps (at random) on which epochs are judged; the best epoch's parameters are kept.
    patience
        Epochs without improvement after which learning rates fall by `factor`.
    factor
        See `patience`.
    """

    epochs: int = 500
    batch: int = 128
    held_out: float = 0.08
    patience: int = 3
    factor: float = 0.9


def solve(slope: Slope, x: Tensor, duration: Tensor, substeps: int) -> Tensor:
    """States after `duration` (batch,) by so many steps of the classical Runge-Kutta method."""
    h = (duration / substeps)[:, None]
    for _ in range(substeps):
        k1 = slope(x)
        k2 = slope(x + h / 2 * k1)
        k3 = slope(x + h / 2 * k2)
        k4 = slope(x + h * k3)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return x


def train(
    task: Task,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    *,
    penalty: Callable[[], Tensor],
    share: float = 1.0,
    settings: Training,
    substeps: int,
    before: Callable[[], None] = lambda: None,
) -> str:
    """Minimise ``share * MSE over steps + penalty()``, until the deadline; keep the best epoch by held-out MSE.

    Parameters
    ----------
    task
        Data, seed and deadline.
    model
        Called with states, gives slopes. Time is in units of the median step.
    optimiser
        Over its parameters.
    penalty
        What is added to the loss.
    share
        Weight of the error.
    settings
        How.
    substeps
        Solver steps per step.
    before
        Called before each gradient step, such as to draw gates.

    Returns
    -------
    How far it came.
    """
    pairs = steps(task.series)
    mean = training_mean(task.series)
    now = torch.as_tensor(np.where(np.isfinite(pairs.now), pairs.now, mean), dtype=torch.float32)
    after = torch.as_tensor(np.nan_to_num(pairs.after), dtype=torch.float32)
    seen = torch.as_tensor(np.isfinite(pairs.after), dtype=torch.float32)
    duration = torch.as_tensor(pairs.duration / unit(task.series), dtype=torch.float32)
    generator = torch_generator(task.seed, "benchmark/steps")
    order = torch.randperm(len(now), generator=generator)
    held = max(1, int(settings.held_out * len(now)))
    judged, used = order[:held], order[held:]
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, patience=settings.patience, factor=settings.factor
    )

    def error(rows: Tensor) -> Tensor:
        predicted = solve(model, now[rows], duration[rows], substeps)
        return (seen[rows] * (predicted - after[rows]) ** 2).sum() / seen[rows].sum().clamp(min=1)

    best, kept = float("inf"), {k: v.clone() for k, v in model.state_dict().items()}
    for _ in range(settings.epochs):
        model.train()
        for rows in torch.split(used[torch.randperm(len(used), generator=generator)], settings.batch):
            before()
            optimiser.zero_grad()
            loss = share * error(rows) + penalty()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimiser.step()
            if task.late:
                break
        model.eval()
        with torch.no_grad():
            held_error = float(error(judged))
        scheduler.step(held_error)
        if held_error < best:
            best, kept = held_error, {k: v.clone() for k, v in model.state_dict().items()}
        if task.late:
            model.load_state_dict(kept)
            return f"training was ended at its time limit, before its {settings.epochs} epochs were over"
    model.load_state_dict(kept)
    return ""


def unit(series: TimeSeries) -> float:
    """The median step, the unit of time of the training."""
    return float(np.median(steps(series).duration))


def predict(task: Task, model: nn.Module, series: TimeSeries, substeps: int) -> Float[ndarray, "series times genes"]:
    """One-step predictions; NaN at the first time of each trajectory, infinite where the model diverges."""
    state = states_before(series, training_mean(task.series))[:, 1:]
    step = np.diff(series.times, axis=1)
    inside = np.isfinite(step)
    predicted = np.full(series.values.shape, np.nan)
    with torch.no_grad():
        after = solve(
            model,
            torch.as_tensor(state[inside], dtype=torch.float32),
            torch.as_tensor(step[inside] / unit(task.series), dtype=torch.float32),
            substeps,
        )
    predicted[:, 1:][inside] = np.nan_to_num(after.double().numpy(), nan=np.inf)
    return np.where(predicted_entries(series), predicted, np.nan)

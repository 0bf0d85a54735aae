"""Gradient descent that comes back from steps that went too far."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from grn_l0._errors import DivergenceError
from grn_l0.fit.adam import Adam
from grn_l0.fit.config import FitConfig
from grn_l0.fit.loss import Objective
from grn_l0.fit.place import Place
from grn_l0.fit.progress import Reporter

#: How often training goes back to the last good parameters, with half the learning rate, before it stops.
_ATTEMPTS = 4


def parameter_groups(objective: Objective, config: FitConfig, rate: float, time_rate: float) -> list[dict[str, Any]]:
    """Adam's groups: weights at `rate`; offsets, amplitudes and effects at four times that; log d at `time_rate`."""
    dynamics = objective.dynamics
    edges = list(dynamics.edge_parameters)
    special = {id(p) for p in (*edges, dynamics.log_rate)}
    others = [p for p in dynamics.parameters() if id(p) not in special]
    others += [] if objective.drive is None else list(objective.drive.parameters())
    groups: list[dict[str, Any]] = [
        {"params": edges, "lr": rate},
        {"params": others, "lr": 4 * rate},
        {"params": [dynamics.log_rate], "lr": time_rate},
        {"params": [objective.initial], "lr": config.learning_rate_initial},
        {"params": list(objective.gate.parameters()), "lr": config.learning_rate_gate},
    ]
    chosen = [{**g, "params": [p for p in g["params"] if p.requires_grad]} for g in groups]
    return [g for g in chosen if g["params"]]


def train(
    objective: Objective,
    *,
    steps: int,
    rate: float,
    time_rate: float,
    config: FitConfig,
    generator: torch.Generator,
    reporter: Reporter,
    stage: str,
    estimate_noise: bool = True,
    sampled: bool = True,
) -> str:
    """Minimise the objective with Adam (.9, .99), one sample of the gates per step (`sampled`), or
    the test-time gates.

    Learning rates are constant, then fall to 0 along a cosine over the last `config.cosine` of the steps. When the
    loss is not finite the parameters of the last check are restored and the learning rates halved. Training goes on
    from where the reporter's journal has left this stage.

    It happens on `config.device`: the objective is moved there and, trained, to the CPU. Random numbers are drawn where
    the `generator` is, on the CPU, so that they are the same on all devices.

    Returns
    -------
    A sentence about what went wrong, or an empty string.
    """
    with _on(objective, config.torch_device):
        groups = parameter_groups(objective, config, rate, time_rate)
        optimiser = Adam(groups, betas=(0.9, 0.99), eps=1e-12)
        base = [float(g["lr"]) for g in optimiser.param_groups]
        place = Place(
            objective=objective, optimiser=optimiser, generator=generator, reporter=reporter, good=_snapshot(objective)
        )
        key = f"training-{stage.replace(' ', '-')}"
        if reporter.journal.restore(key, place.put):
            reporter.resumed(stage, place.step, steps)
        constant = steps * (1 - config.cosine)
        n_gates = max(objective.gate.probability().numel(), 1)
        per_edge = sum(p.numel() for p in objective.dynamics.edge_parameters) / n_gates
        for step in range(place.step, steps):
            if step % config.variance_every == 0:
                try:
                    _estimate(objective, generator if sampled else None, config, estimate_noise)
                    place.good = _snapshot(objective)
                except DivergenceError:
                    objective.load_state_dict(place.good)
            progress = max(0.0, step - constant) / max(steps - constant, 1)
            for group, lr in zip(optimiser.param_groups, base, strict=True):
                group["lr"] = lr * place.shrink * 0.5 * (1 + math.cos(math.pi * progress))
            loss = _step(objective, optimiser, generator if sampled else None)
            if loss is None:
                place.failures += 1
                if place.failures >= _ATTEMPTS:
                    objective.load_state_dict(place.good)
                    return (
                        f"{stage} left the finite numbers {place.failures} times and stopped at its last good step; "
                        + _ADVICE
                    )
                place.shrink /= 2
                objective.load_state_dict(place.good)
                optimiser.state.clear()
                continue
            with torch.no_grad():
                now = objective.gate.probability()
            open_gates = float(now.sum())
            more = {"flops": 2 * per_edge * open_gates, **objective.sparsity.figures(now)}
            reporter.report(stage, step + 1, steps, loss, open_gates, more)
            place.step = step + 1
            reporter.journal.keep(key, place.state)
        if not all(bool(torch.isfinite(p).all()) for p in objective.parameters()):
            objective.load_state_dict(place.good)
            place.failures += 1
        return f"{stage} went back to earlier parameters {place.failures} time(s); " + _ADVICE if place.failures else ""


def train_gates(
    objective: Objective,
    scratch: bool,
    config: FitConfig,
    generator: torch.Generator,
    reporter: Reporter,
    stage: str = "gated ODE",
) -> str:
    """The gated ODE: with a posterior, a short run on sampled gates.

    From scratch, a longer run with larger steps, and then one on test-time gates: as long as gates are sampled, an
    indirect edge (a on c, where a acts on b and b on c) is worth having for the draws that leave out a link of
    the chain; once they are not, its weight goes to 0 and its price closes it.
    """
    if not scratch:
        return train(
            objective,
            steps=config.steps,
            rate=config.learning_rate,
            time_rate=config.learning_rate_rate,
            config=config,
            generator=generator,
            reporter=reporter,
            stage=stage,
        )
    quicker = replace(config, learning_rate_gate=2 * config.learning_rate_gate)
    notes = [
        train(
            objective,
            steps=config.scratch_steps,
            rate=config.refit_learning_rate,
            time_rate=config.learning_rate_rate,
            config=settings,
            generator=generator,
            reporter=reporter,
            stage=name,
            sampled=sampled,
        )
        for name, sampled, settings in ((stage, True, config), ("test-time gates", False, quicker))
    ]
    return " ".join(note for note in notes if note)


_ADVICE = "try smaller learning rates, a smaller solver step, or the logistic family, which is bounded."


@contextmanager
def _on(objective: Objective, device: torch.device) -> Iterator[None]:
    """The objective on this device, and on the CPU afterwards."""
    objective.to(device)
    try:
        yield
    finally:
        objective.cpu()


def _step(objective: Objective, optimiser: Adam, generator: torch.Generator | None) -> float | None:
    optimiser.zero_grad()
    gate = objective.gate
    with torch.no_grad():
        before = gate.probability()
    try:
        loss = objective(gate.deterministic() if generator is None else gate.sample(generator))
    except DivergenceError:
        return None
    value = float(loss.detach())
    if not math.isfinite(value):
        return None
    loss.backward()
    optimiser.step()
    objective.sparsity.after_step(before)
    return value


def _estimate(objective: Objective, generator: torch.Generator | None, config: FitConfig, noise: bool) -> None:
    if noise:
        with torch.no_grad():
            z = objective.gate.deterministic() if generator is None else objective.gate.sample(generator)
        objective.estimate_noise(z, config.pseudo_observations)
    objective.sparsity.update(objective.gate.probability().detach())


def _snapshot(objective: Objective) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in objective.state_dict().items()}

"""The constraint's multiplier against cooper's, and what a dual restart does."""

from __future__ import annotations

from typing import Any

import cooper
import pytest
import torch

from grn_l0._errors import OptionError
from grn_l0.gates import HardConcrete
from grn_l0.sparsity import L0Constraint

GATES, EPSILON, STEPS = 60, 0.2, 200


def worth() -> torch.Tensor:
    """What each gate is worth when it is open, nats."""
    return torch.linspace(-1, 3, GATES, dtype=torch.float64)


def loss_of(gate: HardConcrete) -> torch.Tensor:
    return -(worth() * gate.mean()).sum()


def ours(rate: float, *, restart: bool, adam: bool = False) -> tuple[list[float], list[float]]:
    gate = HardConcrete(torch.full((GATES,), 2.0, dtype=torch.float64))
    constraint = L0Constraint(EPSILON, rate=rate, restart=restart)
    optimiser = torch.optim.Adam(gate.parameters(), lr=0.05) if adam else torch.optim.SGD(gate.parameters(), lr=0.1)
    multipliers, densities = [], []
    for _ in range(800 if adam else STEPS):
        optimiser.zero_grad()
        p = gate.probability()
        (loss_of(gate) + constraint.penalty(p)).backward()
        optimiser.step()
        constraint.after_step(p)
        multipliers.append(float(constraint.lambdas))
        densities.append(float(p.mean().detach()))
    return multipliers, densities


def theirs(rate: float) -> tuple[list[float], list[float]]:
    class Problem(cooper.ConstrainedMinimizationProblem):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            multiplier = cooper.multipliers.DenseMultiplier(num_constraints=1, dtype=torch.float64)
            self.density = cooper.Constraint(
                constraint_type=cooper.ConstraintType.INEQUALITY,
                formulation_type=cooper.formulations.Lagrangian,
                multiplier=multiplier,
            )

        def compute_cmp_state(self, gate: HardConcrete) -> Any:
            # per open gate, as ours: the multiplier is then in nats per gate
            violation = gate.probability().mean() - EPSILON
            state = cooper.ConstraintState(violation=GATES * violation[None])
            return cooper.CMPState(loss=loss_of(gate), observed_constraints={self.density: state})

    problem, gate = Problem(), HardConcrete(torch.full((GATES,), 2.0, dtype=torch.float64))
    # our violation is a density, theirs a number of gates, so their rate is ours per gate
    dual = torch.optim.SGD(problem.dual_parameters(), lr=rate / GATES, maximize=True)
    optimiser = cooper.optim.SimultaneousOptimizer(
        cmp=problem, primal_optimizers=torch.optim.SGD(gate.parameters(), lr=0.1), dual_optimizers=dual
    )
    multipliers, densities = [], []
    for _ in range(STEPS):
        densities.append(float(gate.probability().mean().detach()))
        optimiser.roll(compute_cmp_state_kwargs={"gate": gate})
        multipliers.append(float(next(iter(problem.dual_parameters())).detach()))
    return multipliers, densities


@pytest.mark.parametrize("rate", [0.3, 3.0])
def test_the_same_trajectory_as_cooper(rate: float) -> None:
    # The same arithmetic in another order: what differs is rounding, which two hundred steps may let grow.
    for one, two in zip(ours(rate, restart=False), theirs(rate), strict=True):
        torch.testing.assert_close(torch.tensor(one), torch.tensor(two), atol=1e-8, rtol=1e-8)


def test_without_a_restart_the_density_overshoots_and_with_one_it_does_not() -> None:
    """An open gate has little slope left, so the multiplier climbs far above what the gates are worth.

    Without a restart it is still up there when the density has arrived, and goes on closing gates.
    """
    multipliers, without = ours(0.2, restart=False, adam=True)
    arrived = next(k for k, density in enumerate(without) if density <= EPSILON)
    assert multipliers[arrived] > float(worth().max())
    assert without[-1] < EPSILON - 0.05
    multipliers, restarted = ours(0.2, restart=True, adam=True)
    assert min(multipliers[arrived - 5 :]) == 0
    assert min(restarted) > EPSILON - 0.02
    assert restarted[-1] == pytest.approx(EPSILON, abs=0.02)


def test_every_regulator_has_its_own_multiplier() -> None:
    allowed = torch.ones(3, 4, dtype=torch.bool)
    allowed[0, 0] = False
    p = torch.tensor([[0.9, 0.3, 0.3, 0.3], [0.9, 0.9, 0.9, 0.9], [0.0, 0.0, 0.0, 0.0]])
    constraint = L0Constraint.per("regulator", torch.tensor([0.2, 0.4, 0.6]), allowed, rate=2.0, restart=False)
    torch.testing.assert_close(
        constraint.violation(p), torch.tensor([0.1, 0.5, -0.6], dtype=torch.float64), atol=1e-6, rtol=0
    )
    constraint.after_step(p)
    torch.testing.assert_close(constraint.lam, torch.tensor([0.2, 1.0, 0.0], dtype=torch.float64), atol=1e-6, rtol=0)
    assert constraint.lambdas.shape == (3, 4)
    assert float(constraint.penalty(p)) == pytest.approx(0.2 * 3 * 0.1 + 1.0 * 4 * 0.5, rel=1e-5)
    per_target = L0Constraint.per("target", 0.5, allowed)
    assert per_target.lam.shape == (4,)
    assert per_target.figures(p) == {"multiplier": 0.0, "violation": pytest.approx(-0.05, abs=1e-6)}


def test_gates_of_no_group_are_free_and_gradients_are_the_multipliers() -> None:
    index = torch.tensor([0, 0, -1])
    constraint = L0Constraint(0.5, index=index, start=1.5)
    p = torch.tensor([0.9, 0.8, 1.0], requires_grad=True)
    constraint.penalty(p).backward()
    assert p.grad is not None and p.grad.tolist() == [1.5, 1.5, 0.0]
    assert constraint.lambdas.tolist() == [1.5, 1.5, 0.0]


def test_state_goes_on_where_it_was_saved() -> None:
    one, p = L0Constraint(0.1, rate=0.5), torch.full((2, 2), 0.9)
    one.after_step(p)
    two = L0Constraint(0.1, rate=0.5)
    two.load_state_dict(one.state_dict())
    for constraint in (one, two):
        constraint.after_step(p)
    assert float(one.lambdas) == float(two.lambdas) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"density": 0.0}, "share of the candidates"),
        ({"density": 1.5}, "share of the candidates"),
        ({"density": 0.1, "rate": 0.0}, "rate of the multiplier"),
        ({"density": 0.1, "start": -1.0}, "start at 0 or above"),
        ({"density": torch.tensor([0.1, 0.2])}, "2 densities for 1"),
        ({"density": 0.1, "index": torch.zeros(2, 2).long(), "allowed": torch.ones(3, dtype=torch.bool)}, "shape"),
    ],
)
def test_refusals(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        L0Constraint(**arguments)

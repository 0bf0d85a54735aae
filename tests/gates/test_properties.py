"""What holds for gates of every kind, whatever their parameters."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grn_l0.gates import AbstractGate, DiffPrune, Fixed, Grouped, HardConcrete

Make = Callable[[torch.Tensor], AbstractGate]

KINDS: dict[str, Make] = {
    "hard-concrete": HardConcrete,
    "diffprune": DiffPrune,
    "diffprune, stochastic": lambda p: DiffPrune(p, stochastic=True),
    "fixed": lambda p: Fixed(torch.sigmoid(p)),
    "grouped": lambda p: Grouped.by("regulator", HardConcrete(p[:, 0]), tuple(p.shape), HardConcrete(p)),
    "two covers": lambda p: Grouped.of_masks(
        DiffPrune(p[:2, 0]), [torch.ones_like(p, dtype=torch.bool), p > 0], DiffPrune(p)
    ),
}
#: Kinds with one parameter per edge that stands for nothing else.
SINGLE = ("hard-concrete", "diffprune", "diffprune, stochastic")

parameters = hnp.arrays(np.float64, (3, 4), elements=st.floats(-9, 9)).map(torch.from_numpy)
fast = settings(max_examples=40, deadline=None)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", KINDS)
@given(p=parameters, seed=st.integers(0, 2**31))
@fast
def test_values_and_probabilities_are_shares(kind: str, p: torch.Tensor, seed: int) -> None:
    gate = KINDS[kind](p)
    drawn, fixed, probability, mean = (
        gate.sample(generator(seed)),
        gate.deterministic(),
        gate.probability(),
        gate.mean(),
    )
    for values in (drawn, fixed, probability, mean):
        assert values.shape == (3, 4)
        assert bool(((values >= 0) & (values <= 1 + 1e-9)).all())
    assert bool((probability[fixed > 0] > 0).all())
    variance = gate.variance()
    assert bool((variance >= -1e-9).all()) and bool((variance <= mean * (1 - mean) + 1e-7).all())
    assert torch.equal(drawn, gate.sample(generator(seed)))


@pytest.mark.parametrize("kind", SINGLE)
@given(p=parameters, step=st.floats(1e-3, 5))
@fast
def test_a_higher_parameter_is_never_less_open(kind: str, p: torch.Tensor, step: float) -> None:
    low, high = KINDS[kind](p), KINDS[kind](p + step)
    assert bool((high.probability() >= low.probability()).all())
    assert bool((high.deterministic() >= low.deterministic()).all())
    assert bool((high.sample(generator()) >= low.sample(generator())).all())
    inside = (low.probability() > 1e-6) & (high.probability() < 1 - 1e-6)
    assert bool((high.probability() > low.probability())[inside].all())


@pytest.mark.parametrize("kind", ["hard-concrete", "diffprune", "fixed"])
@given(p=parameters, order=st.permutations(range(3)))
@fast
def test_permuting_edges_permutes_gates(kind: str, p: torch.Tensor, order: list[int]) -> None:
    one, two = KINDS[kind](p), KINDS[kind](p[order])
    for name in ("deterministic", "probability", "mean", "variance"):
        assert torch.equal(getattr(one, name)()[order], getattr(two, name)())


@pytest.mark.parametrize("kind", ["hard-concrete", "diffprune, stochastic"])
def test_moments_are_those_of_the_draws(kind: str) -> None:
    gate = KINDS[kind](torch.tensor([-3.0, -1.0, 0.0, 1.0, 4.0], dtype=torch.float64)[:, None].expand(-1, 100_000))
    z = gate.sample(generator()).detach()
    torch.testing.assert_close(z.mean(1), gate.mean()[:, 0].detach(), atol=5e-3, rtol=0)
    torch.testing.assert_close(z.var(1), gate.variance()[:, 0].detach(), atol=5e-3, rtol=0)
    torch.testing.assert_close((z != 0).double().mean(1), gate.probability()[:, 0].detach(), atol=8e-3, rtol=0)

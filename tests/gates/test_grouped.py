"""Groups: products of independent gates, over partitions and over covers that overlap."""

from __future__ import annotations

import pytest
import torch

from grn_l0._errors import OptionError
from grn_l0.gates import DiffPrune, Fixed, Grouped, HardConcrete


def test_a_closed_regulator_closes_its_edges() -> None:
    groups = Fixed(torch.tensor([1.0, 0.0, 0.5]))
    edges = Fixed(torch.tensor([[1.0, 0.5], [1.0, 1.0], [1.0, 0.0]]))
    by_regulator = Grouped.by("regulator", groups, (3, 2), edges)
    assert by_regulator.deterministic().tolist() == [[1, 0.5], [0, 0], [0.5, 0]]
    by_target = Grouped.by("target", Fixed(torch.tensor([0.0, 1.0])), (3, 2), edges)
    assert by_target.deterministic().tolist() == [[0, 0.5], [0, 1], [0, 0]]


def test_groups_alone() -> None:
    gate = Grouped.by("regulator", Fixed(torch.tensor([1.0, 0.0])), (2, 3))
    assert gate.deterministic().tolist() == [[1, 1, 1], [0, 0, 0]]


def test_overlapping_groups_multiply_and_lonely_edges_stay() -> None:
    masks = [
        torch.tensor([[True, True, False]]),
        torch.tensor([[False, True, False]]),
    ]
    gate = Grouped.of_masks(HardConcrete(torch.tensor([0.3, -0.4], dtype=torch.float64)), masks)
    p = gate.groups.probability().detach()
    torch.testing.assert_close(
        gate.probability().detach(), torch.stack([p[0], p[0] * p[1], torch.ones_like(p[0])])[None]
    )
    mean, variance = gate.groups.mean().detach(), gate.groups.variance().detach()
    both = (variance + mean**2).prod() - mean.prod() ** 2
    torch.testing.assert_close(gate.variance().detach()[0, 1], both)
    assert gate.variance()[0, 2] == 0


def test_one_draw_for_all_edges_of_a_group() -> None:
    gate = Grouped.by("regulator", HardConcrete(torch.zeros(4)), (4, 100))
    z = gate.sample(torch.Generator().manual_seed(0))
    assert torch.equal(z, z[:, :1].expand(-1, 100))
    assert len(torch.unique(z)) > 1


def test_gradients_reach_groups_and_edges() -> None:
    gate = Grouped.by("target", DiffPrune(torch.zeros(2)), (3, 2), DiffPrune(torch.zeros(3, 2)))
    gate.deterministic().sum().backward()
    assert {name for name, p in gate.named_parameters() if p.grad is not None} == {"groups.theta", "edges.theta"}


def test_refusals() -> None:
    with pytest.raises(OptionError, match="one gate each"):
        Grouped(Fixed(torch.ones(2, 2)), torch.zeros(1, 2, 2, dtype=torch.int64))
    with pytest.raises(OptionError, match="0 to 1"):
        Grouped(Fixed(torch.ones(2)), torch.full((1, 2, 2), 2))
    with pytest.raises(OptionError, match="shape"):
        Grouped.by("regulator", Fixed(torch.ones(2)), (2, 2), Fixed(torch.ones(2, 3)))
    with pytest.raises(OptionError, match="'regulator' or 'target'"):
        Grouped.by("module", Fixed(torch.ones(2)), (2, 2))  # type: ignore[arg-type]

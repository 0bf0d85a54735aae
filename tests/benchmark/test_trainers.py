"""Pieces of the neural ODE rivals against closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from grn_l0.benchmark.methods.pathreg import Gated, PathNet
from grn_l0.benchmark.methods.phoenix import SumProduct
from grn_l0.benchmark.methods.steps import solve


def test_solver_is_of_fourth_order():
    start, end = torch.tensor([[1.0], [2.0]], dtype=torch.float64), torch.tensor([1.0, 2.0], dtype=torch.float64)
    exact = start * torch.exp(-end)[:, None]
    errors = [float((solve(lambda x: -x, start, end, n) - exact).abs().max()) for n in (16, 32)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.1)


def test_share_of_open_gates_is_their_probability():
    layer = Gated(200, 200, 0.5, torch.Generator().manual_seed(0))
    with torch.no_grad():
        layer.log_alpha.fill_(-1.0)
        layer.draw()
        share = float((layer.z > 0).float().mean())
    # sigmoid(-1 - 2/3 log(.1 / 1.1)); 40,000 gates, so a standard error of .0025.
    assert share == pytest.approx(1 / (1 + math.exp(1 + 2 / 3 * math.log(0.1 / 1.1))), abs=0.01)
    assert layer.open().mean().item() == pytest.approx(share, abs=0.01)


def test_closed_paths_leave_no_derivative():
    model = PathNet(torch.arange(3), 4, torch.Generator().manual_seed(0)).eval()
    with torch.no_grad():
        model.gated()[0].log_alpha[1] = -20.0
    jacobian = torch.autograd.functional.jacobian(lambda x: model(x[None])[0], torch.rand(4))
    assert (jacobian[:, 1] == 0).all()
    assert (jacobian[:, 3] == 0).all()  # not a regulator
    assert (jacobian[:, 0] != 0).any()
    paths = model.paths([layer.gates() for layer in model.gated()])
    assert (paths[1] == 0).all()
    assert (paths[0] > 0).all()


def test_sums_and_products_by_hand():
    model = SumProduct(torch.tensor([0, 1]), 2, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.sums[0, 0] = 2.0
        model.products[0] = torch.tensor([1.0, 1.0])
        model.combine[0, 0], model.combine[1, model.sums.shape[0]] = 3.0, 4.0
        model.multiplier.copy_(torch.tensor([0.5, -1.0]))
    x = torch.tensor([[1.0, 0.5]])
    # phi(1) = .5 / 1.5 and phi(.5) = 0, so the sum is 3 * 2 / 3 and the product 4 * (4 / 3) * 1.
    assert model.production(x)[0].tolist() == pytest.approx([2.0, 16 / 3], rel=1e-5)
    # The second gene's multiplier is negative, and so counts as 0.
    assert model(x)[0].tolist() == pytest.approx([0.5 * (2.0 - 1.0), 0.0])
    assert model.influence().tolist() == [[3.0, 0.0], [0.0, 0.0]]

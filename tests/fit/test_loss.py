"""The loss against finite differences and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fit_systems import Known, N, known

from grn_l0.dynamics import Linear
from grn_l0.fit.config import FitConfig
from grn_l0.fit.loss import EdgePrior, Objective
from grn_l0.fit.problem import make_problem, standard_deviation
from grn_l0.gates import HardConcrete
from grn_l0.solve import ExponentialHeun
from grn_l0.sparsity import Penalty

CONFIG = FitConfig(dtype="float64")


def objective(k: Known) -> Objective:
    sd = standard_deviation(k.series)
    dynamics = Linear.from_start(k.start, k.series, regulators=torch.arange(N))
    return Objective(
        problem=make_problem(k.series, k.start, sd, CONFIG),
        dynamics=dynamics.scaled(1 / torch.from_numpy(sd)),
        gate=HardConcrete.from_probability(torch.from_numpy(k.start.inclusion), ~torch.eye(N, dtype=torch.bool)),
        sparsity=Penalty(torch.from_numpy(k.start.penalty)),
        solver=ExponentialHeun(step=0.5),
        prior=EdgePrior.from_start(k.start, sd, sd, 2.0, torch.float64),
    )


def test_gradient_against_finite_differences() -> None:
    target = objective(known(4))
    loss = lambda: target(target.gate.sample(torch.Generator().manual_seed(0)))  # noqa: E731
    loss().backward()
    rng = np.random.default_rng(0)
    for name, parameter in target.named_parameters():
        assert parameter.grad is not None, name
        direction = torch.from_numpy(rng.normal(size=tuple(parameter.shape)))
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter.add_(sign * 1e-6 * direction)
                values.append(float(loss()))
                parameter.sub_(sign * 1e-6 * direction)
        slope = float((parameter.grad * direction).sum())
        assert slope == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4), name


def test_value_by_hand() -> None:
    k = known(4)
    target, start, sd = objective(k), k.start, standard_deviation(k.series)
    z = target.gate.deterministic().detach()
    x = target.solver.solve(target.dynamics, target.initial, target.problem.times, z).detach().numpy() * sd
    data = 0.5 * (((k.series.values - x) / start.noise) ** 2).sum()
    p = target.gate.probability().detach().numpy()
    off = ~np.eye(N, dtype=bool)
    price = 3.0 + 0.5 * np.log1p(start.slab**2 * start.curvature) - np.log(2) + start.weight**2 / 2 / start.slab**2
    assert float(target(z).detach()) == pytest.approx(data + (p * price)[off].sum(), rel=1e-10)


def test_noise_is_estimated_per_gene() -> None:
    k = known(40)
    target = objective(k)
    target.estimate_noise(target.gate.deterministic().detach(), 50.0)
    squares = target.squares(target.gate.deterministic()).detach()
    expected = (squares + 50) / (40 * 5 + 50)
    torch.testing.assert_close(target.factor, expected, rtol=1e-6, atol=0)


def test_missing_values_do_not_count() -> None:
    k = known(4)
    target = objective(k)
    z = target.gate.deterministic().detach()
    before = float(target.squares(z)[0].detach())
    target.problem.weight[0, 2, 0] = 0
    target.problem.target[0, 2, 0] = 1e9
    assert float(target.squares(z)[0].detach()) <= before

"""Penalties, criteria and rates learned from the data."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import betabinom

from grn_l0._errors import OptionError
from grn_l0.sparsity import (
    AbstractSparsity,
    EmpiricalBayes,
    NoSparsity,
    Penalty,
    aic,
    beta_binomial_fit,
    bic,
    extended_bic,
)


def test_criteria() -> None:
    assert aic() == 1
    assert bic(100) == pytest.approx(2.302585)
    assert extended_bic(100, 50) == pytest.approx(2.302585 + 3.912023)
    with pytest.raises(OptionError):
        bic(0)
    with pytest.raises(OptionError):
        extended_bic(10, 0)


def test_penalty_sums_nats_and_ignores_forbidden_edges() -> None:
    lam = torch.tensor([[float("inf"), 2.0], [3.0, float("inf")]])
    p = torch.tensor([[0.0, 0.5], [1.0, 0.0]], requires_grad=True)
    value = Penalty(lam).penalty(p)
    assert float(value.detach()) == 4.0
    value.backward()
    assert p.grad is not None and torch.isfinite(p.grad).all()
    with pytest.raises(OptionError, match="NaN"):
        Penalty(float("nan"))


def test_beta_binomial_recovers_its_parameters_and_is_a_maximum() -> None:
    rng = np.random.default_rng(0)
    allowed = np.full(4000, 300.0)
    n = betabinom.rvs(300, 0.5, 60, size=4000, random_state=rng).astype(float)
    a, b = beta_binomial_fit(n, allowed)
    assert a == pytest.approx(0.5, rel=0.15)
    assert b == pytest.approx(60, rel=0.2)
    best = betabinom.logpmf(n, 300, a, b).sum()
    for other in ((a * 1.1, b), (a, b * 1.1), (a / 1.1, b / 1.1)):
        assert betabinom.logpmf(n, 300, *other).sum() < best


def test_beta_binomial_without_anything_to_learn_from() -> None:
    assert beta_binomial_fit(np.zeros(3), np.zeros(3)) == (0.1, 20.0)
    a, b = beta_binomial_fit(np.zeros(50), np.full(50, 49.0))
    assert a / (a + b) < 1e-2


def test_hubs_pay_less() -> None:
    allowed = ~torch.eye(40, dtype=torch.bool)
    p = torch.zeros(40, 40)
    p[0, 1:20] = 0.95
    sparsity = EmpiricalBayes(allowed)
    before = sparsity.lambdas.clone()
    assert before[0] == pytest.approx(np.log(20 / 0.1))
    sparsity.update(p)
    n, rest = float(p[0].sum()), float((p * allowed)[1].sum())
    odds = lambda k: (k + sparsity.a) / (39 - k + sparsity.b)  # noqa: E731
    assert float(sparsity.lambdas[0]) == pytest.approx(-np.log(odds(n)), rel=1e-5)
    assert float(sparsity.lambdas[1]) == pytest.approx(-np.log(odds(rest)), rel=1e-5)
    assert sparsity.lambdas[0] < sparsity.lambdas[1]


@pytest.mark.parametrize("sparsity", [Penalty(2.0), NoSparsity(), EmpiricalBayes(torch.ones(3, 4, dtype=torch.bool))])
def test_contract(sparsity: AbstractSparsity) -> None:
    p = torch.rand(3, 4, generator=torch.Generator().manual_seed(0))
    sparsity.update(p)
    value = sparsity.penalty(p)
    assert value.shape == ()
    torch.testing.assert_close(value, (sparsity.lambdas.to(p.dtype) * p).sum())

"""Every solver against closed forms, and its order against the stated one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import expm

from grn_l0._errors import DivergenceError, OptionError
from grn_l0.dynamics import Linear, Logistic
from grn_l0.solve import AbstractSolver, ExponentialEuler, ExponentialHeun, TorchDiffEq

torch64 = torch.float64
SOLVERS: list[AbstractSolver] = [
    ExponentialEuler(step=0.002),
    ExponentialHeun(step=0.02),
    TorchDiffEq(),
    TorchDiffEq(adjoint=True),
    TorchDiffEq(method="rk4", options={"step_size": 0.05}),
]


def system(n: int = 4, rate: list[float] | None = None) -> Linear:
    rng = np.random.default_rng(0)
    return Linear(
        regulators=torch.arange(n),
        center=torch.zeros(n, dtype=torch64),
        offset=torch.from_numpy(rng.uniform(0.2, 1, n)),
        weight=torch.from_numpy(rng.normal(0, 0.6, (n, n))).fill_diagonal_(0),
        rate=torch.tensor(rate or [1.0, 0.5, 2.0, 0.0], dtype=torch64),
    )


def closed_form(model: Linear, x0: torch.Tensor, times: torch.Tensor, z: torch.Tensor | None = None) -> np.ndarray:
    weight = model.gated(z)[0].detach().numpy()
    d, b = model.rate.detach().numpy(), model.offset.detach().numpy()
    n = len(b)
    matrix = np.zeros((n + 1, n + 1))
    matrix[:n, :n] = d[:, None] * (weight.T - np.eye(n))
    matrix[:n, n] = d * b
    out = np.full((*times.shape, n), np.nan)
    for s in range(len(x0)):
        for k in range(times.shape[1]):
            if np.isfinite(float(times[s, k])):
                y = expm(matrix * float(times[s, k] - times[s, 0])) @ np.append(x0[s].numpy(), 1)
                out[s, k] = y[:n]
            else:
                out[s, k] = out[s, k - 1]
    return out


NAN = float("nan")
TIMES = torch.tensor([[0.0, 0.5, 2.0, 3.0], [1.0, 1.2, 1.3, NAN], [0.0, 2.5, NAN, NAN]], dtype=torch64)
X0 = torch.tensor([[0.1, 0.9, 0.3, 0.5], [1.0, 0.2, 0.4, 0.7], [0.5, 0.5, 0.0, 0.1]], dtype=torch64)


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_irregular_times_and_padding_against_the_closed_form(solver: AbstractSolver) -> None:
    model = system()
    z = (torch.rand(4, 4, generator=torch.Generator().manual_seed(2)) > 0.4).double()
    x = solver.solve(model, X0, TIMES, z).detach()
    assert torch.isfinite(x).all()
    np.testing.assert_allclose(x, closed_form(model, X0, TIMES, z), atol=1e-3)


def pieces(model: Linear, drive: torch.Tensor, held: torch.Tensor) -> np.ndarray:
    """The closed form interval by interval: constant additions to production, rates of 0 for held genes."""
    out = np.full((*TIMES.shape, 4), np.nan)
    for s in range(len(X0)):
        out[s, 0] = X0[s]
        for k in range(TIMES.shape[1] - 1):
            arguments = model.arguments()
            arguments["offset"] = arguments["offset"] + drive[s, k].detach()
            arguments["rate"] = arguments["rate"] * ~held[s]
            gap = torch.nan_to_num(TIMES[s : s + 1, k : k + 2] - TIMES[s, k], nan=0.0)
            out[s, k + 1] = closed_form(Linear(**arguments), torch.from_numpy(out[s, k : k + 1]), gap)[0, 1]
    return out


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_a_drive_and_held_genes_against_the_closed_form(solver: AbstractSolver) -> None:
    model = system()
    rng = np.random.default_rng(3)
    drive = torch.from_numpy(rng.normal(0, 0.5, (3, 3, 4))).requires_grad_()
    held = torch.tensor([[False, True, False, False], [False] * 4, [True, False, True, False]])
    x = solver.solve(model, X0, TIMES, drive=drive, held=held)
    expected = pieces(model, drive, held)
    np.testing.assert_allclose(x.detach(), expected, atol=1e-3)
    for s, i in held.nonzero().tolist():
        np.testing.assert_allclose(x[s, :, i].detach(), X0[s, i], rtol=1e-14)
    x[0, :, 0].sum().backward()
    assert drive.grad is not None
    moved = drive.detach().clone()
    moved[0, 1, 0] += 1e-4
    slope = (pieces(model, moved, held)[0, :, 0].sum() - expected[0, :, 0].sum()) / 1e-4
    assert float(drive.grad[0, 1, 0]) == pytest.approx(slope, rel=5e-3)
    # Step sizes are shared by all series: what is left of other ones is rounding.
    np.testing.assert_allclose(drive.grad[1:], 0, atol=1e-9)
    assert (drive.grad[0, :, 1] == 0).all()


def test_a_drive_is_exact_for_constant_production_at_any_step() -> None:
    model, closed = system(), torch.zeros(4, 4, dtype=torch64)
    drive, none = torch.full((3, 3, 4), 0.3, dtype=torch64), torch.zeros(3, 4, dtype=torch.bool)
    for solver in (ExponentialEuler(step=100.0), ExponentialHeun(step=100.0)):
        x = solver.solve(model, X0, TIMES, closed, drive=drive).detach()
        expected = pieces(model.masked(closed), drive, none)
        there = ~torch.isnan(TIMES)
        np.testing.assert_allclose(x[there], expected[there.numpy()], atol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_a_rate_of_zero_stays_constant(solver: AbstractSolver) -> None:
    x = solver.solve(system(), X0, TIMES).detach()
    assert torch.equal(x[:, :, 3], X0[:, None, 3].expand(-1, 4))


@pytest.mark.parametrize("kind", [ExponentialEuler, ExponentialHeun])
def test_order_of_convergence(kind: type[ExponentialEuler] | type[ExponentialHeun]) -> None:
    model, times = system(), TIMES[:1]
    exact = closed_form(model, X0[:1], times)
    steps = 0.5 / 2.0 ** np.arange(1, 6)
    errors = [np.abs(kind(step=float(h)).solve(model, X0[:1], times).detach().numpy() - exact).max() for h in steps]
    order = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert order == pytest.approx(kind.order, abs=0.12)


def test_exact_for_constant_production_at_any_step() -> None:
    model = system()
    closed = torch.zeros(4, 4, dtype=torch64)
    for solver in (ExponentialEuler(step=100.0), ExponentialHeun(step=100.0)):
        x = solver.solve(model, X0, TIMES, closed).detach()
        np.testing.assert_allclose(x, closed_form(model, X0, TIMES, closed), atol=1e-12)


@pytest.mark.parametrize("rate", [1e-9, 1e-4, 0.0199 / 0.1, 0.0201 / 0.1])
def test_slow_rates_lose_no_digits(rate: float) -> None:
    model = system(rate=[rate] * 4)
    times = torch.tensor([[0.0, 0.1]], dtype=torch64)
    x = ExponentialHeun(step=0.1).solve(model, X0[:1], times).detach()
    np.testing.assert_allclose(x, closed_form(model, X0[:1], times), atol=(0.1 * rate) ** 3 + 1e-14, rtol=1e-12)


@pytest.mark.parametrize("solver", [ExponentialHeun(step=0.01), TorchDiffEq(), TorchDiffEq(adjoint=True)], ids=str)
def test_gradients_agree_with_finite_differences(solver: AbstractSolver) -> None:
    model = system()
    z = torch.full((4, 4), 0.7, dtype=torch64, requires_grad=True)
    (solver.solve(model, X0, TIMES, z) ** 2).sum().backward()
    assert z.grad is not None
    for j, i in ((0, 1), (2, 0)):
        values = []
        for sign in (1, -1):
            moved = z.detach().clone()
            moved[j, i] += sign * 1e-5
            values.append(float((solver.solve(model, X0, TIMES, moved) ** 2).sum().detach()))
        assert float(z.grad[j, i]) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-3)
    assert model.log_rate.grad is not None and float(model.log_rate.grad[3]) == 0


def test_solvers_agree_on_a_nonlinear_system() -> None:
    rng = np.random.default_rng(1)
    one = torch.ones(4, dtype=torch64)
    model = Logistic(
        regulators=torch.arange(4),
        amplitude=one,
        bias=0 * one,
        weight=torch.from_numpy(rng.normal(0, 1.5, (4, 4))),
        rate=one,
        lower=0 * one,
        upper=one,
    )
    heun, dopri = (s.solve(model, X0, TIMES).detach() for s in (ExponentialHeun(step=0.01), TorchDiffEq()))
    torch.testing.assert_close(heun, dopri, atol=1e-4, rtol=0)


def test_divergence_is_named() -> None:
    model = system()
    model.weight.data.fill_(1e200)
    with pytest.raises(DivergenceError, match="smaller step"):
        ExponentialEuler(step=0.5).solve(model, X0, TIMES)


def test_refusals() -> None:
    with pytest.raises(OptionError, match="positive"):
        ExponentialHeun(step=0.0)
    with pytest.raises(OptionError, match="tolerances"):
        TorchDiffEq(rtol=-1.0)

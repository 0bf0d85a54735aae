"""The compiled solver of edge lists against the one of torch, values and gradients, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from grn_l0._errors import DivergenceError
from grn_l0._parallel import crew
from grn_l0.dynamics import AbstractDynamics, Linear, Logistic
from grn_l0.solve import AbstractExponential, ExponentialHeun
from grn_l0.solve import compiled as compiled_module

N, R, S, T, E = 12, 7, 80, 5, 30  # two blocks of series
SOLVER = ExponentialHeun(step=1.09)
KINDS = ["linear", "log-odds", "identity"]


def model(kind: str, dtype: torch.dtype, *, floor: float | None = 0.0, n_edges: int = E) -> AbstractDynamics:
    """Edges in any number per target, a gene that stands still, and one that hardly moves."""
    rng = np.random.default_rng(1)
    target, regulator = np.divmod(np.sort(rng.permutation(R * N)[:n_edges]), R)
    rate = rng.uniform(0.5, 1.5, N)
    rate[[3, 7]] = 0.0, 1e-4
    parts: dict[str, Any] = {
        "regulators": torch.from_numpy(rng.permutation(N)[:R]),
        "edges": torch.from_numpy(np.stack([regulator, target])),
    }
    vectors = {"weight": rng.normal(0, 0.8, n_edges), "rate": rate}
    if kind == "linear":
        vectors |= {"center": np.full(R, 0.4), "offset": rng.uniform(0, 0.6, N)}
        return Linear(**parts, **{k: torch.from_numpy(v).to(dtype) for k, v in vectors.items()}, floor=floor)
    vectors |= {"amplitude": rng.uniform(0.5, 1.5, N), "bias": rng.normal(0, 0.6, N)}
    vectors |= {"lower": np.zeros(N) - 0.1, "upper": np.ones(N)}
    return Logistic(**parts, **{k: torch.from_numpy(v).to(dtype) for k, v in vectors.items()}, features=kind)  # type: ignore[arg-type]


def inputs(case: str, dtype: torch.dtype, n_edges: int = E) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    times = np.tile([0.0, 2.0, 3.0, 7.0, 9.0], (S, 1))
    if "irregular" in case:
        times = np.cumsum(rng.uniform(0.2, 2, (S, T)), axis=1)
        times[4, 3:] = times[30, 2:] = np.nan
    given = {
        "x0": rng.uniform(0, 1, (S, N)),
        "z": np.clip(rng.uniform(-0.5, 1.5, n_edges), 0, 1),
        "drive": rng.normal(0, 0.3, (S, T - 1, N)) if "driven" in case else None,
    }
    out: dict[str, Any] = {
        k: None if v is None else torch.from_numpy(v).to(dtype).requires_grad_() for k, v in given.items()
    }
    held = torch.from_numpy(rng.random((S, N)) < 0.1) if "held" in case else None
    return out | {"times": torch.from_numpy(times).to(dtype), "held": held}


def solved(dynamics: AbstractDynamics, given: dict[str, Any], *, compiled: bool) -> dict[str, torch.Tensor]:
    """States, and the gradients of a random sum of them."""
    solve = SOLVER.solve if compiled else lambda *a, **k: AbstractExponential.solve(SOLVER, *a, **k)
    x = solve(dynamics, given["x0"], given["times"], given["z"], drive=given["drive"], held=given["held"])
    by = torch.from_numpy(np.random.default_rng(3).normal(size=tuple(x.shape))).to(x.dtype)
    leaves = dict(dynamics.named_parameters()) | {k: given[k] for k in ("x0", "z", "drive") if given[k] is not None}
    found = dict(zip(leaves, torch.autograd.grad((x * by).sum(), list(leaves.values())), strict=True))
    # A gate that is exactly 0 has no gradient of its own in any kind of gates, and gets none here.
    found["z"] = found["z"] * (given["z"] != 0)
    return {"states": x.detach(), **found}


@pytest.mark.parametrize("case", ["plain", "driven", "held", "irregular", "driven, held, irregular"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_values_and_gradients_are_those_of_torch(kind: str, case: str, dtype: torch.dtype, tolerance: float) -> None:
    dynamics, given = model(kind, dtype), inputs(case, dtype)
    ours, theirs = (solved(dynamics, given, compiled=compiled) for compiled in (True, False))
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert float((ours[name] - value).abs().max()) <= tolerance * float(value.abs().max()), name
    assert float(ours["log_rate"][3]) == 0 and torch.equal(ours["states"][:, 2, 3], given["x0"][:, 3])


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_agree_with_finite_differences(kind: str) -> None:
    dynamics, given = model(kind, torch.float64, floor=None), inputs("driven, held, irregular", torch.float64)
    given["x0"] = given["x0"].detach().clamp(0.2, 0.8).requires_grad_()
    gradients = solved(dynamics, given, compiled=True)
    by = torch.from_numpy(np.random.default_rng(3).normal(size=(S, T, N)))

    def value() -> float:
        with torch.no_grad():
            x = SOLVER.solve(
                dynamics, given["x0"], given["times"], given["z"], drive=given["drive"], held=given["held"]
            )
            return float((x * by).sum())

    rng = np.random.default_rng(4)
    leaves = dict(dynamics.named_parameters()) | {k: given[k] for k in ("x0", "drive")}
    for name, leaf in leaves.items():
        direction, values = torch.from_numpy(rng.normal(size=tuple(leaf.shape))), []
        for sign in (1, -2, 1):
            with torch.no_grad():
                leaf.add_(sign * 1e-6 * direction)
            values.append(value())
        assert float((gradients[name] * direction).sum()) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_without_edges_moves_to_its_level(kind: str) -> None:
    dynamics = model(kind, torch.float64, n_edges=0)
    given = inputs("plain", torch.float64, n_edges=0)
    ours, theirs = (solved(dynamics, given, compiled=compiled) for compiled in (True, False))
    torch.testing.assert_close(ours["states"], theirs["states"], rtol=1e-12, atol=1e-14)


def test_the_same_bits_whatever_else_is_integrated() -> None:
    """A series does not depend on those beside it, on their number, or on the number of threads."""
    dynamics, given = model("log-odds", torch.float32), inputs("plain", torch.float32)
    threads = torch.get_num_threads()
    with torch.no_grad():
        whole = SOLVER.solve(dynamics, given["x0"], given["times"], given["z"])
        torch.set_num_threads(2)
        again = SOLVER.solve(dynamics, given["x0"], given["times"], given["z"])
        torch.set_num_threads(threads)
        for n in (16, 31, 41, 47):
            some = SOLVER.solve(dynamics, given["x0"][:n], given["times"][:n], given["z"])
            assert torch.equal(whole[:n], some)
    assert torch.equal(whole, again)


@pytest.mark.parametrize("n_series", [1, 31, 33, S, 4 * S])
def test_the_same_bits_on_any_number_of_threads_and_in_any_memory(n_series: int) -> None:
    """Also of gradients, which are summed over blocks of series: one, two, of unequal size, and three."""
    dynamics, given = model("linear", torch.float32), inputs("driven, held", torch.float32)
    several = {k: torch.cat([given[k].detach()] * 4)[:n_series] for k in ("times", "held", "x0", "drive")}
    given |= several | {k: several[k].requires_grad_() for k in ("x0", "drive")}
    found = []
    for threads in (1, 2, 3):
        compiled_module._ROOM._free[:] = [np.full(10**6, np.nan).view(np.uint8) for _ in range(3)]
        with crew(threads):
            found.append(solved(dynamics, given, compiled=True))
    assert all(torch.equal(found[0][name], other[name]) for other in found[1:] for name in found[0])
    assert all(bool(torch.isfinite(value).all()) for value in found[0].values())


def test_divergence_is_named() -> None:
    dynamics = model("linear", torch.float32, floor=None)
    dynamics.weight.data.fill_(1e30)
    given = inputs("plain", torch.float32)
    with pytest.raises(DivergenceError, match="smaller step"):
        SOLVER.solve(dynamics, given["x0"], given["times"])


def test_one_time_is_the_initial_state() -> None:
    dynamics, given = model("linear", torch.float64), inputs("plain", torch.float64)
    x = SOLVER.solve(dynamics, given["x0"], given["times"][:, :1])
    assert torch.equal(x, given["x0"][:, None])

"""What is trained and forecast on another device, against the CPU: on a GPU, and on one that every machine has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from elsewhere import DEVICE, Elsewhere, There
from fit_systems import Known, N, known, simulate

from grn_l0 import datasets, tl
from grn_l0._journal import Journal
from grn_l0.fit import (
    FitConfig,
    FitResult,
    SparseConfig,
    fit,
    gradient_pursuit,
    load_model,
    ode_trajectories,
    save_model,
)
from grn_l0.fit.config import FamilyName
from grn_l0.fit.forecast import Forecast
from grn_l0.fit.gated import Task, objective_of
from grn_l0.fit.loss import EdgePrior, Objective
from grn_l0.fit.pursuit import Regressions
from grn_l0.gates import Fixed, Grouped, HardConcrete
from grn_l0.posterior import PosteriorConfig
from grn_l0.posterior.response import designs
from grn_l0.posterior.start import Inputs
from grn_l0.solve import TorchDiffEq
from grn_l0.sparsity import EmpiricalBayes, L0Constraint, NoSparsity
from grn_l0.tl.inference import Inference

ALL = np.arange(N)
FAMILIES: list[FamilyName] = ["linear", "logistic", "sum-product", "mlp"]
SHORT: dict[str, Any] = {"steps": 4, "scratch_steps": 4, "refit_steps": 4, "dtype": "float64"}
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


@pytest.fixture(params=["elsewhere", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A name that settings take."""
    if request.param == "cuda":
        yield "cuda"
        return
    for module in ("config", "result"):
        monkeypatch.setattr(f"grn_l0.fit.{module}.checked_device", torch.device)
    with Elsewhere():
        yield str(DEVICE)


def outside(k: Known) -> Known:
    """Two stimuli and a gene that is knocked out in some series."""
    rng, (n, t, _) = np.random.default_rng(1), k.series.values.shape
    held = np.zeros((n, N), dtype=bool)
    held[::2, 3] = True
    level = rng.uniform(0, 1, (n, t, 2))
    series = replace(k.series, stimuli=level, stimulus_names=("drug", "heat"), knockouts=held)
    effect = rng.normal(0, 0.2, (2, N))
    inputs = Inputs(names=("drug", "heat"), effect=effect, width=np.full((2, N), 0.3), level=level[:, :-1])
    return replace(k, series=series, start=replace(k.start, inputs=inputs))


def same(found: Any, expected: Any, tolerance: float, what: str = "") -> None:
    """Equal, relative to the largest of them."""
    found, expected = (
        v.detach().cpu().double().numpy() if isinstance(v, torch.Tensor) else np.asarray(v) for v in (found, expected)
    )
    assert found.shape == expected.shape and np.isfinite(expected).all(), what
    assert np.abs(found - expected).max(initial=0) <= tolerance * np.abs(expected).max(initial=0), what


def gradients(objective: Objective, device: str) -> dict[str, torch.Tensor]:
    """Loss at one sample of the gates, and the gradient of every parameter."""
    objective.to(device).zero_grad()
    loss = objective(objective.gate.sample(torch.Generator().manual_seed(0)))
    assert loss.device.type == torch.device(device).type
    loss.backward()
    found = {name: p.grad for name, p in objective.named_parameters() if p.grad is not None}
    assert all(grad.device.type == loss.device.type for grad in found.values())
    return {"loss": loss.detach().cpu()} | {name: grad.cpu().clone() for name, grad in found.items()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", ["plain", "windows", "outside"])
def test_loss_of_the_gated_ode_and_its_gradients(device: str, case: str, dtype: Any) -> None:
    k = outside(known(6)) if case == "outside" else known(6)
    config = FitConfig(dtype=dtype, longest=3 if case == "windows" else 12)
    objective = objective_of(Task.of(k.series, k.start, ALL, config))[0]
    here = gradients(objective, "cpu")
    there = gradients(objective, device)
    assert here.keys() == there.keys() and len(here) > 4
    for name, value in here.items():
        same(there[name], value, TOLERANCE[dtype], name)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("family", FAMILIES)
def test_loss_of_every_family_its_gradients_and_its_forecasts(device: str, family: FamilyName, dtype: Any) -> None:
    k = known(6)
    result = fit(
        k.series, k.start, regulators=ALL, config=FitConfig(steps=0, refit_steps=0, families=family, dtype=dtype)
    )
    model, task = result.model, Task.of(k.series, k.start, ALL, FitConfig(dtype=dtype))
    gated = objective_of(task)[0]
    shape = model.edge_parameters[0].shape if model.edges is not None else (model.n_regulators, N)
    one = torch.ones(shape, dtype=task.config.torch_dtype)
    objective = Objective(
        problem=gated.problem,
        dynamics=model.scaled(1 / torch.as_tensor(task.sd, dtype=one.dtype)),
        gate=Fixed(one),
        sparsity=NoSparsity(),
        solver=task.solver,
        prior=EdgePrior(price=one, precision=one),
    )
    here = gradients(objective, "cpu")
    there = gradients(objective, device)
    for name, value in here.items():
        same(there[name], value, TOLERANCE[dtype], name)
    other = simulate(5, 0.02, 7)[0]
    expected, found = result.forecast(other), result.forecast(other, device=device)
    for name in ("one_step", "full"):
        same(getattr(found, name), getattr(expected, name), TOLERANCE[dtype], name)
    assert all(p.device.type == "cpu" for p in model.parameters())


CASES: dict[str, Callable[[], dict[str, Any]]] = {
    "linear": lambda: {"families": "linear"},
    "logistic": lambda: {"families": "logistic"},
    "sum-product": lambda: {"families": "sum-product"},
    "mlp": lambda: {"families": "mlp"},
    "windows": lambda: {"longest": 3, "families": "linear"},
    "criterion": lambda: {"sparse": SparseConfig(criterion="bic")},
    "density": lambda: {"sparse": SparseConfig(sparsity="constraint", density=0.2)},
    "diffprune": lambda: {"sparse": SparseConfig(gate="diffprune", stochastic=True)},
    "groups": lambda: {"sparse": SparseConfig(group="regulator")},
    "outside": lambda: {},
    "scratch": lambda: {},
    "scratch, density": lambda: {"sparse": SparseConfig(sparsity="constraint", density=0.2)},
    "torchdiffeq": lambda: {"families": "logistic"},
}


def trained(case: str, device: str) -> FitResult:
    k = outside(known(6)) if "outside" in case else known(6)
    solver = TorchDiffEq(method="rk4", options={"step_size": 0.5}) if case == "torchdiffeq" else None
    config = FitConfig(**SHORT, **CASES[case](), device=device)
    return fit(k.series, None if "scratch" in case else k.start, regulators=ALL, config=config, solver=solver)


@pytest.mark.parametrize("case", CASES)
def test_training_finds_the_same_and_comes_back_to_the_cpu(device: str, case: str) -> None:
    here, there = trained(case, "cpu"), trained(case, device)
    same(there.history["loss"], here.history["loss"], 1e-8)
    np.testing.assert_array_equal(there.network.selected, here.network.selected)
    same(there.network.weights, here.network.weights, 1e-6)
    same(there.network.scores, here.network.scores, 1e-6)
    for name, value in here.model.state_dict().items():
        assert there.model.state_dict()[name].device.type == "cpu"
        same(there.model.state_dict()[name], value, 1e-6, name)
    assert (here.options["device"], there.options["device"]) == ("cpu", device)


@pytest.mark.parametrize("options", [{"hold": {"g3": 0.0}}, {"measurement": "noisy"}, {"gates": "expected"}])
def test_forecasts_of_every_kind(device: str, options: dict[str, Any]) -> None:
    k = outside(known(6))
    result = fit(k.series, k.start, regulators=ALL, config=FitConfig(**SHORT))

    def forecast(device: str) -> Forecast:
        return result.forecast(k.series, device=device, **options)

    same(forecast(device).full, forecast("cpu").full, 1e-10)
    same(forecast(device).one_step, forecast("cpu").one_step, 1e-10)


def test_a_file_says_nothing_of_where_it_was_trained(device: str, tmp_path: Path) -> None:
    there, path = trained("logistic", device), tmp_path / "model.safetensors"
    save_model(path, there)
    back, series = load_model(path), known(6).series
    assert all(p.device.type == "cpu" for p in back.model.parameters())
    np.testing.assert_array_equal(back.forecast(series).full, there.forecast(series).full)


@pytest.mark.filterwarnings("ignore:.*which is a no-op")  # torch says so of its own meta tensors, which these are not
@pytest.mark.usefixtures("kept_at_once")
def test_training_goes_on_there(device: str, tmp_path: Path) -> None:
    k, config = known(6), FitConfig(**SHORT, families="linear", device=device)

    def stop(stage: str, done: int, total: int, figures: Any) -> None:
        if (stage, done) == ("linear forecast", 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(k.series, k.start, regulators=ALL, config=config, progress=stop, journal=Journal(tmp_path))
    assert len(list(tmp_path.iterdir())) == 2
    again = fit(k.series, k.start, regulators=ALL, config=config, journal=Journal(tmp_path))
    same(again.history["loss"], fit(k.series, k.start, regulators=ALL, config=config).history["loss"], 1e-10)


def test_the_gated_ode_is_followed_on_the_cpu(device: str) -> None:
    k = known(6)
    here, there = (
        ode_trajectories(k.series, ALL, k.start, designs(k.series), config=FitConfig(**SHORT, device=d))
        for d in ("cpu", device)
    )
    same(there[0], here[0], 1e-8)


def test_from_expression_to_a_network(device: str) -> None:
    """The whole inference: what the posterior says is the same bit for bit, as it stays on the CPU."""
    adata = datasets.simulated(genes=8, trajectories=30, seed=1)
    chain = PosteriorConfig(rounds=(3, 3), averaged=1, threads=1)

    def inferred(device: str) -> Inference:
        config = FitConfig(**SHORT, device=device)
        return tl.infer(adata.copy(), trajectory_key="trajectory", posterior=chain, config=config)

    here, there = inferred("cpu"), inferred(device)
    assert here.network.scores.tobytes() == there.network.scores.tobytes()
    np.testing.assert_array_equal(there.network.selected, here.network.selected)
    same(there.network.weights, here.network.weights, 1e-6)
    assert there.network.n_edges > 0
    same(there.forecast(adata, device=device).full, here.forecast(adata).full, 1e-6)


def test_pursuit_happens_where_its_data_are(device: str) -> None:
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(60, 6)))
    y = x[:, [1, 2, 3, 4]] + 0.3 * torch.from_numpy(rng.normal(size=(60, 4)))

    def pursued(device: str) -> Any:
        a, b = x.to(device), y.to(device)
        data = Regressions(gram=a.T @ a, cross=a.T @ b, power=b.square().sum(0), rows=len(x))
        allowed = torch.ones(6, 4, dtype=torch.bool).to(device)
        return gradient_pursuit(data, allowed, EmpiricalBayes(allowed), rounds=2, steps=2, last_steps=2)

    here, there = pursued("cpu"), pursued(device)
    assert bool((here.probability > 0).any())
    for name in ("probability", "weight", "variance"):
        assert getattr(there, name).device.type == torch.device(device).type
        same(getattr(there, name), getattr(here, name), 1e-8, name)


def test_constraints_and_groups_are_where_their_gates_are(device: str) -> None:
    def made(device: str) -> dict[str, torch.Tensor]:
        allowed, p = torch.ones(3, 4, dtype=torch.bool).to(device), torch.full((3, 4), 0.5).double().to(device)
        constraint = L0Constraint.per("regulator", 0.1, allowed, restart=False)
        constraint.after_step(p)
        gate = Grouped.by("target", HardConcrete(torch.linspace(-1, 1, 4).double().to(device)), (3, 4))
        return {"lambda": constraint.lambdas, "penalty": constraint.penalty(p), "gates": gate.probability().detach()}

    here, there = made("cpu"), made(device)
    for name, value in here.items():
        assert there[name].device.type == torch.device(device).type
        same(there[name], value, 1e-12, name)


def test_elsewhere_refuses_what_an_accelerator_refuses() -> None:
    with Elsewhere():
        a = torch.ones(3).to(DEVICE)
        assert isinstance(a, There) and isinstance(2 * a.exp() + torch.tensor(1.0), There)
        assert (a + a).cpu().tolist() == [2.0, 2.0, 2.0] and float(a.sum()) == 3.0
        with pytest.raises(RuntimeError, match="two devices"):
            a + torch.ones(3)
        with pytest.raises(RuntimeError):
            a.numpy()
        with pytest.raises(RuntimeError, match="two devices"):
            a[torch.tensor([0, 1])]

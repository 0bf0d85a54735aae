"""Models come back from a file to the last bit, and nothing else comes back as a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fit_systems import N, known
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from grn_l0._errors import FileFormatError, OutputError
from grn_l0.benchmark.sparsity.networks import Combination, combinations
from grn_l0.dynamics import FAMILIES
from grn_l0.fit import FitConfig, FitResult, SparseConfig, fit, load_model, save_model
from grn_l0.solve import TorchDiffEq

SPARSE = (
    SparseConfig(),
    SparseConfig(sparsity="constraint", density=0.2, gate="diffprune"),
    SparseConfig(sparsity="none", group="regulator"),
)


@pytest.fixture(scope="module", params=[(f, s) for f in FAMILIES for s in SPARSE], ids=str)
def result(request: pytest.FixtureRequest) -> FitResult:
    k, (family, sparse) = known(8), request.param
    config = FitConfig(steps=5, refit_steps=5, families=family, sparse=sparse)
    return fit(k.series, k.start, regulators=np.arange(N), config=config)


def test_roundtrip_is_bit_identical(result: FitResult, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, result)
    again = load_model(path)
    series = known(8).series
    for measurement in ("exact", "noisy"):
        a, b = result.forecast(series, measurement=measurement), again.forecast(series, measurement=measurement)
        assert np.array_equal(a.full, b.full) and np.array_equal(a.one_step, b.one_step)
    assert (again.network.weights == result.network.weights).all()
    assert (again.network.scores == result.network.scores).all()
    assert again.genes == result.genes and again.status == result.status and again.options == result.options
    assert again.history.equals(result.history)
    assert again.solver == result.solver


@pytest.mark.parametrize("one", list(combinations()), ids=lambda one: one.name)
def test_every_combination_forecasts_the_same_from_its_file(one: Combination, tmp_path: Path) -> None:
    k, path = known(8), tmp_path / "model.safetensors"
    sparse = one.sparse if one.sparse.density is None else replace(one.sparse, density=40 * one.sparse.density)
    config = FitConfig(steps=2, scratch_steps=2, refit_steps=2, sparse=sparse, families=one.dynamics or "auto")
    made = fit(k.series, k.start if one.start == "posterior" else None, regulators=np.arange(N), config=config)
    save_model(path, made)
    again = load_model(path)
    assert np.array_equal(made.forecast(k.series).full, again.forecast(k.series).full)
    assert np.array_equal(made.network.selected, again.network.selected)
    assert again.options["sparse"] == made.options["sparse"]


def test_other_solvers_survive(tmp_path: Path) -> None:
    k = known(3)
    solver = TorchDiffEq(method="rk4", options={"step_size": 0.5})
    made = fit(k.series, k.start, regulators=np.arange(N), config=FitConfig(steps=1, refit_steps=1), solver=solver)
    save_model(tmp_path / "m.safetensors", made)
    assert load_model(tmp_path / "m.safetensors").solver == solver


def test_frequencies_come_back_and_files_from_before_them_are_read(tmp_path: Path) -> None:
    k, path = known(3), tmp_path / "m.safetensors"
    made = fit(k.series, k.start, regulators=np.arange(N), config=FitConfig(steps=1, refit_steps=1))
    often = np.random.default_rng(0).random((N, N))
    resampled = replace(made, network=made.network.with_frequencies(often))
    save_model(path, resampled)
    again = load_model(path).network
    assert again.frequencies is not None
    assert np.array_equal(again.frequencies, resampled.network.frequencies)
    assert again.edges().equals(resampled.network.edges()) and "frequency" in again.edges()

    with safe_open(str(path), framework="pt") as file:
        header = file.metadata()
    assert header["version"] == "5"
    save_file({k: v for k, v in load_file(path).items() if k != "network/frequencies"}, path, header | {"version": "4"})
    assert load_model(path).network.frequencies is None
    save_model(path, made)
    assert load_model(path).network.frequencies is None
    assert "frequency" not in load_model(path).network.edges()


def test_foreign_damaged_and_newer_files(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    with pytest.raises(FileFormatError, match="no model file"):
        load_model(path)
    path.write_text("not a model")
    with pytest.raises(FileFormatError, match="not a model written by grn_l0"):
        load_model(path)
    save_file({"a": torch.zeros(1)}, str(path))
    with pytest.raises(FileFormatError, match="not a model written by grn_l0"):
        load_model(path)
    save_file({"a": torch.zeros(1)}, str(path), {"format": "grn_l0 model", "version": "99", "header": "{}"})
    with pytest.raises(FileFormatError, match="update grn_l0"):
        load_model(path)
    save_file({"a": torch.zeros(1)}, str(path), {"format": "grn_l0 model", "version": "1", "header": "{}"})
    with pytest.raises(FileFormatError, match="damaged"):
        load_model(path)


def test_a_folder_that_does_not_exist(result: FitResult, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        save_model(tmp_path / "nowhere" / "m.safetensors", result)

"""`device=` of the façade."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors import safe_open

from grn_l0 import datasets, tl
from grn_l0._errors import OptionError
from grn_l0.fit import FitConfig


def contents(path):
    """Tensors and header of a file, whose header has no order."""
    with safe_open(str(path), framework="np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_auto_is_the_cpu_bit_for_bit_where_there_is_no_gpu(inference, adata, no_gpu, tmp_path):
    auto = tl.infer(adata.copy(), trajectory_key="trajectory", start="none", seed=3, device="auto")
    assert auto.network.weights.tobytes() == inference.network.weights.tobytes()
    assert auto.network.scores.tobytes() == inference.network.scores.tobytes()
    assert auto.fit.options == inference.fit.options and auto.fit.options["device"] == "cpu"
    auto.save(tmp_path / "auto.safetensors")
    inference.save(tmp_path / "cpu.safetensors")
    (ours, about), (theirs, other) = (contents(tmp_path / f"{name}.safetensors") for name in ("auto", "cpu"))
    assert about == other and ours.keys() == theirs.keys()
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)
    full = [result.forecast(adata, device=name).full for result, name in ((auto, "auto"), (inference, "cpu"))]
    assert full[0].tobytes() == full[1].tobytes()


def test_a_gpu_that_is_not_there_is_refused_before_any_work(inference, adata, no_gpu):
    def never(*words):
        pytest.fail("work has begun")

    for name, words in (("cuda", "a GPU that torch does not see"), ("gpu", "device must be 'cpu', 'cuda'")):
        with pytest.raises(OptionError, match=words):
            tl.infer(adata.copy(), trajectory_key="trajectory", device=name, progress=never)
        with pytest.raises(OptionError, match=words):
            inference.forecast(adata, device=name)
        with pytest.raises(OptionError, match=words):
            tl.forecast(inference, adata, device=name)


def test_the_device_is_named_in_one_place(adata):
    with pytest.raises(OptionError, match=r"device='cpu'\); leave out device='auto'"):
        tl.infer(adata.copy(), trajectory_key="trajectory", start="none", config=FitConfig(), device="auto")


@pytest.mark.gpu
@pytest.mark.parametrize("start", ["none", "posterior"])
def test_a_gpu_finds_the_network_of_the_cpu(start):
    adata = datasets.simulated(genes=10, trajectories=30, seed=1)
    here, there = (
        tl.infer(adata.copy(), trajectory_key="trajectory", start=start, threads=1, device=name)
        for name in ("cpu", "cuda")
    )
    if start == "posterior":  # which the GPU has no part in
        np.testing.assert_array_equal(there.network.scores, here.network.scores)
    assert (there.network.selected != here.network.selected).sum() <= 0.02 * here.network.n_candidates
    both = there.network.selected & here.network.selected
    np.testing.assert_allclose(there.network.weights[both], here.network.weights[both], rtol=0.02, atol=0.01)
    assert all(p.device.type == "cpu" for p in there.fit.model.parameters())
    error = there.forecast(adata, device="cuda").mse_full
    assert error == pytest.approx(here.forecast(adata).mse_full, rel=0.05)
    assert there.forecast(adata).mse_full == pytest.approx(error, rel=1e-3)

"""The names of devices: which are known, and what is said where there is none."""

from __future__ import annotations

import pytest
import torch

from grn_l0._device import checked_device
from grn_l0._errors import OptionError
from grn_l0.fit import FitConfig


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "mps", "meta", "", None, 0])
def test_other_names_are_refused_with_those_that_are_known(name):
    with pytest.raises(OptionError, match=r"device must be 'cpu', 'cuda', 'cuda:1' .* or 'auto' .*, not ") as error:
        checked_device(name)
    assert repr(name) in str(error.value)
    with pytest.raises(OptionError, match="device must be"):
        FitConfig(device=name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:1"])
def test_a_gpu_that_is_not_there_is_refused_with_the_reason(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch, "__version__", "2.13.0+cpu")
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(OptionError, match=f"device '{name}' asks for a GPU that torch does not see") as error:
        FitConfig(device=name)
    assert "torch 2.13.0 is the CPU build" in str(error.value) and "use device 'cpu' or 'auto', or" in str(error.value)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    with pytest.raises(OptionError, match=r"is built for 12\.8, and finds no driver or no GPU.*nvidia-smi"):
        FitConfig(device=name)


def test_gpus_are_counted(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert checked_device("cuda:1") == torch.device("cuda", 1)
    assert checked_device("cuda") == checked_device("auto") == torch.device("cuda")
    assert FitConfig(device="auto").device == "cuda" and checked_device("cpu") == torch.device("cpu")
    with pytest.raises(OptionError, match=r"device 'cuda:2' .*torch sees 2 GPUs, 'cuda:0' to 'cuda:1'; use one of"):
        checked_device("cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(OptionError, match="torch sees 1 GPU, 'cuda:0'"):
        checked_device("cuda:1")


def test_auto_is_the_cpu_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert FitConfig(device="auto") == FitConfig(device="cpu") == FitConfig()
    assert FitConfig(device="auto").torch_device == torch.device("cpu")


@pytest.mark.gpu
def test_auto_is_a_gpu_where_there_is_one():
    assert FitConfig(device="auto").torch_device.type == "cuda"

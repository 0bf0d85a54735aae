"""`--device` on the command line."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("name", "message"), [("cuda", "that torch does not see"), ("gpu", "device must be 'cpu', 'cuda'")]
)
def test_devices_that_are_not_there_are_refused_before_the_data_are_read(grn, fitted, tmp_path, name, message):
    nothing = tmp_path / "no-such-file.h5ad"
    for words in (
        ("infer", nothing, "--out", tmp_path / "n.tsv"),
        ("forecast", fitted / "model.safetensors", nothing, "--out", tmp_path / "f.h5ad"),
    ):
        done = grn(*words, "--device", name)
        assert done.status == 2 and message in done.err and done.err.count("\n") == 1
        assert not list(tmp_path.iterdir())


def test_auto_is_the_cpu_where_there_is_no_gpu(grn, fitted, tmp_path):
    words = ("infer", fitted / "data.h5ad", "--trajectory-key", "trajectory", "--start", "none", "--quiet")
    files = ("--out", tmp_path / "n.graphml", "--model", tmp_path / "m.safetensors")
    done = grn(*words, *files, "--device", "auto")
    assert done.status == 0, done.err
    assert (tmp_path / "n.graphml").read_bytes() == (fitted / "network.graphml").read_bytes()
    said = [
        grn("forecast", folder / model, fitted / "data.h5ad", "--json", *more).out
        for folder, model, more in (
            (fitted, "model.safetensors", ()),
            (tmp_path, "m.safetensors", ("--device", "auto")),
        )
    ]
    assert said[0] == said[1] and "mse_full" in said[0]

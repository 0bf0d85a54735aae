"""Ctrl-C says where the last checkpoint is, and the command that it names goes on from there."""

from __future__ import annotations

import shlex
import sys

import pytest

from grn_l0 import tl
from grn_l0.posterior.config import PosteriorConfig

#: The module; `grn_l0.tl.infer` is the function.
INFER = sys.modules["grn_l0.tl.infer"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A short chain: what is tested is where it is kept."""
    monkeypatch.setattr(INFER, "PosteriorConfig", lambda: PosteriorConfig(rounds=(3, 3), averaged=1))


@pytest.fixture
def stop_at(monkeypatch):
    """Ctrl-C in this stage; None for no more of it."""
    original = tl.infer
    at: list[str | None] = [None]

    def infer(*args, progress, **options):
        def callback(stage, done, total, figures):
            if stage == at[0]:
                raise KeyboardInterrupt
            if progress is not None:
                progress(stage, done, total, figures)

        return original(*args, progress=callback, **options)

    monkeypatch.setattr(tl, "infer", infer)

    def choose(stage):
        at[0] = stage

    return choose


def test_stopped_and_continued(grn, h5ad, tmp_path, stop_at):
    folder, out = tmp_path / "kept here", tmp_path / "n.parquet"
    words = ("infer", h5ad, "--trajectory-key", "trajectory", "--out", out, "--quiet")
    assert grn(*words).status == 0
    whole = out.read_bytes()
    out.unlink()

    stop_at("posterior")
    early = grn(*words, "--checkpoint", folder)
    assert early.status == 130
    assert f"no checkpoint in {folder} yet" in early.err

    stop_at("gated ODE")
    stopped = grn(*words, "--checkpoint", folder)
    assert stopped.status == 130
    assert not out.exists()
    path = folder / "start.safetensors"
    line = next(line for line in stopped.err.splitlines() if "last checkpoint" in line)
    assert f"the last checkpoint is {path};" in line
    again = shlex.split(line.split("continues from it: ")[1])
    assert again == ["grn-l0", *map(str, words), "--checkpoint", str(folder)]

    later = grn(*again[1:])
    assert "from an earlier run" in later.err
    stop_at(None)
    before = path.stat().st_mtime_ns
    assert grn(*again[1:]).status == 0
    assert path.stat().st_mtime_ns == before
    assert out.read_bytes() == whole


def test_without_a_checkpoint_it_says_how_to_get_one(grn, h5ad, tmp_path, stop_at):
    stop_at("gated ODE")
    done = grn("infer", h5ad, "--trajectory-key", "trajectory", "--out", tmp_path / "n.tsv")
    assert done.status == 130
    assert "there is no checkpoint; with --checkpoint DIR" in done.err
    assert "stopped." in done.err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--checkpoint", "{}/no/where"), "make it first"),
        (("--checkpoint", "{}", "--start", "none"), "--start posterior"),
        (("--resume",), "--checkpoint DIR"),
        (("--checkpoint", "{}/new", "--resume"), "nothing to resume"),
    ],
)
def test_mistakes(grn, h5ad, tmp_path, options, word):
    options = [o.format(tmp_path) for o in options]
    done = grn("infer", h5ad, "--trajectory-key", "trajectory", "--out", tmp_path / "n.tsv", *options)
    assert done.status == 2
    assert word in done.err
    assert len(done.err.splitlines()) == 1


def test_eight_thousand_genes_are_warned_of_early(grn, tmp_path, monkeypatch):
    import anndata
    import numpy as np

    rng = np.random.default_rng(0)
    data = anndata.AnnData(rng.normal(size=(30, 8000)).astype(np.float32))
    data.obs["time"] = np.tile(np.arange(3.0), 10)
    data.obs["trajectory"] = np.repeat([f"t{k}" for k in range(10)], 3)
    data.write_h5ad(tmp_path / "big.h5ad")

    def never(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(INFER, "make_start", never)
    done = grn("infer", tmp_path / "big.h5ad", "--trajectory-key", "trajectory", "--out", tmp_path / "n.tsv")
    assert done.status == 130
    assert "warning: 8000 candidate regulators of 8000 genes are 64.0 million candidate edges" in done.err
    assert "--regulators tfs.txt" in done.err

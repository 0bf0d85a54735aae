"""Resampling from the command line."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from grn_l0.cli.progress import PLAN, plan
from grn_l0.posterior.config import PosteriorConfig


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A short chain: what is tested is what becomes of it."""
    short = PosteriorConfig(rounds=(6, 6), averaged=1, more=1, search=False, false_share=None)
    monkeypatch.setattr(sys.modules["grn_l0.tl.infer"], "PosteriorConfig", lambda: short)


def test_frequencies_are_a_column_of_every_table(grn, h5ad, tmp_path):
    words = ("infer", h5ad, "--trajectory-key", "trajectory", "--out", tmp_path / "n.csv")
    done = grn(*words, "--scores", tmp_path / "s.parquet", "--resamples", 4)
    assert done.status == 0
    assert "resampling: 4 complementary halves of the trajectories" in done.err
    assert "resamples: 4/4" in done.err
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert list(scores) == ["source", "target", "score", "weight", "sign", "frequency"]
    assert set(scores["frequency"]) <= {0, 0.25, 0.5, 0.75, 1}
    assert list(pd.read_csv(tmp_path / "n.csv"))[:5] == ["source", "target", "score", "weight", "sign"]

    done = grn(*words, "--resamples", 4, "--false-edges", "1e-9", "--jobs", 1)
    assert done.status == 0
    assert "No edge is reported" in done.err
    assert len(pd.read_csv(tmp_path / "n.csv")) == 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--false-edges", "2"), "needs resamples"),
        (("--resamples", "3"), "even number"),
        (("--resamples", "4", "--false-edges", "0"), "false_edges"),
        (("--resamples", "4", "--start", "none"), "posterior"),
    ],
)
def test_mistakes(grn, h5ad, tmp_path, options, word):
    done = grn("infer", h5ad, "--trajectory-key", "trajectory", "--out", tmp_path / "n.tsv", *options)
    assert done.status == 2
    assert word in done.err
    assert len(done.err.splitlines()) == 1


def test_the_bar_knows_how_long_resamples_take():
    assert plan(0, 1) == PLAN
    names = list(plan(50, 2))
    assert names.index("resamples") == names.index("posterior") + 1 == names.index("gated ODE") - 1
    assert plan(50, 1)["resamples"] == 2 * plan(50, 2)["resamples"]

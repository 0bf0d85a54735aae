"""`--chains`: runs of the posterior that are averaged."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd

from grn_l0 import tl
from grn_l0.posterior import PosteriorConfig


def scores(path):
    return pd.read_parquet(path).set_index(["source", "target"]).score.sort_index()


def test_two_chains_are_those_of_python_and_not_one(grn, fitted, tmp_path):
    found = {}
    for chains in (1, 2):
        out = tmp_path / f"{chains}.parquet"
        done = grn(
            "infer", fitted / "data.h5ad", "--trajectory-key", "trajectory", "--chains", chains, "--quiet",
            "--out", tmp_path / "n.tsv", "--scores", out,
        )  # fmt: skip
        assert done.status == 0, done.err
        found[chains] = scores(out)
    adata = ad.read_h5ad(fitted / "data.h5ad")
    same = tl.infer(adata, trajectory_key="trajectory", posterior=PosteriorConfig(chains=2)).network
    same.write_scores(tmp_path / "python.parquet")
    pd.testing.assert_series_equal(found[2], scores(tmp_path / "python.parquet"))
    assert np.abs(found[1] - found[2]).max() > 1e-3


def test_chains_without_a_posterior_are_refused(grn, fitted, tmp_path):
    out = tmp_path / "n.tsv"
    words = ("infer", fitted / "data.h5ad", "--trajectory-key", "trajectory", "--out", out, "--start", "none")
    done = grn(*words, "--chains", "2")
    assert done.status == 2 and "chains" in done.err and "start='posterior'" in done.err and not out.exists()

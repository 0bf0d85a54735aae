"""Gates, sparsity and production on the command line."""

from __future__ import annotations

import pandas as pd
import pytest

from grn_l0.fit import load_model


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--density", "0"], "above 0 and up to 1"),
        (["--density", "0.1", "--sparsity", "penalty"], "kept by sparsity constraint"),
        (["--sparsity", "constraint"], "say which density"),
        (["--criterion", "bic", "--penalty", "2"], "give one of them"),
        (["--sparsity", "none", "--criterion", "aic"], "open gates cost nothing"),
        (["--decide", "balanced", "--density", "0.1"], "leave one"),
        (["--density", "one"], "such as 0.01 or 1%"),
        (["--density", "0.001"], "less than one edge"),
    ],
)
def test_contradictions_are_refused_before_any_work(grn, h5ad, tmp_path, words, message) -> None:
    out = tmp_path / "n.tsv"
    done = grn("infer", h5ad, "--trajectory-key", "trajectory", "--out", out, "--quiet", *words)
    assert done.status == 2 and message in done.err
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--gate", "diffprune", "--group", "regulator"],
        ["--criterion", "ebic", "--dynamics", "mlp"],
        ["--penalty", "3", "--dynamics", "sum-product"],
        ["--density", "25%", "--start", "none"],
    ],
)
def test_choices_reach_the_fit(grn, h5ad, tmp_path, words) -> None:
    out, model = tmp_path / "n.tsv", tmp_path / "m.safetensors"
    base = ["infer", h5ad, "--trajectory-key", "trajectory", "--out", out, "--model", model, "--quiet"]
    done = grn(*base, *words)
    assert done.status == 0, done.err
    if "--density" in words:
        assert len(pd.read_csv(out, sep="\t")) == round(0.25 * 8 * 7)
    options = load_model(model).options
    assert options["sparse"]["gate"] == ("diffprune" if "diffprune" in words else "hard-concrete")
    assert options["sparse"]["group"] == ("regulator" if "regulator" in words else None)
    assert options["sparse"]["criterion"] == ("ebic" if "ebic" in words else None)
    assert options["sparse"]["penalty"] == (3.0 if "--penalty" in words else None)
    assert load_model(model).model.kind in ({"mlp", "sum-product"} & set(words) or {"linear", "logistic"})
    forecast = grn("forecast", model, h5ad, "--trajectory-key", "trajectory", "--json")
    assert forecast.status == 0, forecast.err

"""The façade: same numbers as its parts, results in AnnData, nothing global touched."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
import torch

from grn_l0 import tl
from grn_l0._errors import DataError, FileFormatError, NameMatchError, OptionError
from grn_l0.fit import SparseConfig
from grn_l0.posterior.config import PosteriorConfig


def test_result_is_written_into_the_data_and_survives_the_file(inference, adata, tmp_path):
    tl.write_annotated(adata, tmp_path / "data.h5ad")
    back = anndata.read_h5ad(tmp_path / "data.h5ad")
    weights = back.varp["grn_l0"].toarray()
    np.testing.assert_allclose(weights, inference.network.weights.astype(np.float32), rtol=1e-6)
    np.testing.assert_array_equal(weights != 0, inference.network.selected)
    assert str(back.uns["grn_l0"]["status"]) == inference.status
    assert int(back.uns["grn_l0"]["edges"]) == inference.network.n_edges


def test_same_seed_same_bits_and_nothing_global_changes(inference, adata):
    torch.manual_seed(5)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002
    again = tl.infer(adata.copy(), trajectory_key="trajectory", start="none", seed=3, threads=1)
    np.testing.assert_array_equal(again.network.weights, inference.network.weights)
    np.testing.assert_array_equal(again.network.scores, inference.network.scores)
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002
    assert torch.get_num_threads() == threads


def test_regulators_are_the_rows_and_every_candidate_has_a_score(adata):
    names = list(adata.var_names[:4])
    result = tl.infer(adata.copy(), trajectory_key="trajectory", start="none", regulators=names)
    assert result.network.regulators == tuple(names)
    assert len(result.network.all_edges()) == 4 * adata.n_vars - 4


@pytest.mark.parametrize(
    ("options", "error", "word"),
    [
        ({"start": "nowhere"}, OptionError, "nowhere"),
        ({"gate": "diffprune"}, OptionError, "SparseConfig"),
        ({"sparsity": "constraint"}, OptionError, "SparseConfig"),
        ({"seed": -1}, OptionError, "seed"),
        ({"seed": 0.5}, OptionError, "seed"),
        ({"threads": 0, "start": "none"}, OptionError, "threads"),
        ({"jobs": 0}, OptionError, "jobs"),
        ({"jobs": 2, "dask": "tcp://127.0.0.1:9"}, OptionError, "leave one of them out"),
        ({"threads": 1.5}, OptionError, "threads must be an integer"),
        ({"time_key": "tine"}, DataError, "time"),
        ({"regulators": ["FOXP3"]}, NameMatchError, "FOXP3"),
        ({"regulators": 5}, OptionError, "regulators must be a list"),
        ({"prior": [("a", "b")]}, OptionError, "prior must be a DataFrame"),
        ({"regulators": "no-such-file.txt"}, FileFormatError, "does not exist"),
        ({"prior": pd.DataFrame({"source": ["X1"], "target": ["X2"]})}, NameMatchError, "X1"),
    ],
)
def test_mistakes_are_refused_before_the_fit(adata, options, error, word):
    with pytest.raises(error, match=word):
        tl.infer(adata, trajectory_key="trajectory", **options)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("posterior", PosteriorConfig()),
        ("prior", pd.DataFrame({"source": ["a"], "target": ["b"]})),
        ("decide", "precision"),
        ("resamples", 4),
        ("jobs", 2),
        ("dask", "tcp://127.0.0.1:9"),
        ("checkpoint", "no-such-folder"),
    ],
)
def test_what_needs_the_posterior_start_is_refused_alike_before_the_data_are_looked_at(name, value):
    with pytest.raises(OptionError, match=rf"use start='posterior' \(--start posterior\), or leave {name} out"):
        tl.infer(None, start="none", **{name: value})  # type: ignore[arg-type]


def test_posterior_start_takes_a_prior_and_finds_the_edges(adata):
    truth = tl.edges_of(adata, "truth")
    prior = truth[["source", "target"]].assign(weight=1.0)
    chain = PosteriorConfig(rounds=(6, 6), averaged=1)
    options = {"trajectory_key": "trajectory", "posterior": chain, "seed": 1}
    plain = tl.infer(adata.copy(), **options)
    helped = tl.infer(adata.copy(), prior=prior, **options)
    quality = [tl.evaluate(r, truth).loc["result", "auprc"] for r in (plain, helped)]
    assert quality[1] > quality[0] > 0.3
    assert plain.fit.start is not None
    again = tl.infer(adata.copy(), **options)
    np.testing.assert_array_equal(again.network.scores, plain.network.scores)


def test_summary_says_what_a_person_wants_to_know(inference):
    text = inference.summary()
    assert "20 trajectories, 100 observations, 10 genes" in text
    assert f"{inference.network.n_edges} of 90 candidate edges" in text
    assert inference.status in text


def test_regulators_and_prior_as_paths(adata, tmp_path):
    def stop(*_):
        raise OptionError("rounds are over")

    names = list(adata.var_names[:3])
    (tmp_path / "tfs.txt").write_text("\n".join(names))
    result = tl.infer(adata.copy(), trajectory_key="trajectory", start="none", regulators=tmp_path / "tfs.txt")
    assert result.network.regulators == tuple(names)
    pd.DataFrame({"TF": names[:1], "gene": names[1:2]}).to_csv(tmp_path / "prior.csv", index=False)
    with pytest.raises(OptionError, match="rounds are over"):  # the prior has been read and matched by then
        tl.infer(adata, trajectory_key="trajectory", prior=str(tmp_path / "prior.csv"), progress=stop)


def test_density_is_a_share_of_all_candidates(inference):
    density = inference.fit.history["density"]
    assert density.between(0, 1).all()
    assert density.iloc[-1] == pytest.approx(inference.network.density)


def test_a_density_beside_a_prior(adata):
    prior = tl.edges_of(adata, "truth")[["source", "target"]]
    sparse = SparseConfig(sparsity="constraint", density=0.2)
    options = {"trajectory_key": "trajectory", "start": "posterior", "sparse": sparse}
    result = tl.infer(adata.copy(), prior=prior, **options)
    assert result.network.n_edges == round(0.2 * adata.n_vars * (adata.n_vars - 1))

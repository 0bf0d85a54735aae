"""Resampling through the façade: the network stays, frequencies come beside it, false edges decide where asked."""

from __future__ import annotations

import sys
from dataclasses import replace

import anndata
import numpy as np
import pytest

from grn_l0 import datasets, ensemble, simulate, tl
from grn_l0._errors import GrnWarning, OptionError
from grn_l0.ensemble.error_control import expected_false
from grn_l0.fit import FitConfig, SparseConfig
from grn_l0.network import read_network
from grn_l0.posterior import PosteriorConfig
from grn_l0.tl import resampled
from grn_l0.tl.keys import Keys

OPTIONS = {
    "trajectory_key": "trajectory",
    "posterior": PosteriorConfig(rounds=(10, 10), averaged=1, more=1, search=False, false_share=None),
    "config": FitConfig(steps=5, refit_steps=5),
    "seed": 2,
}


@pytest.fixture(scope="module")
def data():
    return datasets.simulated(genes=10, trajectories=40, seed=1)


@pytest.fixture(scope="module")
def plain(data):
    return tl.infer(data.copy(), **OPTIONS)


@pytest.fixture(scope="module")
def often(data):
    kept = data.copy()
    return kept, tl.infer(kept, resamples=10, **OPTIONS)


def test_the_network_is_that_of_all_data_and_has_frequencies_beside(plain, often):
    kept, result = often
    np.testing.assert_array_equal(result.network.weights, plain.network.weights)
    np.testing.assert_array_equal(result.network.scores, plain.network.scores)
    assert plain.network.frequencies is None
    assert plain.ensemble is None
    assert "frequency" not in plain.network.edges()
    found = result.network.frequencies
    np.testing.assert_array_equal(found, result.ensemble.frequency)
    assert set(np.unique(np.round(10 * found, 9))) <= set(range(11))
    # Half of the data find a good part of what all data find, and little else.
    assert found[result.network.selected].mean() > 0.4
    assert found[~result.network.selected].mean() < 0.05
    assert list(result.network.edges()) == ["source", "target", "score", "weight", "sign", "frequency"]
    text = result.summary()
    assert "resampling: 10 complementary halves of the trajectories; of" in text
    stored = kept.varp["grn_l0_frequency"].toarray()
    np.testing.assert_allclose(stored, found, rtol=1e-6)
    assert kept.uns["grn_l0"]["options"]["resampling"]["resamples"] == 10


def test_what_is_written_survives_files_and_a_second_run(often, tmp_path):
    kept, result = often
    copy = kept.copy()
    tl.write_annotated(copy, tmp_path / "data.h5ad")
    back = anndata.read_h5ad(tmp_path / "data.h5ad")
    assert back.varp["grn_l0_frequency"].max() <= 1
    assert int(back.uns["grn_l0"]["options"]["resampling"]["resamples"]) == 10
    for name in ("n.graphml", "n.csv", "n.parquet"):
        result.network.write(tmp_path / name)
        again = read_network(tmp_path / name, regulators=result.network.regulators, targets=result.network.targets)
        expected = np.where(result.network.selected, result.network.frequencies, 0)
        np.testing.assert_array_equal(again.frequencies, expected)
    result.save(tmp_path / "m.safetensors")
    assert "resampling" in tl.load(tmp_path / "m.safetensors").summary()
    tl.infer(copy, **OPTIONS)
    assert "grn_l0_frequency" not in copy.varp


def test_false_edges_keep_what_is_frequent_enough(data, often):
    _, whole = often
    result = tl.infer(data.copy(), resamples=10, false_edges=3, **OPTIONS)
    np.testing.assert_array_equal(result.network.frequencies, whole.network.frequencies)
    threshold = result.ensemble.threshold(3)
    assert result.network.n_edges > 0
    assert result.network.frequencies[result.network.selected].min() >= threshold
    # The model has no edge that the network lacks.
    assert set(zip(*np.nonzero(result.network.weights), strict=True)) <= set(
        zip(*np.nonzero(whole.ensemble.network(threshold).selected), strict=True)
    )
    assert f"at least {threshold:.0%} of the resamples" in result.status


def test_genes_that_stay_constant_are_no_candidates_for_false_edges(data):
    """Half of the panel has no equation: chance selects the same edges, of half as many."""
    rng = np.random.default_rng(1)
    values = np.hstack([data.X, rng.normal(0.5, 0.05, data.shape)])
    both = anndata.AnnData(values, obs=data.obs)
    result = tl.infer(both, resamples=6, false_edges=40, **OPTIONS)
    found = result.ensemble
    changing = int((result.fit.start.rate > 0).sum())
    assert 8 <= changing <= 10 and (result.fit.start.rate[10:] == 0).all()
    assert (found.n_candidates, found.n_possible) == (20 * 19, changing * 19)
    assert both.uns["grn_l0"]["options"]["resampling"]["possible_edges"] == changing * 19
    expected = expected_false(found.average, changing * 19, 1.0, 3)
    assert found.expected_false(1.0) == expected > 1.9 * expected_false(found.average, 20 * 19, 1.0, 3)
    assert f"at most {found.expected_false(found.threshold(40)):.2g} of them" in result.status


def test_a_number_that_cannot_be_kept_leaves_no_edge_and_says_which_can(data):
    with pytest.warns(GrnWarning, match="no edge will be reported: false_edges=1e-06 cannot be kept"):
        result = tl.infer(data.copy(), resamples=10, false_edges=1e-6, **OPTIONS)
    assert result.network.n_edges == 0
    assert result.network.frequencies.max() > 0.5
    assert "No edge is reported: false_edges=1e-06 cannot be kept" in result.status
    assert "Ask for false_edges=" in result.status
    assert "No regulation can be told" not in result.status


def test_processes_and_checkpoints_change_nothing(data, often, tmp_path, monkeypatch):
    _, whole = often
    two = tl.infer(data.copy(), resamples=10, jobs=2, **OPTIONS)
    np.testing.assert_array_equal(two.network.frequencies, whole.network.frequencies)
    np.testing.assert_array_equal(two.ensemble.score, whole.ensemble.score)

    def stop(stage, done, total, figures):
        if stage == "resamples" and done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tl.infer(data.copy(), resamples=10, checkpoint=tmp_path / "kept", progress=stop, **OPTIONS)
    steps = []
    again = tl.infer(
        data.copy(), resamples=10, checkpoint=tmp_path / "kept", progress=lambda *step: steps.append(step), **OPTIONS
    )
    assert [done for stage, done, *_ in steps if stage == "resamples"][:2] == [4, 5]
    np.testing.assert_array_equal(again.network.frequencies, whole.network.frequencies)
    np.testing.assert_array_equal(again.network.weights, whole.network.weights)


def test_a_prior_takes_part_in_every_resample(data):
    truth = tl.edges_of(data, "truth")[["source", "target"]]
    helped = tl.infer(data.copy(), resamples=4, prior=truth, **OPTIONS)
    assert helped.network.frequencies[helped.network.selected].mean() > 0.7


@pytest.mark.parametrize("jobs", [1, 2])
def test_beside_dask_resamples_run_on_jobs_of_this_machine_and_one_alone_is_warned_of(data, monkeypatch, recwarn, jobs):
    pytest.importorskip("distributed")
    module, asked = sys.modules["grn_l0.tl.infer"], {}

    def begin(*arguments, **_):
        asked["start"] = arguments[7:]
        return object()  # the next step is replaced, too

    def resamples(given, *_, **__):
        asked["resamples"] = given.jobs
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "make_start", begin)
    monkeypatch.setattr(module, "resample_start", resamples)
    with pytest.raises(KeyboardInterrupt):
        tl.infer(data.copy(), trajectory_key="trajectory", resamples=4, jobs=jobs, dask="tcp://127.0.0.1:9")
    assert asked == {"start": (1, "tcp://127.0.0.1:9"), "resamples": jobs}
    said = [str(one.message) for one in recwarn if issubclass(one.category, GrnWarning)]
    assert len(said) == (jobs == 1)
    assert all("in this process, one after the other" in text and "--jobs 4" in text for text in said)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"false_edges": 2}, "needs resamples"),
        ({"resamples": 5}, "even number"),
        ({"resamples": 4, "false_edges": -1}, "false_edges"),
        ({"resamples": 4, "jobs": 0}, "jobs"),
        ({"resamples": 4, "start": "none"}, "start='posterior'"),
        ({"resamples": 4, "false_edges": 1, "sparse": SparseConfig(sparsity="constraint", density=0.1)}, "density"),
    ],
)
def test_mistakes(data, options, word):
    with pytest.raises(OptionError, match=word):
        tl.infer(data.copy(), trajectory_key="trajectory", **options)


def test_branches_of_a_donor_stay_together():
    cells = simulate.pseudotime_cells(simulate.random_system(6, seed=1), 200, 2, seed=1, branches=2)
    series = simulate.binned(cells, 5)
    names = ("a:x:left", "a:x:right", "a:left", "b")
    adata = anndata.AnnData(np.zeros((3, 1)), obs={"donor": ["a:x", "a", "b"]})
    some = series.select(list(range(4)))
    some = replace(some, trajectories=names)
    assert resampled.donors(adata, Keys(branch_key="lineage", trajectory_key="donor"), some) == ["a:x", "a:x", "a", "b"]
    assert resampled.donors(adata, Keys(branch_key="lineage"), some) == ["one"] * 4
    assert resampled.donors(adata, Keys(trajectory_key="donor"), some) is None


def test_few_trajectories_are_cut_into_blocks(data):
    some = data[data.obs["trajectory"].isin(data.obs["trajectory"].unique()[:4])].copy()
    result = tl.infer(some, resamples=4, false_edges=50, **OPTIONS)
    assert "4 complementary halves of blocks of times" in result.summary()
    assert result.network.frequencies.shape == (10, 10)
    assert ("a rough number" in result.status) == (result.ensemble.average > 0)


def test_halves_of_data_without_regulation_agree_on_nothing(data):
    series = simulate.permuted(Keys(trajectory_key="trajectory").series(data), 3)
    method = resampled.ShortPosterior(regulators=np.arange(10), priors=(), config=OPTIONS["posterior"])
    found = ensemble.resample(method, series, resamples=8, seed=1, seeded=True)
    assert found.stable(5).n_edges == 0
    assert found.average < 2

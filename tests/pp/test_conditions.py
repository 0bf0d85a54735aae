"""Stimuli, knock-outs, steady states and replicates: from columns of obs into the time series."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from pp_samples import cells, series

from grn_l0 import _errors as e
from grn_l0 import pp

KEYS = {"time_key": "time", "trajectory_key": "trajectory"}


def with_steady(m: int = 3):
    """Four time courses and `m` steady states, whose time and trajectory are missing."""
    import anndata as ad

    a, more = series(), series(s=m, t=1, seed=9)
    more.obs_names = [f"ss{k}" for k in range(m)]
    a.obs["steady_state"], more.obs["steady_state"] = False, True
    more.obs["time"], more.obs["trajectory"] = np.nan, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ad.concat([a, more])


def shuffled(a):
    return a[np.random.default_rng(0).permutation(a.n_obs)].copy()


@pytest.mark.parametrize("kind", [int, bool, float, str, "category"])
def test_a_stimulus_stands_beside_its_observation(kind) -> None:
    a = series()
    level = np.tile([0, 1, 1, 0, 0], 4) * np.repeat([1, 0, 1, 0], 5)
    a.obs["drug"] = level.astype(kind) if kind in (int, bool, float) else pd.Series(level, a.obs_names).astype(kind)
    ts = pp.to_timeseries(shuffled(a), stimulus_key="drug", **KEYS)
    assert ts.stimulus_names == ("drug",) and ts.n_stimuli == 1
    np.testing.assert_array_equal(ts.stimuli[:, :, 0], level.reshape(4, 5))
    assert ts.steady is None and ts.knockouts is None and ts.own_equation.all()


@pytest.mark.parametrize("off, on", [("False", "True"), ("no", "Yes"), ("0", "1"), ("false", "TRUE")])
@pytest.mark.parametrize("kind", [object, "category"])
def test_a_stimulus_may_be_a_flag_in_words(off: str, on: str, kind) -> None:
    a = series()
    level = np.repeat([0, 1, 1, 0], 5)
    a.obs["drug"] = pd.Series(np.where(level, on, off), a.obs_names).astype(kind)
    ts = pp.to_timeseries(a, stimulus_key="drug", **KEYS)
    np.testing.assert_array_equal(ts.stimuli[:, :, 0].ravel(), level)
    a.obs["drug"] = a.obs["drug"].astype(object)
    a.obs.iloc[3, a.obs.columns.get_loc("drug")] = None  # a missing flag is not "no"
    with pytest.raises(e.StimulusError, match="'drug' is missing in 1 of 20"):
        pp.to_timeseries(a, stimulus_key="drug", **KEYS)


@pytest.mark.parametrize("control", ["ctrl", "Control", "vehicle", "DMSO", "mock", "untreated", "none", "wt"])
def test_the_suggested_code_does_not_make_a_stimulus_of_the_control(control: str) -> None:
    a = series()
    a.obs["treatment"] = np.repeat([control, "tgfb", control, "tgfb"], 5)
    with pytest.raises(e.StimulusError, match="not a number in 20") as said:
        pp.to_timeseries(a, stimulus_key="treatment", **KEYS)
    code = str(said.value).split("one column per stimulus: ")[1]
    exec(code, {"adata": a})  # what a reader would paste
    ts = pp.to_timeseries(a, stimulus_key="tgfb", **KEYS)
    np.testing.assert_array_equal(ts.stimuli[:, 0, 0], [0, 1, 0, 1])


def test_doses_of_several_stimuli_and_selection() -> None:
    a = series()
    a.obs["x"], a.obs["y"] = np.arange(20.0), 1
    ts = pp.to_timeseries(a, stimulus_key=["x", "y"], **KEYS).select([2])
    assert ts.stimulus_names == ("x", "y")
    assert ts.stimuli[0, :, 0].tolist() == [10, 11, 12, 13, 14]


@pytest.mark.parametrize("wild", ["", "none", "WT", None, np.nan])
def test_knockouts_by_name(wild) -> None:
    a = series()
    a.obs["knockout"] = np.repeat(np.array([wild, "g1", "g3, g0", "g1"], dtype=object), 5)
    ts = pp.to_timeseries(shuffled(a), **KEYS)
    expected = np.zeros((4, 6), dtype=bool)
    expected[1, 1] = expected[2, 3] = expected[2, 0] = expected[3, 1] = True
    np.testing.assert_array_equal(ts.knockouts, expected)
    np.testing.assert_array_equal(ts.own_equation, ~expected)
    assert ts.select([0]).knockouts is None
    assert pp.to_timeseries(a, knockout_key=None, **KEYS).knockouts is None


@pytest.mark.parametrize("form", ["{}_KO", "{}-/-", "KO-{}", "{} KO", "del_{}"])
@pytest.mark.parametrize("gene", ["g1", "g10"])
def test_the_recipe_makes_names_of_genes_out_of_knockout_labels(form: str, gene: str) -> None:
    a = series(g=12)
    a.obs["strain"] = pd.Series(np.repeat(["WT", form.format(gene), "WT", "WT"], 5), a.obs_names).astype("category")
    with pytest.raises(e.NameMatchError, match="is not a gene of the data; ") as said:
        pp.to_timeseries(a, knockout_key="strain", **KEYS)
    text = str(said.value)
    assert "?;" not in text and f"{gene!r} is: " in text
    exec(text.split(f"{gene!r} is: ")[1].split(". Write")[0], {"adata": a})  # what a reader would paste
    ts = pp.to_timeseries(a, knockout_key="strain", **KEYS)
    assert ts.knockouts[1].nonzero()[0].tolist() == [a.var_names.get_loc(gene)] and ts.knockouts.sum() == 1


def test_steady_states_stand_beside_the_courses() -> None:
    a = with_steady()
    a.obs["knockout"] = [*[""] * 20, "g2", "", "g0,g5"]
    a.obs["drug"] = [*[0] * 20, 0, 2, 0]
    ts = pp.to_timeseries(shuffled(a), stimulus_key="drug", **KEYS)
    plain = pp.to_timeseries(series(), **KEYS)
    np.testing.assert_array_equal(ts.values, plain.values)
    order = [ts.steady.names.index(f"ss{k}") for k in range(3)]
    np.testing.assert_array_equal(ts.steady.values[order], a.X[20:])
    assert [np.flatnonzero(~ts.steady.own_equation[k]).tolist() for k in order] == [[2], [], [0, 5]]
    assert ts.steady.stimuli[order, 0].tolist() == [0, 2, 0]
    assert ts.knockouts is None
    assert ts.select([1]).steady is ts.steady


def test_replicates_are_averaged_with_their_number_as_weight() -> None:
    a = series()
    a.obs["time"] = a.obs["time"] // 2  # times 0, 0, 1, 1, 2
    a.X[1, 2] = np.nan
    ts = pp.to_timeseries(shuffled(a), replicates="mean", **KEYS)
    np.testing.assert_allclose(ts.values[0], [np.nanmean(a.X[:2], 0), a.X[2:4].mean(0), a.X[4]], rtol=1e-6)
    np.testing.assert_array_equal(ts.weights, np.tile([2, 2, 1], (4, 1)))


def test_replicates_become_trajectories_of_their_own() -> None:
    a = series(s=2, t=4)
    a.obs["time"] = np.tile([0, 0, 1, 1], 2)
    a.obs["knockout"] = np.repeat(["", "g1"], 4)
    ts = pp.to_timeseries(shuffled(a), replicates="separate", **KEYS)
    assert ts.trajectories == ("s0", "s0:2", "s1", "s1:2")
    np.testing.assert_array_equal(ts.values[1], a.X[[1, 3]])
    assert ts.knockouts[:, 1].tolist() == [False, False, True, True]


def test_conditions_of_cells_belong_to_whole_trajectories() -> None:
    a = cells({"a": 60, "b": 40})
    a.obs["drug"] = (a.obs["donor"] == "b").astype(int)
    a.obs["knockout"] = np.where(a.obs["donor"] == "b", "g3", "")
    ts = pp.to_timeseries(a, pseudotime_key="dpt", trajectory_key="donor", stimulus_key="drug", n_bins=5)
    assert ts.stimuli[:, :, 0].tolist() == [[0] * 5, [1] * 5]
    assert ts.knockouts[:, 3].tolist() == [False, True]
    a.obs.iloc[0, a.obs.columns.get_loc("drug")] = 1
    with pytest.raises(e.StimulusError, match="'drug' varies among the cells of trajectory 'a'"):
        pp.to_timeseries(a, pseudotime_key="dpt", trajectory_key="donor", stimulus_key="drug")


BAD = {
    "no such stimulus": (lambda a: None, {"stimulus_key": "dose"}, e.MissingKeyError, "stimulus 'dose'"),
    "stimulus missing": (lambda a: a.obs.insert(0, "x", [np.nan] + [1] * 19), {"stimulus_key": "x"}, e.StimulusError,
                         "'x' is missing in 1 of 20"),
    "stimulus negative": (lambda a: a.obs.insert(0, "x", [-2.0] + [1] * 19), {"stimulus_key": "x"}, e.StimulusError,
                          "'x' is -2"),
    "stimulus infinite": (lambda a: a.obs.insert(0, "x", [np.inf] + [1] * 19), {"stimulus_key": "x"}, e.StimulusError,
                          "'x' is inf"),
    "stimulus in words": (lambda a: a.obs.insert(0, "x", ["dmso"] * 20), {"stimulus_key": "x"}, e.StimulusError,
                          "not a number in 20 .*'dmso'"),
    "stimulus twice": (lambda a: a.obs.insert(0, "x", 1), {"stimulus_key": ["x", "x"]}, e.OptionError, "named twice"),
    "no such gene": (lambda a: a.obs.insert(0, "knockout", "G1x"), {}, e.NameMatchError, "'G1x'.*did you mean 'g1'"),
    "knock-out flags": (lambda a: a.obs.insert(0, "knockout", True), {}, e.KnockoutError, "true and false"),
    "knock-out in a part": (lambda a: a.obs.insert(0, "knockout", ["g1"] + [""] * 19), {}, e.KnockoutError,
                            "'s0' is .*wild type"),
    "no such knock-out column": (lambda a: None, {"knockout_key": "ko"}, e.MissingKeyError, "'ko'"),
    "steady with a time": (lambda a: a.obs.insert(0, "steady_state", [True] + [False] * 19), {}, e.TimeError,
                           "'c0' at 0.*time to NaN"),
    "everything steady": (lambda a: (a.obs.insert(0, "steady_state", True), a.obs.isetitem(2, np.nan)), {},
                          e.TrajectoryError, "at least one time course"),
    "steady in words": (lambda a: a.obs.insert(0, "steady_state", "Maybe"), {}, e.OptionError, "'Maybe'.*steady_key"),
    "branch without pseudotime": (lambda a: None, {"branch_key": "b"}, e.OptionError, "branch_key"),
    "replicates in words": (lambda a: None, {"replicates": "median"}, e.OptionError, "'mean' or 'separate'"),
    "replicates apart": (lambda a: (a.obs.isetitem(1, a.obs["time"] // 2), a.obs.insert(0, "x", range(20))),
                         {"replicates": "mean", "stimulus_key": "x"}, e.StimulusError, "differs among replicates"),
    "uneven replicates": (lambda a: a.obs.isetitem(1, [0, 0, *range(2, 5)] * 4), {"replicates": "separate"},
                          e.TrajectoryError, "'s0:2'.*replicates='mean'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_conditions(name: str) -> None:
    spoil, options, error, words = BAD[name]
    a = series()
    spoil(a)
    with pytest.raises(error, match=words) as caught:
        pp.to_timeseries(a, **KEYS, **options)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_steady_states_and_pseudotime_exclude_each_other() -> None:
    a = cells({"a": 60})
    a.obs["steady_state"] = [True] + [False] * 59
    with pytest.raises(e.OptionError, match="steady states"):
        pp.to_timeseries(a, pseudotime_key="dpt")
    with pytest.raises(e.OptionError, match="leave replicates out"):
        pp.to_timeseries(a, pseudotime_key="dpt", steady_key=None, replicates="mean")


# --- branches ------------------------------------------------------------------------------------------------------


def test_branches_share_the_trunk() -> None:
    a = cells({"a": 90, "b": 40})
    dpt, donor = a.obs["dpt"].to_numpy(), a.obs["donor"].to_numpy()
    up = np.arange(a.n_obs) % 2 == 0
    label = np.where(dpt < 0.4, "trunk", np.where(up, "up", "down")).astype(object)
    label[(donor == "b") & (label == "up")] = np.nan  # donor b has one branch
    a.obs["branch"] = label
    ts = pp.to_timeseries(a, pseudotime_key="dpt", trajectory_key="donor", branch_key="branch", n_bins=4)
    assert ts.trajectories == ("a:down", "a:up", "b:down")
    # every cell counts once in all
    np.testing.assert_allclose(ts.weights[:2].sum(), 90)
    np.testing.assert_allclose(ts.weights[2].sum(), 40)
    mine = (donor == "a") & (label != "down")
    first = np.flatnonzero(mine)[np.argsort(dpt[mine])][: -(-mine.sum() // 4)]
    np.testing.assert_allclose(ts.values[1, 0], a.X[first].mean(0))
    assert ts.weights[1, 0] == len(first) / 2  # all of them in the trunk, which two branches share


def test_branches_of_one_sample_go_by_their_own_names() -> None:
    a = cells({"a": 60})
    a.obs["lineage"] = np.where(np.arange(60) % 2, "L2", "L10")
    ts = pp.to_timeseries(a, pseudotime_key="dpt", branch_key="lineage", n_bins=4)
    assert ts.trajectories == ("L2", "L10") and (ts.weights.sum(axis=1) == 30).all()

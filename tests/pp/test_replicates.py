"""Replicates of a control and a treatment in one column of times: who follows whom."""

from __future__ import annotations

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from pp_samples import cells

from grn_l0 import _errors as e
from grn_l0 import pp


def samples(n: int = 3, times: int = 4) -> ad.AnnData:
    """`n` control and `n` treated samples per time, expression 10 x treatment + replicate."""
    obs = pd.DataFrame(
        [(t, arm, f"r{r}") for t in range(times) for arm in ("ctrl", "drug") for r in range(n)],
        columns=["time", "treatment", "rep"],
    )
    obs.index = [f"s{k}" for k in range(len(obs))]
    obs["dose"] = (obs["treatment"] == "drug").astype(float)
    x = 10 * obs["dose"].to_numpy()[:, None] + obs["rep"].str[1:].astype(float).to_numpy()[:, None] + np.zeros((1, 3))
    x[:, 1:] += np.arange(times)[obs["time"]][:, None]  # a gene that is constant would be warned of
    return ad.AnnData(x, obs=obs, var=pd.DataFrame(index=["a", "b", "c"]))


@pytest.mark.parametrize("lost", [[], [1], [4], [1, 9, 10, 20]])
def test_separate_never_chains_a_control_to_a_treated_sample(lost: list[int]) -> None:
    a = samples()
    a = a[[k for k in range(a.n_obs) if k not in lost]].copy()
    a = a[np.random.default_rng(1).permutation(a.n_obs)].copy()
    ts = pp.to_timeseries(a, stimulus_key="dose", replicates="separate")
    seen = np.isfinite(ts.times)
    assert ts.n_series == 6 and seen.sum() == a.n_obs
    assert ts.trajectories == ("all", *(f"all:{k}" for k in range(2, 7)))
    for s in range(6):
        arm = ts.stimuli[s, seen[s], 0]
        assert (arm == arm[0]).all()
        np.testing.assert_array_equal(ts.values[s, seen[s], 0] >= 10, arm == 1)
    assert (ts.stimuli[:, 0, 0] == [0, 0, 0, 1, 1, 1]).all()


def test_separate_keeps_a_schedule_that_all_replicates_share() -> None:
    a = samples()
    a = a[a.obs["treatment"] == "ctrl"].copy()
    a.obs["dose"] = np.isin(a.obs["time"], [1, 2]).astype(float)
    ts = pp.to_timeseries(a, stimulus_key="dose", replicates="separate")
    np.testing.assert_array_equal(ts.stimuli[:, :, 0], [[0, 1, 1, 0]] * 3)


def test_separate_refuses_levels_that_differ_and_change() -> None:
    a = samples()
    a.obs.loc[a.obs["time"] == 0, "dose"] = 0.0
    with pytest.raises(
        e.StimulusError, match=r"'dose' differs among replicates of trajectory 'all'.*at time 0"
    ) as said:
        pp.to_timeseries(a, stimulus_key="dose", replicates="separate")
    assert "trajectory_key=" in str(said.value)
    a.obs["arm"] = a.obs["treatment"]
    ts = pp.to_timeseries(a, stimulus_key="dose", trajectory_key="arm", replicates="separate")  # the fix it names
    np.testing.assert_array_equal(ts.stimuli[:, :, 0], [[0] * 4] * 3 + [[0, 1, 1, 1]] * 3)


def said(a: ad.AnnData, **options: object) -> list[str]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        pp.to_timeseries(a, **options)  # type: ignore[arg-type]
    return [str(w.message) for w in seen]


@pytest.mark.parametrize("mode", ["mean", "separate"])
@pytest.mark.parametrize("kind", [object, "category", bool])
def test_a_treatment_that_nobody_named_is_not_averaged_in_silence(mode: str, kind) -> None:
    a = samples()
    a.obs["treatment"] = (a.obs["treatment"] == "drug") if kind is bool else a.obs["treatment"].astype(kind)
    seen = said(a, replicates=mode)
    assert len(seen) == 1 and f"replicates={mode!r}" in seen[0] and "differ in 'treatment'" in seen[0]
    named = a.copy()
    named.obs["well"] = a.obs["treatment"].astype(str)
    assert said(named, replicates=mode, trajectory_key="well") == []
    assert said(a[a.obs["dose"] == 1].copy(), replicates=mode) == []  # 'rep' alone differs: that is what they are
    if mode == "separate":
        assert said(a, replicates=mode, stimulus_key="dose") == []


def test_the_column_that_tells_replicates_apart_is_the_one_there_is() -> None:
    a = samples()
    a.obs = a.obs.rename(columns={"rep": "subj"})
    with pytest.raises(e.TrajectoryError, match=r"'ctrl' has time 0 3 times .*Column 'subj' tells them apart") as text:
        pp.to_timeseries(a, trajectory_key="treatment")
    exec(str(text.value).split("apart: ")[1].split(" and trajectory_key")[0], {"adata": a})  # what a reader would paste
    assert pp.to_timeseries(a, trajectory_key="series").trajectories[0] == "ctrl_r0"
    a.obs = a.obs.rename(columns={"series": "well"})
    with pytest.raises(e.TrajectoryError, match="apart: trajectory_key='well'"):
        pp.to_timeseries(a, trajectory_key="treatment")
    del a.obs["subj"], a.obs["well"]
    with pytest.raises(e.TrajectoryError, match=r"replicates='mean'.*no column of adata.obs tells them apart") as text:
        pp.to_timeseries(a, trajectory_key="treatment")
    assert "'replicate'" not in str(text.value)


@pytest.mark.parametrize("key", ["donor", "Sample", "sampleID", "patient_id", "batch", "orig.ident"])
def test_donors_are_not_pooled_in_silence(key: str) -> None:
    a = cells({"a": 40, "b": 40})
    a.obs = a.obs.rename(columns={"donor": key})
    seen = said(a, pseudotime_key="dpt", n_bins=4)
    assert len(seen) == 1 and f"all 2 labels of {key!r}" in seen[0] and f"trajectory_key={key!r}" in seen[0]
    assert said(a, pseudotime_key="dpt", n_bins=4, trajectory_key=key) == []
    assert said(cells({"a": 40}), pseudotime_key="dpt", n_bins=4) == []
    a.obs = a.obs.rename(columns={key: "cell_type_id"})
    assert said(a, pseudotime_key="dpt", n_bins=4) == []
    a.obs[key] = [f"c{k}" for k in range(a.n_obs)]  # one label per cell is no donor
    assert said(a, pseudotime_key="dpt", n_bins=4) == []

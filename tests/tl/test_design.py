"""One line about the sampling design, from the time series alone; priors in every form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from grn_l0 import simulate, tl
from grn_l0._errors import OptionError
from grn_l0.network import Network
from grn_l0.posterior import PosteriorConfig, Prior, infer_start
from grn_l0.posterior.start import Inputs
from grn_l0.posterior.transitions import by_transitions
from grn_l0.timeseries import SteadyStates, TimeSeries
from grn_l0.tl.design import describe
from grn_l0.tl.notes import notes
from grn_l0.tl.priors import named_priors, trusts


def _plain(s: int = 6, times: tuple[float, ...] = (0, 1, 2, 3)) -> TimeSeries:
    return simulate.short_trajectories(simulate.random_system(8, 0), s, times, seed=0)


def test_many_short_trajectories() -> None:
    assert describe(_plain()) == "6 trajectories x 4 times: general posterior"
    assert describe(_plain(1)) == "1 trajectory x 4 times: general posterior"
    assert describe(_plain(times=(0, 1, 4))) == "6 trajectories x 3 times, unequal steps: general posterior"
    assert describe(_plain(), start="none") == "6 trajectories x 4 times: gates from scratch"


def test_everything_at_once() -> None:
    series = _plain()
    values, times = series.values.copy(), series.times.copy()
    values[0, 3], times[0, 3] = np.nan, np.nan
    values[1, 1, :4] = np.nan
    weights = np.full(times.shape, 12.0)
    weights[2, 2] = 30
    held = np.zeros((6, 8), dtype=bool)
    held[3, 0] = held[4, 1] = True
    steady = SteadyStates(
        names=("a", "b"), values=np.ones((2, 8)), knockouts=np.eye(2, 8, dtype=bool), stimuli=np.zeros((2, 2))
    )
    full = replace(
        series, values=values, times=times, weights=weights, knockouts=held, steady=steady,
        stimuli=np.ones((6, 4, 2)), stimulus_names=("drug", "heat"),
    )  # fmt: skip
    assert describe(full) == (
        "6 trajectories x 3-4 times, 12-30 samples per observation, 2% of the values missing, 2 stimuli (drug, heat), "
        "2 genes knocked out in 2 trajectories, 2 steady states (2 of knock-outs): general posterior"
    )


def test_numbers_of_knockouts_steps_and_samples() -> None:
    series = _plain(8, times=(0, 2, 4, 6, 8, 12))
    held = np.zeros((8, 8), dtype=bool)
    held[:6, 1] = held[6, 2] = held[6, 3] = True
    alike = replace(series, weights=np.full(series.times.shape, 4.0), knockouts=held)
    assert describe(alike) == (
        "8 trajectories x 6 times, unequal steps, 4 samples per observation, 3 genes knocked out in 7 trajectories: "
        "general posterior"
    )
    later = replace(series, times=series.times + 5.0 * np.arange(8)[:, None])
    assert describe(later).startswith("8 trajectories x 6 times, unequal steps:")
    apart = series.times.copy()
    apart[3, 2] = 4.5
    assert describe(replace(series, times=apart)).startswith("8 trajectories x 6 times, irregular:")
    shorter, values = series.times.copy(), series.values.copy()
    shorter[3, 5], values[3, 5] = np.nan, np.nan
    assert describe(replace(series, times=shorter, values=values)).startswith("8 trajectories x 5-6 times, unequal")


def test_what_the_posterior_found_is_said() -> None:
    series = _plain(4, times=(0, 1, 2, 3, 4))
    begin = infer_start(series, np.arange(8), config=PosteriorConfig(false_share=None, rounds=(4,), more=0, averaged=1))
    assert begin.lag == 0 and describe(series, begin=begin) == "4 trajectories x 5 times: general posterior"
    level = np.zeros((4, 4, 5))
    level[:, :, 0] = 1.0  # a stimulus with a name, on throughout
    level[np.arange(4), :2, np.arange(1, 5)] = 1.0  # one per series that was found, on until time 2
    inputs = Inputs(names=("drug",), effect=np.zeros((5, 8)), width=np.ones((5, 8)), level=level)
    assert describe(series, begin=replace(begin, inputs=inputs, lag=1.25)) == (
        "4 trajectories x 5 times: general posterior, a stimulus found that nobody named, which ends at 2, targets lag "
        "behind regulators by 1.25"
    )


def test_few_long_series_are_taken_by_steps() -> None:
    series = simulate.long_series(simulate.random_system(80, 0), 1, np.arange(14.0), seed=0)
    assert by_transitions(series)
    assert describe(series) == "1 trajectory x 14 times: posterior of single steps (few long series)"


def test_conditions_do_not_disturb_the_forecast(adata) -> None:
    data = adata.copy()
    data.obs["drug"] = 1.0
    data.obs["knockout"] = ""
    result = tl.infer(data, trajectory_key="trajectory", start="none", seed=3, stimulus_key=["drug"])
    assert "1 stimulus (drug)" in str(result.design)
    assert np.isfinite(result.forecast(data).mse_one_step)


def test_the_status_says_whose_edges_they_are_and_that_pseudotime_has_a_trend() -> None:
    genes, alive, listed = ("a", "b", "c"), np.zeros((3, 3)), np.zeros((3, 3), dtype=bool)
    alive[0, 1] = alive[1, 2] = 1.0
    network = Network(regulators=genes, targets=genes, scores=alive, weights=alive)
    listed[0, 1] = listed[2, 0] = True
    other = np.zeros_like(listed)
    other[1, 2] = True
    one, two = Prior(listed=listed, name="x"), Prior(listed=other, name="y")
    assert notes(network, (), pseudotime=False) == []
    assert notes(network, (one,), pseudotime=False) == [
        "Of these edges 1 are listed in a prior, 1 are from the data alone."
    ]
    assert notes(network, (one, two), pseudotime=False)[0].startswith("All 2 edges are listed in a prior")
    assert "share a trend along pseudotime" in notes(network, (), pseudotime=True)[0]


TABLE = pd.DataFrame({"source": ["a"], "target": ["b"]})


def test_priors_in_every_form(tmp_path) -> None:
    TABLE.to_csv(tmp_path / "motif.csv", index=False)
    TABLE.to_csv(tmp_path / "chip.csv.gz", index=False)
    assert list(named_priors(None)) == []
    assert list(named_priors(TABLE)) == ["prior"]
    assert list(named_priors([TABLE, TABLE])) == ["prior 1", "prior 2"]
    assert list(named_priors(tmp_path / "motif.csv")) == ["motif"]
    assert list(named_priors([str(tmp_path / "motif.csv"), tmp_path / "chip.csv.gz"])) == ["motif", "chip"]
    given = named_priors({"x": TABLE, "y": tmp_path / "motif.csv"})
    assert list(given) == ["x", "y"]
    pd.testing.assert_frame_equal(given["x"], given["y"])
    with pytest.raises(OptionError, match="prior must be a DataFrame"):
        named_priors(5)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {"a": None, "b": None}),
        (0.3, {"a": 0.3, "b": 0.3}),
        ("keep", {"a": 0.8, "b": 0.8}),
        ({"b": "0.5"}, {"a": None, "b": 0.5}),
        ({"a": "keep", "b": None}, {"a": 0.8, "b": None}),
    ],
)
def test_trusts(given, expected) -> None:
    assert trusts(given, ["a", "b"]) == expected


@pytest.mark.parametrize("given", [0, 1, -0.1, 1.0, float("nan"), "much", True, {"a": 2}])
def test_bad_trusts(given) -> None:
    with pytest.raises(OptionError, match="prior_trust is"):
        trusts(given, ["a"])


def test_forecasts_beside_data_with_steady_states_and_replicates(adata) -> None:
    data = adata.copy()
    data.obs["steady_state"] = np.arange(data.n_obs) % 10 == 4  # the last time of every other course
    data.obs.loc[data.obs["steady_state"], "time"] = np.nan
    result = tl.infer(data, trajectory_key="trajectory", start="none", seed=3)
    forecasts = tl.forecast(result, data)
    assert forecasts.n_obs == (~data.obs["steady_state"]).sum()
    np.testing.assert_allclose(forecasts.X, data[forecasts.obs_names].X)
    twice = adata.copy()
    twice.obs["time"] = twice.obs["time"].where(twice.obs["time"] > 2, 0.0)
    averaged = tl.infer(twice, trajectory_key="trajectory", start="none", seed=3, replicates="mean")
    forecasts = tl.forecast(averaged, twice)
    assert forecasts.obs["n_cells"].sum() == adata.n_obs and forecasts.obs["n_cells"].max() > 1
    assert forecasts.obs["time"].tolist()[0] == 0.0

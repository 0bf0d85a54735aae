"""Several runs of one model, whose probabilities are averaged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grn_l0 import datasets, pp
from grn_l0._errors import OptionError
from grn_l0.posterior import PosteriorConfig, Start, infer_start, joint
from grn_l0.timeseries import TimeSeries

CONFIG = PosteriorConfig(rounds=(6, 6, 9), averaged=2, more=0, second_look=0, false_share=None)
EVERY = np.arange(12)


@pytest.fixture(scope="module")
def series() -> TimeSeries:
    data = pp.to_timeseries(datasets.simulated(genes=12, trajectories=40, noise=0.1), trajectory_key="trajectory")
    values = data.values.copy()
    values[::3, 2, ::4] = np.nan
    return replace(data, values=values)


def run(series: TimeSeries, chains: int | None, seed: int = 0) -> Start:
    return infer_start(series, EVERY, config=replace(CONFIG, chains=chains), seed=seed)


def test_probabilities_are_means_and_weights_those_of_open_gates(series: TimeSeries) -> None:
    """Also where values are missing, which every run fills anew."""
    alone = [run(series, 1, joint._seed_of(0, k)) for k in range(3)]
    assert np.ptp([a.inclusion for a in alone], axis=0).max() > 0.05
    found = run(series, 3)
    inclusion = np.array([a.inclusion for a in alone])
    np.testing.assert_array_equal(found.inclusion, inclusion.mean(axis=0))
    effect = (inclusion * [a.weight for a in alone]).sum(axis=0)
    np.testing.assert_allclose(found.weight * inclusion.sum(axis=0), effect, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(found.states, alone[0].states)


def test_more_runs_make_two_seeds_agree(series: TimeSeries) -> None:
    """The variance of a mean falls with the number of runs, and runs of two seeds share no random numbers."""
    apart = [np.square(run(series, n, 1).inclusion - run(series, n, 2).inclusion).sum() for n in (1, 8)]
    assert 0 < apart[1] < apart[0] / 3


def test_small_systems_of_many_series_are_run_several_times(
    series: TimeSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joint, "_CHAINS", ((100, 4), (150, 2)))
    np.testing.assert_array_equal(run(series, None).inclusion, run(series, 2).inclusion)
    few = series.select(list(range(29)))
    np.testing.assert_array_equal(run(few, None).inclusion, run(few, 1).inclusion)


@pytest.mark.parametrize("chains", [0, -1])
def test_what_is_no_number_of_runs(chains: int) -> None:
    with pytest.raises(OptionError, match="chains must be 1 or more, or None"):
        PosteriorConfig(chains=chains)

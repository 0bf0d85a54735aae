"""A mean over twelve cells weighs as twelve cells: in the noise kinds, the smoother and the transitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0.posterior import infer_start
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.covariance import basis, dictionary
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.response import designs
from grn_l0.posterior.setting import Held, Setting
from grn_l0.posterior.states import Smoother, States
from grn_l0.posterior.transitions import by_transitions
from grn_l0.simulate import long_series, random_system
from grn_l0.timeseries import TimeSeries

QUICK = PosteriorConfig(rounds=(6, 6, 9), averaged=1)


def _series(name: str) -> TimeSeries:
    if name == "courses":
        return systems.trajectories(12, seed=3)
    if name == "one series":
        return systems.driven(30, seed=3)
    return long_series(random_system(80, 1), 1, np.arange(14.0), seed=1)


@pytest.mark.parametrize("name", ["courses", "one series", "steps"])
def test_a_common_number_of_cells_changes_the_noise_of_one_cell_only(name: str) -> None:
    series = _series(name)
    assert by_transitions(series) == (name == "steps")
    bins = replace(series, weights=np.full(series.times.shape, 12.0))
    regulators = np.arange(series.n_genes)
    one, twelve = (infer_start(s, regulators, config=QUICK) for s in (series, bins))
    # Probabilities are sums in single precision.
    np.testing.assert_allclose(twelve.inclusion, one.inclusion, atol=1e-6)
    np.testing.assert_allclose(twelve.noise, np.sqrt(12.0) * one.noise, rtol=1e-7)


def test_a_constant_gene_is_its_mean_over_cells() -> None:
    """Bins of 12, 3 and 1 cells: generalised least squares is the mean over all sixteen."""
    weights = np.array([[12.0, 3.0, 1.0, 4.0]])
    values = np.array([[[1.0, 5.0], [2.0, 6.0], [7.0, 1.0], [3.0, 3.0]]])
    series = TimeSeries(
        genes=("a", "b"), trajectories=("s",), values=values, times=np.arange(4.0)[None], weights=weights
    )
    parts = designs(series)
    kinds = dictionary(np.array([0.5]), 1)
    bases = {index: [basis(parts[0], rate, 0.0)] for index, rate in ((-1, 0.0), (0, 0.5))}
    constant = int(np.flatnonzero(kinds.rate_index == -1)[0])
    choice = Choice(np.full(2, constant), np.ones(2), np.ones(2), np.ones(2), 1.0, np.zeros(2))
    states = States.start(parts, 2)
    inputs, lags = [np.zeros((len(values), len(parts[0].grid), 0))], [np.eye(len(parts[0].grid))]
    nothing = Held(np.zeros(0, int), np.zeros(0, int), np.zeros((0, len(parts[0].grid))))
    whole = Setting(parts, [values], kinds, bases, choice, np.arange(2), np.ones(2), inputs, lags, [nothing])
    Smoother(whole).smooth(states)
    expected = np.average(values[0], axis=0, weights=weights[0])
    np.testing.assert_allclose(states.effects[constant][0], expected)

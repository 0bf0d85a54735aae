from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grn_l0._errors import GeneNameError
from grn_l0.baselines import FORECAST_BASELINES, gene_mean, mean_reversion, persistence
from grn_l0.baselines.mean_reversion import slope
from grn_l0.timeseries import TimeSeries

ALL = pytest.mark.parametrize("name", list(FORECAST_BASELINES))


def series(values: list[list[list[float]]]) -> TimeSeries:
    array = np.array(values, dtype=float)
    s, t, n = array.shape
    times = np.tile(np.arange(t, dtype=float), (s, 1))
    return TimeSeries(
        genes=tuple(f"g{k}" for k in range(n)), trajectories=tuple(f"s{k}" for k in range(s)), values=array, times=times
    )


@ALL
def test_a_prediction_for_every_time_but_the_first(name: str, system: TimeSeries) -> None:
    predicted = FORECAST_BASELINES[name](system, system)
    assert predicted.shape == system.values.shape
    expected = np.isfinite(system.times)
    expected[:, 0] = False
    assert (np.isfinite(predicted) == expected[:, :, None]).all()


@ALL
def test_missing_values_leave_no_gap(name: str, system: TimeSeries) -> None:
    values = np.where(np.random.default_rng(0).random(system.values.shape) < 0.3, np.nan, system.values)
    values[:, :, 3] = np.nan
    holes = replace(system, values=values)
    whole = FORECAST_BASELINES[name](system, system)
    for train, test in ((holes, holes), (holes, system), (system, holes)):
        assert (np.isfinite(FORECAST_BASELINES[name](train, test)) == np.isfinite(whole)).all()


@ALL
def test_no_look_into_the_future(name: str, system: TimeSeries) -> None:
    changed = system.values.copy()
    changed[:, 3:] += 1
    later = FORECAST_BASELINES[name](system, replace(system, values=changed))
    np.testing.assert_array_equal(later[:, :4], FORECAST_BASELINES[name](system, system)[:, :4])


@ALL
def test_permuting_genes_permutes_the_forecast(name: str, system: TimeSeries) -> None:
    order = np.random.default_rng(1).permutation(8)
    permuted = replace(system, genes=tuple(system.genes[k] for k in order), values=system.values[:, :, order])
    expected = FORECAST_BASELINES[name](system, system)[:, :, order]
    np.testing.assert_allclose(FORECAST_BASELINES[name](permuted, permuted), expected)


@ALL
def test_other_genes_are_refused(name: str, system: TimeSeries) -> None:
    other = replace(system, genes=("new", *system.genes[1:]))
    with pytest.raises(GeneNameError, match="1 are new, such as 'new'"):
        FORECAST_BASELINES[name](system, other)
    with pytest.raises(GeneNameError, match="in another order"):
        FORECAST_BASELINES[name](system, replace(system, genes=system.genes[::-1]))


def test_by_hand() -> None:
    nan = np.nan
    train = series([[[1, 0], [3, 0], [2, nan]]])  # means 2 and 0
    test = series([[[5, nan], [nan, 7], [9, nan], [1, 1]]])
    np.testing.assert_array_equal(persistence(train, test), [[[nan, nan], [5, 0], [5, 7], [9, 7]]])
    np.testing.assert_array_equal(gene_mean(train, test), [[[nan, nan], [2, 0], [2, 0], [2, 0]]])
    # Deviations -1, 1, 0 of the first gene: slope (-1 * 1 + 1 * 0) / (1 + 1)
    assert slope(train) == -0.5
    np.testing.assert_array_equal(mean_reversion(train, test), [[[nan, nan], [0.5, 0], [0.5, -3.5], [-1.5, -3.5]]])


def test_slope_is_found_again() -> None:
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(50, 40))]
    for _ in range(30):
        x.append(0.6 * x[-1] + 0.1 * rng.normal(size=(50, 40)))
    offset = rng.normal(size=40)
    values = np.stack(x, axis=1) + offset
    assert slope(series(values.tolist())) == pytest.approx(0.6, abs=0.02)


def test_nothing_ever_deviates() -> None:
    still = series([[[2.0], [2.0], [2.0]]])
    assert slope(still) == 0
    np.testing.assert_array_equal(mean_reversion(still, still), [[[np.nan], [2], [2]]])


def test_means_count_cells() -> None:
    data = replace(series([[[0.0], [3.0]]]), weights=np.array([[2.0, 1.0]]))
    assert gene_mean(data, data)[0, 1, 0] == 1

from __future__ import annotations

import numpy as np
import pytest
from pp_samples import cells
from scipy import sparse

from grn_l0 import _errors as e
from grn_l0 import pp
from grn_l0.pp._pseudotime import bin_cells, relative_variance


def test_bins_against_pandas() -> None:
    a = cells({"d1": 100, "d2": 50})
    ts = pp.to_timeseries(a, pseudotime_key="dpt", trajectory_key="donor", n_bins=5)
    for k, donor in enumerate(["d1", "d2"]):
        frame = a[a.obs["donor"] == donor].to_df()
        dpt = a.obs.loc[frame.index, "dpt"]
        place = dpt.rank(method="first").sub(1) // (len(dpt) // 5)
        np.testing.assert_allclose(ts.values[k], frame.groupby(place).mean())
        np.testing.assert_allclose(ts.times[k], dpt.groupby(place).mean())
        assert ts.weights[k].tolist() == [len(dpt) // 5] * 5


@pytest.mark.parametrize(("n", "bins"), [(10, 4), (79, 9), (1473, 38), (10**6, 50)])
def test_default_number_of_bins(n: int, bins: int) -> None:
    assert pp.default_bins(n) == bins


def test_default_bins_are_used_and_padded() -> None:
    ts = pp.to_timeseries(cells({"d1": 100, "d2": 400}), pseudotime_key="dpt", trajectory_key="donor")
    assert ts.lengths.tolist() == [10, 20] and ts.weights[0, 10:].tolist() == [0] * 10


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_moments_with_missing_values(storage) -> None:
    rng = np.random.default_rng(0)
    x = rng.random((40, 3)) * (rng.random((40, 3)) < 0.6)
    x[rng.random((40, 3)) < 0.1] = np.nan
    x[:20, 2] = np.nan
    x[0, 2] = 1.0
    bins = pp.bin_cells(storage(x), np.arange(40.0), 4)
    for k, part in enumerate(x.reshape(4, 10, 3)):
        n = np.isfinite(part).sum(0)
        with np.errstate(all="ignore"):
            mean = np.nansum(part, 0) / n
            variance = np.nansum((part - mean) ** 2, 0) / (n - 1) / n
        np.testing.assert_allclose(bins.values[k], mean, rtol=1e-12)
        np.testing.assert_allclose(bins.variance[k], np.where(n > 1, variance, np.nan), atol=1e-12)


def test_sparse_equals_dense_and_rows_may_be_permuted() -> None:
    a = cells({"d1": 60})
    b = a[np.random.default_rng(3).permutation(60)].copy()
    b.X = sparse.csc_matrix(b.X)
    one, two = (pp.to_timeseries(x, pseudotime_key="dpt") for x in (a, b))
    np.testing.assert_allclose(one.values, two.values, rtol=1e-12)
    np.testing.assert_array_equal(one.times, two.times)
    assert one.trajectories == ("all",)


def test_ties_never_straddle_bins() -> None:
    time = np.array([0.0] * 7 + [1.0, 1.0, 2.0])
    bins = pp.bin_cells(np.arange(20.0).reshape(10, 2), time, 5)
    assert bins.times.tolist() == [0, 1, 2] and bins.weights.tolist() == [7, 2, 1]


def test_equal_means_are_merged() -> None:
    # The mean of three 0.1 is rounded up to the next number, which is the pseudotime of the fourth cell.
    time = np.array([0.1, 0.1, 0.1, np.nextafter(0.1, 1), 0.5])
    bins = pp.bin_cells(np.ones((5, 2)), time, 5)
    assert (np.diff(bins.times) > 0).all() and bins.weights.sum() == 5


def test_one_bin_per_cell() -> None:
    ts = pp.to_timeseries(cells({"d1": 12}), pseudotime_key="dpt", n_bins=12)
    assert ts.lengths.tolist() == [12] and set(ts.weights[0]) == {1.0}


def test_cells_without_pseudotime_are_left_out() -> None:
    a = cells({"d1": 60})
    a.obs.iloc[:3, 1] = np.nan
    a.obs.iloc[3:5, 1] = np.inf
    with pytest.warns(e.GrnWarning, match=r"5 of 60 cells.*2 infinite: scanpy\.tl\.dpt"):
        ts = pp.to_timeseries(a, pseudotime_key="dpt")
    assert ts.weights.sum() == 55
    a.obs["dpt"] = np.nan
    with pytest.raises(e.TimeError, match="not finite in any cell"):
        pp.to_timeseries(a, pseudotime_key="dpt")


def test_donors_with_few_cells() -> None:
    a = cells({"d1": 60, "d2": 6})
    with pytest.warns(e.GrnWarning, match=r"1 of 2 trajectories have fewer than 10 cells.*'d2 \(6 cells\)'"):
        ts = pp.to_timeseries(a, pseudotime_key="dpt", trajectory_key="donor")
    assert ts.trajectories == ("d1",)
    with pytest.raises(e.TrajectoryError, match="all 2 trajectories have fewer than 100 cells"):
        pp.to_timeseries(a, pseudotime_key="dpt", trajectory_key="donor", n_bins=100)
    a.obs["dpt"] = 0.5
    with pytest.raises(e.TrajectoryError, match="one pseudotime only"):
        pp.to_timeseries(a, pseudotime_key="dpt")


def test_options_and_text() -> None:
    a = cells({"d1": 60})
    with pytest.raises(e.OptionError, match="at least 2 bins"):
        pp.to_timeseries(a, pseudotime_key="dpt", n_bins=1)
    with pytest.raises(e.OptionError, match="n_bins is 9"):
        pp.bin_cells(np.ones((5, 2)), np.arange(5.0), 9)
    with pytest.raises(e.MissingKeyError, match=r"pseudotime key 'dtp'.*mean 'dpt'"):
        pp.to_timeseries(a, pseudotime_key="dtp")
    with pytest.raises(e.TimeError, match="not a number"):
        pp.to_timeseries(a, pseudotime_key="donor")
    with pytest.raises(e.ExpressionError, match="no observations"):
        pp.to_timeseries(a[:0].copy(), pseudotime_key="dpt")


def test_different_scales_are_warned_about() -> None:
    a = cells({"d1": 60, "d2": 60})
    a.obs.loc[a.obs["donor"] == "d2", "dpt"] *= 3
    with pytest.warns(e.GrnWarning, match="divide by each trajectory's maximum"):
        pp.to_timeseries(a, pseudotime_key="dpt", trajectory_key="donor")


def test_cells_of_a_noisier_donor_weigh_less() -> None:
    """Within-bin variances 1 and 4: a cell of the second is worth a quarter of one of the first."""
    rng = np.random.default_rng(3)
    a = cells({"a": 400, "b": 400}, g=300)
    noise = np.where(a.obs["donor"] == "b", 2.0, 1.0)[:, None]
    a.X = a.obs["dpt"].to_numpy()[:, None] + noise * rng.normal(size=a.shape)
    ts = pp.to_timeseries(a, pseudotime_key="dpt", trajectory_key="donor", n_bins=10)
    assert ts.weights[0, 0] / ts.weights[1, 0] == pytest.approx(4.0, rel=0.05)
    assert ts.weights.sum() == pytest.approx(800)
    # each donor's weights are in proportion to its cells
    assert np.ptp(ts.weights[0]) < 1e-9


def test_the_variance_between_cells_is_pooled_over_bins() -> None:
    """Against numpy, with unequal bins and a missing value."""
    rng = np.random.default_rng(4)
    x, time = rng.normal(size=(90, 5)) * np.repeat([1.0, 3.0], 45)[:, None], np.tile(np.arange(45.0), 2)
    x[3, 2] = np.nan
    courses = [bin_cells(x[:45], time[:45], 4), bin_cells(x[45:], time[45:], 7)]
    places = [np.arange(45) * n // 45 for n in (4, 7)]
    squares, counts = np.zeros((2, 5)), np.zeros((2, 5))
    for k, (part, place) in enumerate(zip((x[:45], x[45:]), places, strict=True)):
        for bin_ in np.unique(place):
            inside = part[place == bin_]
            n = len(inside) - 1  # the bin's cells, as if none were missing
            squares[k] += n * np.nanvar(inside, axis=0, ddof=1) * len(inside) / np.isfinite(inside).sum(0)
            counts[k] += n
    expected = ((squares / counts) / (squares.sum(0) / counts.sum(0))).mean(axis=1)
    found = relative_variance(courses)
    assert found[1] / found[0] == pytest.approx(expected[1] / expected[0], rel=1e-9)

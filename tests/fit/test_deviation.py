"""The process of deviations, against dense Gaussian conditioning and against what it was simulated with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import block_diag

from grn_l0.fit.deviation import _RATIOS, Deviation, Tracker, _groups, _likelihood, fit_deviation

PROCESS = Deviation(short=2.0, share=0.4, long=15.0, smooth=True, ratio=0.3)


def draw(
    rng: np.random.Generator, process: Deviation, times: np.ndarray, weights: np.ndarray, genes: int
) -> np.ndarray:
    covariance = process.kernel(times, times) + np.diag(process.ratio / weights)
    return np.linalg.cholesky(covariance + 1e-9 * np.eye(len(times))) @ rng.normal(size=(len(times), genes))


@pytest.mark.parametrize("order", ["in time", "both sides first"])
def test_the_tracker_is_dense_gaussian_conditioning(order: str) -> None:
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 40, 25))
    if order != "in time":
        times = np.concatenate([times[:8], times[14:], times[8:14]])
    weights = rng.uniform(1, 5, 25)
    values = rng.normal(size=(25, 3))
    tracker = Tracker(PROCESS, times, weights, 3, known=8)
    full = PROCESS.kernel(times, times)
    noise = np.diag(PROCESS.ratio / weights + 1e-9)
    for k in range(25):
        before = full[:k, :k] + noise[:k, :k]
        expected = full[k, :k] @ np.linalg.solve(before, values[:k]) if k else np.zeros(3)
        np.testing.assert_allclose(tracker.forecast(), expected, atol=1e-8)
        upto = full[: k + 1, : k + 1] + noise[: k + 1, : k + 1]
        filtered = full[k, : k + 1] @ np.linalg.solve(upto, values[: k + 1])
        np.testing.assert_allclose(tracker.update(values[k]), filtered, atol=1e-7)


def test_a_full_memory_forgets_what_no_longer_matters() -> None:
    class Short(Tracker):
        MEMORY, AHEAD = 40, 20

    rng = np.random.default_rng(1)
    process = Deviation(short=1.0, share=0.0, long=2.0, smooth=False, ratio=0.2)
    times, weights = np.arange(150.0), np.ones(150)
    values = draw(rng, process, times, weights, 4)
    long, short = (kind(process, times, weights, 4, known=5) for kind in (Tracker, Short))
    for row in values:
        np.testing.assert_allclose(short.forecast(), long.forecast(), atol=1e-5)
        np.testing.assert_allclose(short.update(row), long.update(row), atol=1e-5)


def test_a_missing_value_changes_nothing_but_its_own_gene() -> None:
    rng = np.random.default_rng(2)
    times, weights = np.arange(30.0), np.ones(30)
    values = draw(rng, PROCESS, times, weights, 2)
    gappy = values.copy()
    gappy[10, 1] = np.nan
    a, b = (Tracker(PROCESS, times, weights, 2) for _ in range(2))
    for whole, part in zip(values, gappy, strict=True):
        x, y = a.update(whole), b.update(part)
        assert x[0] == y[0] and np.isfinite(y).all()


def test_into_a_gap_forecasts_are_dense_gaussian_conditioning_gene_by_gene() -> None:
    rng = np.random.default_rng(5)
    times, weights = np.sort(rng.uniform(0, 20, 15)), rng.uniform(1, 5, 15)
    values = draw(rng, PROCESS, times, weights, 2)
    values[8:, 0] = values[11:, 1] = np.nan
    full, noise = PROCESS.kernel(times, times), np.diag(PROCESS.ratio / weights + 1e-9)
    tracker = Tracker(PROCESS, times, weights, 2)
    for k in range(15):
        forecast = tracker.forecast()
        for gene in range(2):
            seen = np.flatnonzero(np.isfinite(values[:k, gene]))
            inside = np.ix_(seen, seen)
            expected = full[k, seen] @ np.linalg.solve(full[inside] + noise[inside], values[seen, gene])
            assert forecast[gene] == pytest.approx(expected, abs=1e-7)
        tracker.update(values[k])


@pytest.mark.parametrize(
    "truth",
    [
        Deviation(short=1.0, share=0.0, long=12.0, smooth=False, ratio=1.0),
        Deviation(short=2.75, share=0.4, long=50.0, smooth=True, ratio=1e-3),
        Deviation(short=1.0, share=0.0, long=12.0, smooth=True, ratio=10.0),
    ],
    ids=["rough", "smoothed data", "noisy"],
)
def test_the_process_is_found_and_forecasts_almost_as_well_as_the_true_one(truth: Deviation) -> None:
    rng = np.random.default_rng(3)
    times, weights = [np.arange(80.0), np.arange(60.0)], [np.ones(80), np.full(60, 2.0)]
    scale = rng.uniform(0.1, 10, 60)
    data = [scale * draw(rng, truth, t, w, 60) for t, w in zip(times, weights, strict=True)]
    found = fit_deviation(times, weights, data)
    assert 0.4 < found.ratio / truth.ratio < 2.5
    test = draw(rng, truth, times[0], weights[0], 60)
    error = []
    for process in (found, truth):
        tracker = Tracker(process, times[0], weights[0], 60)
        wrong = 0.0
        for row in test:
            wrong += float(((tracker.forecast() - row) ** 2).sum())
            tracker.update(row)
        error.append(wrong)
    assert error[0] < 1.05 * error[1]


def test_what_two_series_differ_by_is_not_halved_by_their_common_mean() -> None:
    """Residuals around the mean of two series: without the restriction a persistent difference looks half as large."""
    rng = np.random.default_rng(4)
    times, weights = [np.arange(40.0)] * 2, [np.ones(40)] * 2
    truth = Deviation(short=1.0, share=0.0, long=100.0, smooth=True, ratio=3.0)
    data = [draw(rng, truth, times[0], weights[0], 300) for _ in range(2)]
    mean = np.concatenate(data).mean(axis=0)
    found = fit_deviation(times, weights, [d - mean for d in data])
    assert 0.5 < found.ratio / truth.ratio < 2.0


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_nothing_left_over_is_no_mistake(value: float) -> None:
    found = fit_deviation([np.arange(20.0)], [np.ones(20)], [np.full((20, 3), value)])
    assert found.ratio > 0 and np.isfinite(found.kernel(np.arange(3.0), np.arange(3.0))).all()


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_missing_values_are_no_noise(share: float) -> None:
    """A process of ratio .3 whose gaps were taken as zeros would look three times as noisy at 30 %."""
    rng = np.random.default_rng(6)
    times, weights = np.arange(60.0), np.ones(60)
    truth = Deviation(short=1.0, share=0.0, long=12.0, smooth=True, ratio=0.3)
    data = draw(rng, truth, times, weights, 60)
    data[rng.random(data.shape) < share] = np.nan
    found = fit_deviation([times], [weights], [data])
    assert 0.7 < found.ratio / truth.ratio < 1.4


def test_the_likelihood_is_that_of_what_was_measured() -> None:
    """Two patterns of gaps over two series, against dense restricted likelihoods gene by gene."""
    rng = np.random.default_rng(7)
    times, weights = [np.arange(9.0), np.arange(6.0)], [rng.uniform(1, 3, 9), np.ones(6)]
    data = [draw(rng, PROCESS, t, w, 5) for t, w in zip(times, weights, strict=True)]
    data[0][2:4, [0, 3]] = np.nan
    data[1][:, 3] = data[1][:, 0] = np.nan
    # Too little to speak of.
    data[0][1:, 4] = data[1][1:, 4] = np.nan
    shape = (2.0, 0.4, 15.0, True)
    groups = _groups(times, weights, data)
    assert sorted(p[0][2].shape[1] for p in groups) == [2, 2]
    got = np.sum([_likelihood(pieces, shape) for pieces in groups], axis=0)
    expected = np.zeros(len(_RATIOS))
    for gene in range(4):
        keep = [np.isfinite(d[:, gene]) for d in data]
        y = np.concatenate([d[k, gene] for d, k in zip(data, keep, strict=True)])
        for at, ratio in enumerate(_RATIOS):
            process = Deviation(short=2.0, share=0.4, long=15.0, smooth=True, ratio=ratio)
            blocks = [
                (process.kernel(t, t) + np.diag(ratio / w))[np.ix_(k, k)]
                for t, w, k in zip(times, weights, keep, strict=True)
            ]
            covariance = block_diag(*blocks)
            inverse = np.linalg.inv(covariance)
            one = np.ones(len(y))
            inner = one @ inverse @ one
            left = y @ inverse @ y - (one @ inverse @ y) ** 2 / inner
            log_det = np.linalg.slogdet(covariance)[1]
            expected[at] -= 0.5 * ((len(y) - 1) * np.log(left) + log_det + np.log(inner))
    np.testing.assert_allclose(got - got[0], expected - expected[0], rtol=1e-6, atol=1e-6)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from grn_l0._errors import OptionError
from grn_l0.baselines import NETWORK_BASELINES, correlation, lagged_correlation, lasso, trees
from grn_l0.timeseries import TimeSeries

ALL = pytest.mark.parametrize("name", list(NETWORK_BASELINES))


def with_values(series: TimeSeries, values: np.ndarray) -> TimeSeries:
    return replace(series, values=values)


# --- the contract of all of them ---


@ALL
def test_shape_and_range(name: str, system: TimeSeries) -> None:
    scores = NETWORK_BASELINES[name](system, None)
    assert scores.shape == (8, 8)
    assert np.isfinite(scores).all() and (scores >= 0).all() and scores.max() > 0.1
    assert (np.diag(scores) == 0).all()
    assert (NETWORK_BASELINES[name](system, None) == scores).all()


@ALL
def test_constant_genes_score_zero(name: str, system: TimeSeries) -> None:
    scores = NETWORK_BASELINES[name](system, None)
    assert (scores[7] == 0).all() and (scores[:, 7] == 0).all()


@ALL
def test_regulators_are_rows(name: str, system: TimeSeries) -> None:
    regulators = np.array([4, 0, 7])
    scores = NETWORK_BASELINES[name](system, regulators)
    assert scores.shape == (3, 8)
    assert scores[0, 4] == scores[1, 0] == 0  # a gene on itself
    assert (scores[2] == 0).all()
    assert scores[1, 4] == scores[:, 4].max() > 0
    with pytest.raises(OptionError, match="from 0 to 7"):
        NETWORK_BASELINES[name](system, np.array([8]))
    with pytest.raises(OptionError, match="more than once"):
        NETWORK_BASELINES[name](system, np.array([1, 1]))
    assert NETWORK_BASELINES[name](system, np.array([], dtype=np.int64)).shape == (0, 8)


@ALL
def test_permuting_genes_permutes_the_scores(name: str, system: TimeSeries) -> None:
    order = np.random.default_rng(1).permutation(8)
    permuted = replace(system, genes=tuple(system.genes[k] for k in order), values=system.values[:, :, order])
    expected = NETWORK_BASELINES[name](system, None)[np.ix_(order, order)]
    np.testing.assert_allclose(NETWORK_BASELINES[name](permuted, None), expected, rtol=1e-3, atol=1e-4)


@ALL
def test_missing_values(name: str, system: TimeSeries) -> None:
    values = np.where(np.random.default_rng(2).random(system.values.shape) < 0.1, np.nan, system.values)
    values[:, :, 3] = np.nan  # a gene that was never measured
    values[:, 0, 2] = np.nan
    scores = NETWORK_BASELINES[name](with_values(system, values), None)
    assert np.isfinite(scores).all()
    assert (scores[3] == 0).all() and (scores[:, 3] == 0).all()
    full = NETWORK_BASELINES[name](system, None)
    strong = full > 0.5
    strong[3], strong[:, 3] = False, False
    assert strong.any() and (scores[strong] > 0.25).all()


@ALL
def test_units_do_not_matter(name: str, system: TimeSeries) -> None:
    scale = np.geomspace(1e-3, 1e3, 8)
    scores = NETWORK_BASELINES[name](with_values(system, 5 + scale * system.values), None)
    np.testing.assert_allclose(scores, NETWORK_BASELINES[name](system, None), atol=0.02)


@ALL
def test_two_time_points(name: str, make: Callable[..., TimeSeries]) -> None:
    one = make(n_series=2, n_times=5).select([1])
    short = TimeSeries(genes=one.genes, trajectories=("s",), values=one.values[:, :2], times=one.times[:, :2])
    assert (NETWORK_BASELINES[name](short, None) == 0).all()
    assert np.isfinite(NETWORK_BASELINES[name](short, None)).all()


@pytest.mark.parametrize("name", ["lagged correlation", "lasso", "trees"])
def test_the_edges_of_a_known_system_score_highest(name: str, system: TimeSeries) -> None:
    scores = NETWORK_BASELINES[name](system, None)
    for source, target in ((0, 4), (1, 5), (4, 6)):
        # g0 drives g4 and through it g6: trees, which are not linear, may take the one for the other.
        assert source in np.argsort(-scores[:, target])[: 2 if name == "trees" else 1]


# --- each of them against an oracle ---


def test_correlation_is_that_of_numpy(system: TimeSeries) -> None:
    values = system.values[np.isfinite(system.times)]
    expected = np.abs(np.corrcoef(values[:, :7].T))
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(correlation(system)[:7, :7], expected, atol=1e-12)


def test_correlation_leaves_out_pairs_and_counts_cells() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(1, 40, 2)), rng.integers(1, 4, (1, 40)).astype(float)
    values[0, :5, 0], values[0, 3:9, 1] = np.nan, np.nan
    series = TimeSeries(
        genes=("a", "b"), trajectories=("s",), values=values, times=np.arange(40.0)[None], weights=weights
    )
    both = np.isfinite(values[0]).all(axis=1)
    repeated = np.repeat(values[0][both], weights[0][both].astype(int), axis=0)
    assert correlation(series)[0, 1] == pytest.approx(abs(np.corrcoef(repeated.T)[0, 1]))


def test_lagged_correlation_by_hand(system: TimeSeries) -> None:
    now = np.concatenate([v[: n - 1] for v, n in zip(system.values, system.lengths, strict=True)])
    after = np.concatenate([v[1:n] for v, n in zip(system.values, system.lengths, strict=True)])
    expected = abs(np.corrcoef(now[:, 0], after[:, 4])[0, 1])
    assert lagged_correlation(system)[0, 4] == pytest.approx(expected)
    assert lagged_correlation(system)[4, 0] != pytest.approx(expected)


@pytest.mark.parametrize("target", [4, 5, 6, 2])
def test_lasso_is_that_of_scikit_learn(system: TimeSeries, target: int) -> None:
    now = np.concatenate([v[: n - 1] for v, n in zip(system.values, system.lengths, strict=True)])
    after = np.concatenate([v[1:n] for v, n in zip(system.values, system.lengths, strict=True)])[:, target]
    others = [k for k in range(7) if k != target]
    x, y = (now - now.mean(0)) / np.maximum(now.std(0), 1e-9), (after - after.mean()) / after.std()
    own = x[:, target]
    # What the own state explains is taken out of both sides (Frisch & Waugh).
    x, y = x - np.outer(own, own @ x / (own @ own)), y - own * (own @ y) / (own @ own)
    expected = Lasso(alpha=0.05, fit_intercept=False, tol=1e-10, max_iter=10_000).fit(x[:, others], y).coef_
    np.testing.assert_allclose(lasso(system)[others, target], np.abs(expected), atol=1e-4)


def test_options_out_of_range(system: TimeSeries) -> None:
    with pytest.raises(OptionError, match="penalty is 0"):
        lasso(system, penalty=0)
    with pytest.raises(OptionError, match="n_trees is 0"):
        trees(system, n_trees=0)
    with pytest.raises(OptionError, match="max_features is 2"):
        trees(system, max_features=2)


def test_trees_depend_on_the_seed_alone(system: TimeSeries) -> None:
    first = trees(system, n_trees=5, seed=1)
    assert (trees(system, n_trees=5, seed=1, n_jobs=2) == first).all()
    assert (trees(system, n_trees=5, seed=2) != first).any()
    assert (first.sum(axis=0) <= 1 + 1e-9).all()


def test_trees_of_a_gene_that_only_decays() -> None:
    """Its production is constant: nothing regulates it."""
    times = np.tile(np.arange(8.0), (3, 1))
    values = np.stack([np.array([1.0, 2, 4])[:, None] * 0.5**times, np.sin(times + np.arange(3)[:, None])], axis=2)
    series = TimeSeries(genes=("a", "b"), trajectories=("1", "2", "3"), values=values, times=times)
    assert np.isfinite(trees(series)).all()

"""The least that a user may bring: finite results, no exception and no warning of numpy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import posterior_systems as systems
import pytest

from grn_l0._errors import OptionError
from grn_l0.posterior import PosteriorConfig, Prior, Start, infer_start
from grn_l0.timeseries import TimeSeries

QUICK = PosteriorConfig(rounds=(6, 6, 6), averaged=1, zoom=1)


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def check(series: TimeSeries, regulators: np.ndarray | None = None, prior: Prior | None = None) -> Start:
    regulators = np.arange(series.n_genes) if regulators is None else regulators
    start = infer_start(series, regulators, prior=prior, config=QUICK)
    for field in fields(start):
        value = getattr(start, field.name)
        if field.name not in ("penalty", "states", "covariances", "priors", "note", "projection") and value is not None:
            assert np.isfinite(value).all(), field.name
    assert not np.isnan(start.penalty).any()
    np.testing.assert_array_equal(np.isfinite(start.states).all(axis=2), np.isfinite(series.times))
    for covariance in start.covariances:
        assert np.isfinite(covariance.whitener).all()
    return start


def some(n_series: int, n_times: int, n_genes: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_series, n_times, n_genes))


def packed(values: np.ndarray) -> TimeSeries:
    return systems.pack(list(values), [np.arange(float(values.shape[1]))] * len(values))


@pytest.mark.parametrize(
    ("n_series", "n_times", "n_genes"),
    [
        (10, 4, 2),
        (10, 2, 4),
        (40, 2, 4),
        (2, 5, 4),
        (1, 3, 4),
        (1, 2, 3),
        (2, 2, 2),
        (1, 40, 2),
        (2, 13, 130),
        (1, 13, 80),
    ],
)
def test_any_shape(n_series: int, n_times: int, n_genes: int) -> None:
    check(packed(some(n_series, n_times, n_genes)))


@pytest.mark.parametrize("shape", [(10, 4, 5), (40, 4, 5), (1, 20, 5), (1, 14, 80)])
def test_a_gene_that_never_varies(shape: tuple[int, int, int]) -> None:
    values = some(*shape)
    values[:, :, 1] = 3.0
    start = check(packed(values))
    assert (start.inclusion[:, 1] < 0.5).all()
    np.testing.assert_allclose(start.states[:, :, 1], 3.0, atol=1e-6)


@pytest.mark.parametrize("shape", [(10, 4, 5), (40, 4, 5), (1, 5, 4), (1, 14, 80)])
@pytest.mark.parametrize("level", [0.0, 2.0])
def test_all_genes_constant(shape: tuple[int, int, int], level: float) -> None:
    start = check(packed(np.full(shape, level)))
    assert (start.inclusion < 0.5).all()
    np.testing.assert_allclose(start.states, level, atol=1e-6)


def test_series_that_differ_but_never_change() -> None:
    values = np.repeat(some(30, 1, 5), 4, axis=1) + 1e-3 * some(30, 4, 5, seed=1)
    start = check(packed(values))
    assert (start.inclusion < 0.5).all()


def test_no_noise_at_all() -> None:
    start = check(systems.trajectories(40, seed=0, noise=0.0))
    assert systems.auprc(start) > 0.9


def test_a_single_regulator() -> None:
    start = check(systems.trajectories(30, seed=0), regulators=np.array([1]))
    assert start.inclusion.shape == (1, systems.N)
    assert start.inclusion[0, 1] == 0


@pytest.mark.parametrize("shape", [(20, 4, 5), (1, 20, 5), (2, 14, 150)])
def test_a_gene_that_was_never_measured(shape: tuple[int, int, int]) -> None:
    values = some(*shape)
    values[:, :, 2] = np.nan
    check(packed(values))


@pytest.mark.parametrize("everything", [True, False])
def test_a_prior_that_lists_everything_or_nothing(everything: bool) -> None:
    listed = np.full((systems.N, systems.N), everything)
    check(systems.trajectories(30, seed=0), prior=Prior(listed=listed))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"rounds": ()}, "rounds"),
        ({"rounds": (40, 2, 40)}, "rounds"),
        ({"rounds": (40,), "averaged": 2}, "averaged"),
        ({"averaged": 0}, "averaged"),
        ({"slabs": ()}, "slabs"),
        ({"slabs": (0.3, -1.0)}, "slabs"),
        ({"slabs_listed": (0.0,)}, "slabs"),
        ({"rounds": ()}, "rounds"),
        ({"averaged": 9}, "averaged"),
        ({"more": -1}, "more"),
        ({"zoom": -1}, "zoom"),
        ({"false_share": 0.0}, "false_share"),
        ({"decoys": "never"}, "decoys"),
        ({"most_kinds": 0}, "most_kinds"),
        ({"inner": 0}, "inner"),
        ({"draws": 0}, "draws"),
        ({"threads": 0}, "threads"),
        ({"parent": 1.1}, "parent"),
        ({"listed_rate": 0.0}, "listed_rate"),
    ],
)
def test_bad_settings_are_refused_by_name(options: dict[str, object], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        PosteriorConfig(**options)  # type: ignore[arg-type]

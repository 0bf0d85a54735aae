"""Whitened rows against least squares: what fixed effects take away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest
from scipy.linalg import block_diag

from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.grams import Whitener
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.states import States
from grn_l0.timeseries import SteadyStates


@pytest.mark.parametrize("n_series", [29, 30, 60])
def test_a_trend_of_all_genes_is_gone_where_30_series_have_times_of_their_own(n_series: int) -> None:
    """Linear between knots that rest on 30 observations each, it leaves no row; a trend of one series does."""
    rng = np.random.default_rng(1)
    times = [np.sort(rng.uniform(0, 8, 5)) for _ in range(n_series)]
    for t in times:
        t[0] = 0.0
    problem = Problem.of(systems.pack([rng.normal(size=(5, 2)) for _ in times], times), np.arange(2))
    choice = problem.choose(States.start(problem.designs, 2), None, PosteriorConfig())
    whitener = Whitener.of(problem.setting(choice), int(np.flatnonzero(problem.kinds.rate_index >= 0)[0]))
    knots = np.quantile(np.concatenate(times), np.linspace(0, 1, n_series * 5 // 30))
    trend = np.interp(np.stack([d.times for d in problem.designs]), knots, rng.normal(size=len(knots)))
    parts = [row[None, :, None] for row in trend]
    left, size = np.abs(whitener.rows(parts)).max(), np.abs(trend).max()
    assert left < 1e-8 * size if n_series >= 30 else left > 0.05 * size
    parts[0] = parts[0] + 1.0
    assert np.abs(whitener.rows(parts)).max() > 0.05


@pytest.mark.parametrize(("n_series", "n_settled"), [(40, 3), (40, 40), (5, 3), (5, 0)])
def test_whitening_loses_the_fixed_effects_and_nothing_else(n_series: int, n_settled: int) -> None:
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(4, 2)) for _ in range(n_series)]
    series = systems.pack(values, [np.arange(4.0)] * n_series)
    if n_settled:
        names = tuple(f"x{k}" for k in range(n_settled))
        series = replace(series, steady=SteadyStates(names=names, values=rng.normal(size=(n_settled, 2))))
    problem = Problem.of(series, np.arange(2))
    choice = problem.choose(States.start(problem.designs, 2), None, PosteriorConfig())
    setting = problem.setting(choice)
    kind = int(np.flatnonzero(problem.kinds.rate_index >= 0)[0])
    whitener = Whitener.of(setting, kind)
    parts = [rng.normal(size=(len(d.series), len(d.times), 3)) for d in problem.designs]
    # A column of indicators per time where a design of 30 or more is centred, m and b where it is not.
    effects, white = [], []
    for q, design in enumerate(problem.designs):
        n, t = len(design.series), len(design.times)
        centred = n >= 30
        mean = whitener.matrices[q] @ setting.basis(kind, q).means[design.at]
        own = np.tile(np.eye(t) if centred else np.zeros((t, 0)), (n, 1))
        shared = np.tile(np.zeros_like(mean) if centred else mean, (n, 1))
        effects.append((own, shared))
        white.append((whitener.matrices[q] @ parts[q]).reshape(-1, 3))
    z = np.concatenate([block_diag(*(own for own, _ in effects)), np.concatenate([s for _, s in effects])], axis=1)
    y = np.concatenate(white)
    np.testing.assert_allclose(whitener.rows(parts), y - z @ np.linalg.lstsq(z, y, rcond=None)[0], atol=1e-10)
    assert whitener.lost == np.linalg.matrix_rank(z)

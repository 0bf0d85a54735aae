"""Residuals in several draws, and their moments, against residuals that are written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import posterior_systems as systems
import pytest
from scipy import sparse

from grn_l0.posterior import residuals as residuals_module
from grn_l0.posterior.covariance import basis, dictionary
from grn_l0.posterior.kinds import _Data, _evaluate
from grn_l0.posterior.residuals import Residuals
from grn_l0.posterior.response import Design, designs

GENES, COLUMNS, DRAWS = 6, 4, 3
RATES = (0.4, 1.1, 2.0)


def design(n_series: int, n_times: int) -> Design:
    times = np.cumsum(np.linspace(0.5, 1.0, n_times))
    return designs(systems.pack([np.zeros((n_times, 2))] * n_series, [times] * n_series))[0]


def case(n_series: int = 5, n_times: int = 4, seed: int = 0) -> tuple[Residuals, dict[int, np.ndarray]]:
    """Residuals of sparse weights, and the same written out: (draws, series, times, genes) at every rate."""
    rng = np.random.default_rng(seed)
    part = design(n_series, n_times)
    bases = {k - 1: basis(part, rate, 0.0) for k, rate in enumerate((0.0, *RATES))}
    measured = rng.normal(size=(n_series, n_times, GENES))
    regressors = rng.normal(size=(n_series, len(part.grid), COLUMNS))
    bend = rng.normal(size=(n_series, len(part.grid), GENES))
    weights = rng.normal(size=(DRAWS, GENES, COLUMNS)) * (rng.random((DRAWS, GENES, COLUMNS)) < 0.5)
    made = Residuals.of(measured, regressors, bend, [sparse.csr_array(w) for w in weights], bases)
    production = np.einsum("sgc,dic->dsgi", regressors, weights) + bend
    return made, {
        index: measured - np.einsum("tg,dsgi->dsti", b.response[part.at], production) for index, b in bases.items()
    }


def test_residuals_are_what_the_response_to_the_production_leaves() -> None:
    made, written = case()
    assert made.n_draws == DRAWS
    for index, left in written.items():
        np.testing.assert_allclose(made.stacked(index), left.reshape(-1, *left.shape[2:]), atol=1e-12)


@pytest.mark.parametrize("n_times", [4, 15])
@pytest.mark.parametrize("held", [1, 700, 2**20])
def test_moments_are_averages_over_draws_and_sums_over_series(
    held: int, n_times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of short series all rates are looked at together, of long ones one after the other; genes in pieces or not."""
    monkeypatch.setattr(residuals_module, "_HELD", held)
    made, written = case(n_times=n_times)
    indices = [2, -1, 0]
    square, total = made.moments(indices)
    for k, index in enumerate(indices):
        left = written[index]
        np.testing.assert_allclose(square[k], np.einsum("dsti,dsui->tui", left, left) / DRAWS, atol=1e-10)
        np.testing.assert_allclose(total[k], left.sum(axis=(0, 1)) / DRAWS, atol=1e-10)


@pytest.mark.parametrize(("level", "error"), [(1e-2, 1e-9), (1e-4, 1e-6)])
def test_moments_of_residuals_far_smaller_than_the_measurements(level: float, error: float) -> None:
    """Multiplied out they are a difference of terms of the size of the measurements, in double precision."""
    made, _ = case()
    # One and the same draw three times, of which the measurements are the response but for the noise.
    made = replace(made, draws=made.draws[:1] * DRAWS)
    production = made.production
    assert production is not None
    response = (production[:, 0] @ made.responses[1].T).transpose(1, 2, 0)
    noise = level * response.std() * np.random.default_rng(1).normal(size=response.shape)
    square, total = replace(made, measured=response + noise).moments([1])
    want = np.einsum("sti,sui->tui", noise, noise)
    size = np.sqrt(np.einsum("tti->ti", want))
    assert (np.abs(square[0] - want) / (size[:, None] * size)).max() < error
    np.testing.assert_allclose(total[0], noise.sum(axis=0), atol=error * float(size.max()))


def test_measurements_alone_are_residuals_at_every_rate() -> None:
    y = np.random.default_rng(1).normal(size=(5, 4, GENES))
    made = Residuals(y)
    assert made.n_draws == 1
    np.testing.assert_array_equal(made.stacked(3), y)
    square, total = made.moments([-1, 0])
    for k in range(2):
        np.testing.assert_allclose(square[k], np.einsum("sti,sui->tui", y, y), atol=1e-12)
        np.testing.assert_allclose(total[k], y.sum(axis=0), atol=1e-12)


@pytest.mark.parametrize("doubtful", [False, True])
def test_every_kind_is_judged_alike_by_moments_and_by_residuals(doubtful: bool) -> None:
    """One design of more series than times and one of fewer, which choose different ways."""
    rng = np.random.default_rng(4)
    sizes = ((9, 4), (2, 9))
    cases = [case(*size, seed=k) for k, size in enumerate(sizes)]
    per_design = [basis(design(*size), RATES[1], 0.0) for size in sizes]
    roots = [rng.normal(size=(GENES, n, 2)) for _, n in sizes]
    doubt = [a @ np.swapaxes(a, 1, 2) for a in roots] if doubtful else None
    kinds = dictionary(np.array(RATES), 11)
    rows = np.flatnonzero(kinds.rate_index == 1)
    moments = [made.moments([1]) for made, _ in cases]
    ways = [
        [_Data(made.stacked(1), None, None, DRAWS) for made, _ in cases],
        [_Data(None, square[0], total[0], DRAWS) for square, total in moments],
    ]
    quadratic, *rest = (_evaluate(kinds, rows, per_design, data, doubt) for data in ways)
    for found in rest:
        for one, other in zip(quadratic, found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9)
    # One kind written out, with the fixed effects projected out of the residuals' mean.
    k = int(np.flatnonzero((kinds.offset[rows] > 0) & (kinds.drift[rows] > 0))[2])
    level = kinds.initial[rows[k]], kinds.offset[rows[k]], kinds.drift[rows[k]]
    inverse = [np.linalg.inv(b.covariance(*level)) for b in per_design]
    means = [b.means[b.design.at] for b in per_design]
    info = sum(n * m.T @ v @ m for (n, _), m, v in zip(sizes, means, inverse, strict=True))
    for i in range(GENES):
        want, cross = 0.0, 0.0
        for q, ((_, written), v, m) in enumerate(zip(cases, inverse, means, strict=True)):
            left = written[1][..., i]
            want += np.einsum("dst,tu,dsu", left, v, left) / DRAWS
            cross = cross + m.T @ v @ left.sum(axis=(0, 1)) / DRAWS
            if doubt is not None:
                want += sizes[q][0] * np.trace(v @ doubt[q][i])
        np.testing.assert_allclose(quadratic[0][k, i], want - cross @ np.linalg.solve(info, cross), rtol=1e-9)

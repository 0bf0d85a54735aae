"""Genes held in a forecast, against the solution of the same equations with the gene clamped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fit_systems import TIMES, TRUTH, N, known, make_start, production, simulate
from scipy.integrate import solve_ivp

from grn_l0._errors import NameMatchError, OptionError
from grn_l0.dynamics import Linear
from grn_l0.fit import FitConfig, FitResult, fit
from grn_l0.solve import ExponentialHeun
from grn_l0.timeseries import TimeSeries

ALL = np.arange(N)
QUICK = FitConfig(steps=2, refit_steps=2, families="linear")


@pytest.fixture(scope="module")
def true(projected: FitResult) -> tuple[FitResult, TimeSeries]:
    """The known system itself, as a model; with series in which gene 4 is knocked out in the first."""
    series, clean = simulate(3, 0.0, 5)
    start = make_start(series, clean, 0.01)
    start = replace(start, weight=TRUTH, offset=np.full(N, 0.5), rate=np.ones(N))
    out = np.zeros((3, N), dtype=bool)
    out[0, 4] = True
    model = replace(
        projected, model=Linear.from_start(start, series, regulators=ALL), solver=ExponentialHeun(step=0.01)
    )
    return model, replace(series, knockouts=out)


def clamped(x0: np.ndarray, times: np.ndarray, held: dict[int, float], still: list[int]) -> np.ndarray:
    x0 = x0.copy()
    x0[list(held)] = list(held.values())
    free = np.ones(N)
    free[[*held, *still]] = 0.0
    right = lambda t, x: free * (production(x, False) - x)  # noqa: E731
    return solve_ivp(right, (times[0], times[-1]), x0, t_eval=times, rtol=1e-9, atol=1e-11).y.T


@pytest.mark.parametrize("held", [{3: 0.0}, {0: 1.5, 5: 0.25}])
def test_held_genes_are_those_of_the_clamped_equations(true: tuple[FitResult, TimeSeries], held) -> None:
    result, series = true
    found = result.forecast(series, measurement="exact", hold={f"g{i}": v for i, v in held.items()})
    for s in range(3):
        still = [4] if s == 0 else []
        full = clamped(series.values[s, 0], TIMES, held, still)
        np.testing.assert_allclose(found.full[s], full, atol=1e-4)
        for k in range(len(TIMES) - 1):
            step = clamped(series.values[s, k], TIMES[k : k + 2], held, still)[-1]
            np.testing.assert_allclose(found.one_step[s, k + 1], step, atol=1e-4)
    free = [i for i in range(N) if i not in held]
    wrong = (found.full - series.values)[:, 1:, free]
    assert found.mse_full == pytest.approx((wrong**2).mean())
    # Genes that no held gene reaches stay as they were; targets do not.
    before = result.forecast(series, measurement="exact")
    assert (found.full[:, :, 1] == before.full[:, :, 1]).all()
    assert np.abs(found.full - before.full)[:, -1, TRUTH[list(held)].any(axis=0)].max() > 0.05


@pytest.mark.parametrize("measurement", ["auto", "exact", "present", "noisy"])
@pytest.mark.parametrize("gates", ["hard", "expected"])
def test_a_held_gene_stays_whatever_the_way(projected: FitResult, measurement, gates) -> None:
    series = known(8).series
    found = projected.forecast(series, measurement=measurement, gates=gates, hold={"g3": -0.75})
    assert (found.full[:, :, 3] == -0.75).all() and (found.one_step[:, :, 3] == -0.75).all()
    other = [i for i in range(N) if i != 3]
    assert (found.full[:, 0, other] == series.values[:, 0, other]).all()
    nothing = projected.forecast(series, measurement=measurement, gates=gates, hold={})
    assert (nothing.full == projected.forecast(series, measurement=measurement, gates=gates).full).all()


def test_a_long_series_with_its_own_process_is_held_too() -> None:
    series, clean = simulate(2, 0.01, 3, times=np.arange(0, 10, 0.25))
    long = fit(series, make_start(series, clean, 0.01), regulators=ALL, config=QUICK)
    long = replace(long, knowledge=replace(long.knowledge, filters=True))
    assert long.knowledge.deviation is not None
    found = long.forecast(series, measurement="noisy", hold={"g2": 0.1})
    assert (found.full[:, :, 2] == 0.1).all() and (found.one_step[:, :, 2] == 0.1).all()
    assert np.isfinite(found.full).all()
    with pytest.raises(OptionError, match="context"):
        long.forecast(series, context=series, hold={"g2": 0.1})


def test_what_cannot_be_held(projected: FitResult) -> None:
    series = known(8).series
    with pytest.raises(NameMatchError, match=r"hold names 'G3'.*10 genes; did you mean 'g3'"):
        projected.forecast(series, hold={"G3": 0.0})
    for value in (np.nan, np.inf, "low", None):
        with pytest.raises(OptionError, match=r"hold keeps 'g3' at .*such as 0"):
            projected.forecast(series, hold={"g3": value})  # type: ignore[dict-item]

"""The null that keeps each gene's spectrum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grn_l0.benchmark.accuracy.phases import phase_randomised
from grn_l0.simulate import long_series, random_system

SYSTEM = random_system(15, 0)


@pytest.mark.parametrize("length", [40, 41])
def test_random_phases_keep_each_genes_spectrum_and_lose_what_genes_share(length):
    series = long_series(SYSTEM, 2, times=[float(k) for k in range(length)], seed=0)
    twin = series.values.copy()
    twin[:, :, 1] = twin[:, :, 0]
    series = replace(series, values=twin)
    null = phase_randomised(series, 0)
    before, after = (np.abs(np.fft.rfft(s.values, axis=1)) for s in (series, null))
    np.testing.assert_allclose(after, before, atol=1e-9)
    assert np.corrcoef(series.values[0, :, 0], series.values[0, :, 1])[0, 1] == pytest.approx(1)
    assert abs(np.corrcoef(null.values[0, :, 0], null.values[0, :, 1])[0, 1]) < 0.9
    np.testing.assert_array_equal(phase_randomised(series, 0).values, null.values)
    assert not np.allclose(phase_randomised(series, 1).values, null.values)


def test_random_phases_leave_missing_values_missing():
    series = long_series(SYSTEM, 1, times=[float(k) for k in range(20)], seed=0)
    values = series.values.copy()
    values[0, 3, 2] = np.nan
    values[0, :, 4] = np.nan
    np.testing.assert_array_equal(phase_randomised(replace(series, values=values), 0).mask, np.isfinite(values))

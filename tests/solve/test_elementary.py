"""Exponential and logarithm in single precision, as compiled loops take them."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import pytest

from grn_l0.solve import elementary


def mapped(function: Callable[..., float]) -> Callable[[np.ndarray], np.ndarray]:
    """Over an array, compiled as the solver is but kept nowhere, so that no older code is tested."""

    def over(x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        for i in range(len(x)):
            out[i] = function(x[i])
        return out

    compiled: Callable[[np.ndarray], np.ndarray] = numba.njit(fastmath={"contract", "reassoc", "nsz"})(over)
    return compiled


CASES = {
    "log": np.geomspace(np.finfo(np.float32).tiny, 3e38, 100_001, dtype=np.float32),
    "exp": np.linspace(-87, 87, 100_001, dtype=np.float32),
}


@pytest.mark.parametrize("name", CASES)
def test_values_are_right_within_two_units_in_the_last_place(name: str) -> None:
    x = CASES[name]
    want = getattr(np, name)(x.astype(np.float64))
    unit = np.spacing(np.abs(want).astype(np.float32)).astype(np.float64)
    assert (np.abs(mapped(getattr(elementary, name))(x) - want) / unit).max() <= 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_no_number_stays_none(dtype: type) -> None:
    """A state that is NaN would be 89.1 by its bits, and the solution would be finite again."""
    x = np.array([np.nan, -np.nan, 1.0] * 11, dtype=dtype)
    for name, one in (("log", 0.0), ("exp", np.e)):
        found = mapped(getattr(elementary, name))(x)
        assert np.isnan(found[np.isnan(x)]).all()
        np.testing.assert_allclose(found[2::3], one, rtol=1e-6)
    if dtype is np.float32:
        assert np.isnan(mapped(elementary.log)(np.array([np.inf, -np.inf], dtype=dtype))).all()

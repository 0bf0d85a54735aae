"""Exponential and logarithm without calls, so that compiled loops over them are vectorised."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba.extending import overload


def exp(x: Any) -> Any:
    """e^x; in single precision within 2 units in the last place, and between e^-87 and e^87."""
    return math.exp(x)


def log(x: Any) -> Any:
    """log x of a positive normal number; in single precision within 2 units in the last place.

    Single precision: NaN and infinities give NaN, so that a solution that leaves the finite numbers is seen to; 0,
    subnormal and negative numbers give some finite number, and are the caller's to keep out.
    """
    return math.log(x)


@overload(exp)
def _exp(x: Any) -> Any:
    def double(x: Any) -> Any:
        return math.exp(x)

    def single(x: Any) -> Any:
        # 2^n times a polynomial: Cephes, expf. Comparisons with NaN are false, so that it passes.
        x = np.float32(-87.0) if x < np.float32(-87.0) else x
        x = np.float32(87.0) if x > np.float32(87.0) else x
        n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
        r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
        y = np.float32(1.9875691500e-4)
        y = y * r + np.float32(1.3981999507e-3)
        y = y * r + np.float32(8.3334519073e-3)
        y = y * r + np.float32(4.1665795894e-2)
        y = y * r + np.float32(1.6666665459e-1)
        y = y * r + np.float32(5.0000001201e-1)
        y = y * r * r + r + np.float32(1.0)
        return y * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)

    return single if x == numba.types.float32 else double


@overload(log)
def _log(x: Any) -> Any:
    def double(x: Any) -> Any:
        return math.log(x)

    def single(x: Any) -> Any:
        # exponent plus a polynomial of the mantissa in sqrt(1/2)..sqrt(2): Cephes, logf
        bits = np.float32(x).view(np.int32)
        m = np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F000000)).view(np.float32)
        small = m < np.float32(0.707106781)
        e = np.float32(np.int32((bits >> np.int32(23)) - np.int32(126))) - (
            np.float32(1.0) if small else np.float32(0.0)
        )
        r = m + (m if small else np.float32(0.0)) - np.float32(1.0)
        y = np.float32(7.0376836292e-2)
        y = y * r - np.float32(1.1514610310e-1)
        y = y * r + np.float32(1.1676998740e-1)
        y = y * r - np.float32(1.2420140846e-1)
        y = y * r + np.float32(1.4249322787e-1)
        y = y * r - np.float32(1.6668057665e-1)
        y = y * r + np.float32(2.0000714765e-1)
        y = y * r - np.float32(2.4999993993e-1)
        y = y * r + np.float32(3.3333331174e-1)
        z = r * r
        y = y * r * z + np.float32(-2.12194440e-4) * e - np.float32(0.5) * z
        # Bits know of no NaN: it would be 89.1.
        return r + y + np.float32(0.693359375) * e + x * np.float32(0.0)

    return single if x == numba.types.float32 else double

"""Array types with shapes, and the few aliases that several layers share."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

__all__ = ["Array", "Bool", "Float", "Int", "PathLikeStr", "Progress", "ndarray"]

Array = np.ndarray
PathLikeStr = str | PathLike[str]

#: Called as ``progress(stage, done, total, figures)`` with figures such as ``{"loss": 1.2, "density": 0.01}``.
Progress = Callable[[str, int, int, dict[str, float]], None]

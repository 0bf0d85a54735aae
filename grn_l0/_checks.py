"""Numbers that count something, checked in one way and refused in one sentence."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from grn_l0._errors import OptionError


def check_count(name: str, value: Any, least: int = 1) -> int:
    """The value as a plain integer.

    Parameters
    ----------
    name
        What the user calls it.
    value
        A Python or numpy integer; true and false are none.
    least
        The smallest that makes sense.

    Raises
    ------
    OptionError
        If it is not an integer, or smaller.
    """
    try:
        count = least - 1 if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        count = least - 1
    if count < least:
        raise OptionError(f"{name} must be an integer of {least} or more, not {value!r}")
    return count

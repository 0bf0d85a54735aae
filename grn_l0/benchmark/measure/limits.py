"""What a measured process may take before it is ended."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grn_l0._errors import OptionError
from grn_l0.tl.memory import machine_memory

#: Share of the machine's memory that a process may take where nothing else is said, so that the machine survives.
_MOST = 0.85


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on one process and its children.

    Parameters
    ----------
    seconds
        Wall-clock time after which all of them are killed.
    bytes
        Resident memory (RSS, summed over the processes) beyond which all of them are killed. It is watched ten times a
        second, not set by ``setrlimit``: the address space that the latter bounds is several times what torch and
        numba ever touch.

    Raises
    ------
    OptionError
        If one of them is not positive.
    """

    seconds: float = math.inf
    bytes: float = math.inf

    def __post_init__(self) -> None:
        for name in ("seconds", "bytes"):
            if not getattr(self, name) > 0:
                raise OptionError(f"the limit of {name} must be positive, not {getattr(self, name)!r}")

    @classmethod
    def usual(cls, seconds: float) -> Limits:
        """So many seconds, and most of the memory of this machine."""
        have = machine_memory()
        return cls(seconds=seconds, bytes=math.inf if have is None else _MOST * have)

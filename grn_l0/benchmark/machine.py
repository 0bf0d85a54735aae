"""The machine that a benchmark ran on, and what it took."""

from __future__ import annotations

import math
import os
import platform
import sys
from pathlib import Path
from typing import Any


def machine() -> str:
    """Processors, Python and system, in a few words; memory too where psutil is installed."""
    words = f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {platform.system()}"
    try:
        import psutil
    except ImportError:
        return words
    return f"{words}, {psutil.virtual_memory().total / 2**30:.0f} GiB"


def peak_rss() -> float:
    """Most bytes that this process has had in memory so far; NaN where the system does not say."""
    status = Path("/proc/self/status")
    if status.is_file():  # per address space: `getrusage` of Linux starts at the peak of the process that made this one
        lines = [line.split() for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM")]
        return 1024.0 * float(lines[0][1]) if lines else math.nan
    try:
        import resource
    except ImportError:  # not a POSIX system
        return math.nan
    return maxrss(resource.getrusage(resource.RUSAGE_SELF))


def maxrss(used: Any) -> float:
    """Bytes of ``ru_maxrss`` in a `resource.struct_rusage`."""
    return float(used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))  # bytes there, KiB elsewhere

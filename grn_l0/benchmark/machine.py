"""The machine that a benchmark ran on, and what it took."""

from __future__ import annotations

import os
import platform
import sys


def machine() -> str:
    """Processors, Python and system, in a few words; memory too where psutil is installed."""
    words = f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {platform.system()}"
    try:
        import psutil
    except ImportError:
        return words
    return f"{words}, {psutil.virtual_memory().total / 2**30:.0f} GiB"


def peak_mib() -> float:
    """Most memory that this process has held so far, in MiB; NaN where the system does not say."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20

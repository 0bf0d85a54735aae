"""How much memory the posterior start will ask for, said before it is asked for."""

from __future__ import annotations

import os

from grn_l0._errors import warn
from grn_l0.posterior import PosteriorConfig, by_transitions
from grn_l0.timeseries import TimeSeries

#: A warning from this many bytes on; below, any machine will do.
PLENTY = 4e9

#: Bytes of the program itself, and arrays of targets × regulators that live at once (measured).
_PROGRAM, _ARRAYS = 4.5e8, 40


def estimated_memory(series: TimeSeries, n_regulators: int, config: PosteriorConfig) -> float:
    """Bytes of the posterior start at its peak, to within a factor of two.

    Every noise kind in use costs a Gram matrix of R × R; the chain keeps arrays of N × R.
    """
    kinds = 1 if by_transitions(series) else min(config.most_kinds, series.n_genes)
    numbers = kinds * n_regulators**2 + _ARRAYS * series.n_genes * n_regulators
    return _PROGRAM + 8.0 * numbers


def warn_of_memory(series: TimeSeries, n_regulators: int, config: PosteriorConfig) -> None:
    """Warn of a start that may not fit, with what to do about it.

    Warns
    -----
    GrnWarning
        If it is estimated at `PLENTY` or more, or at more than half of what this machine has.
    """
    need, have = estimated_memory(series, n_regulators, config), machine_memory()
    if need < PLENTY and (have is None or need < have / 2):
        return
    here = "" if have is None else f" (this machine has {have / 1e9:.0f} GB)"
    warn(
        f"{n_regulators} candidate regulators of {series.n_genes} genes are "
        f"{n_regulators * series.n_genes / 1e6:.1f} million candidate edges: this takes about {need / 1e9:.0f} GB of "
        f"memory{here} and a long time. Name the transcription factors (--regulators tfs.txt, or regulators= in "
        "Python), or keep fewer genes"
    )


def machine_memory() -> float | None:
    """Bytes of memory of this machine; None where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * float(os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return None

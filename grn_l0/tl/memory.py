"""How much memory a run will ask for, said before it is asked for."""

from __future__ import annotations

import os

import numpy as np

from grn_l0._errors import warn
from grn_l0.posterior import by_transitions
from grn_l0.posterior.covariance import dictionary
from grn_l0.timeseries import TimeSeries

#: A warning from this many bytes on; below, any machine will do.
PLENTY = 4e9

#: Bytes of the program with its libraries, and of everything of a candidate edge together.
_PROGRAM, _EDGE = 7e8, 48
#: Gram matrices of R × R that live at once, and above how many regulators they are in single precision.
_GRAMS, _SINGLE = 3, 1000
#: States of all genes that live at once, and the steps of a grid of few times.
_STATES, _STEPS = 3, 20
#: Bytes of a gene's likelihoods under one kind of noise, and the rates that each kind is tried with.
_KIND, _RATES = 64, 9


def estimated_memory(series: TimeSeries, n_regulators: int) -> float:
    """Bytes that a run holds at its peak, within a third, and rather too many than too few.

    N genes, R candidate regulators, S series on a grid of G times (about 20, or as many as a longer series has):

        .7 GB + 48 · N · R + 3 · b · R² + 24 · N · S · G + 64 · N · K

    - .7 GB: the program with its libraries.
    - 48 · N · R: scores, weights, odds and sums of every candidate edge.
    - 3 · b · R²: Gram matrices of the regulators, of which few live at once; b = 8 bytes a number, 4 above 1000
      regulators.
    - 24 · N · S · G: the smoothed states, in three copies of 8 bytes.
    - 64 · N · K: how well each of K kinds of noise explains a gene (4,551 kinds from 30 series on, which is .3 MB per
      gene; fewer for fewer series, none where few long series are taken step by step).

    Measured in GiB, whole processes, 100 series of 5 times (in brackets what this says): 350² candidates .7 (.8), 690²
    .8 (.9), 1,400² 1.2 (1.2), 11,165 × 986 4.2 (4.7), 11,165² 10.5 (11.2). Decoys, which little data have, double R.

    It holds before a run, for any design. `benchmark.scale.model.Cost`, a + b N + c N R, is the line through the points
    that the scale suite has measured, of one design, and takes these terms together: its b has states and kinds of
    noise, its c the share of the R² too.
    """
    n, longest = series.n_genes, int(series.lengths.max())
    kinds = 0 if by_transitions(series) else len(dictionary(np.zeros(_RATES), series.n_series))
    number = 8 if n_regulators <= _SINGLE else 4
    states = _STATES * 8 * series.n_series * max(_STEPS, longest)
    return _PROGRAM + _EDGE * n * n_regulators + _GRAMS * number * n_regulators**2 + n * (states + _KIND * kinds)


def warn_of_memory(series: TimeSeries, n_regulators: int) -> None:
    """Warn of a run that may not fit, with what to do about it.

    Warns
    -----
    GrnWarning
        If it is estimated at `PLENTY` or more, or at more than half of what this machine has.
    """
    need, have = estimated_memory(series, n_regulators), machine_memory()
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

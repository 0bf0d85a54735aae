"""The benchmarks there are: a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grn_l0._errors import OptionError, nearest
from grn_l0._typing import Progress
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.sim350 import sim350
from grn_l0.benchmark.table import BenchmarkTable

Benchmark = Callable[[Settings, Progress | None], BenchmarkTable]

BENCHMARKS: Mapping[str, Benchmark] = {"sim350": sim350}


def run(name: str, settings: Settings | None = None, progress: Progress | None = None) -> BenchmarkTable:
    """Run the benchmark of one data set.

    Parameters
    ----------
    name
        One of `BENCHMARKS`.
    settings
        Noise, seeds and threads.
    progress
        Called as the fits go by.

    Raises
    ------
    OptionError
        If there is no such benchmark.
    DatasetError
        If the published files cannot be had.
    """
    if name not in BENCHMARKS:
        raise OptionError(
            f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}{nearest(name, BENCHMARKS)}"
        )
    return BENCHMARKS[name](settings or Settings(), progress)

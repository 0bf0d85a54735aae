"""The benchmarks there are: a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from grn_l0._errors import OptionError, nearest
from grn_l0._typing import Progress
from grn_l0.benchmark.breast_cancer import breast_cancer
from grn_l0.benchmark.hematopoiesis import hematopoiesis
from grn_l0.benchmark.settings import Settings
from grn_l0.benchmark.sim350 import sim350
from grn_l0.benchmark.table import BenchmarkTable
from grn_l0.benchmark.yeast import yeast

Benchmark = Callable[[Settings, Progress | None], BenchmarkTable]

BENCHMARKS: Mapping[str, Benchmark] = {
    "sim350": sim350,
    "yeast": yeast,
    "hematopoiesis": hematopoiesis,
    "breast-cancer": breast_cancer,
}


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
    settings = settings or Settings()
    table = BENCHMARKS[name](settings, progress)
    return replace(table, about={"command": command(name, settings), **table.about})


def command(name: str, settings: Settings) -> str:
    """The command line that makes this table again."""
    usual = Settings()
    words = ["grn-l0", "benchmark", name]
    for option in ("noise", "prior", "seeds", "threads"):
        value = getattr(settings, option)
        if option == "seeds" or value != getattr(usual, option):
            words += [f"--{option}", str(value)]
    return " ".join(words)

"""Sparse, signed, scored gene regulatory networks from expression over time.

>>> import grn_l0 as gl
>>> adata = gl.datasets.sim350(noise=0.05, seed=0)  # doctest: +SKIP
>>> result = gl.tl.infer(adata, time_key="time", trajectory_key="trajectory", seed=0)  # doctest: +SKIP

The parts are imported when they are first used, so that ``import grn_l0`` and the command line start quickly.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from grn_l0._errors import (
    BenchmarkError,
    DataError,
    DatasetError,
    DivergenceError,
    ExpressionError,
    FileFormatError,
    GeneNameError,
    GrnError,
    GrnWarning,
    KnockoutError,
    MissingKeyError,
    NameMatchError,
    OptionError,
    OutputError,
    StimulusError,
    TableError,
    TimeError,
    TrajectoryError,
    WorkerError,
)

if TYPE_CHECKING:
    from grn_l0 import (
        baselines,
        benchmark,
        datasets,
        dynamics,
        ensemble,
        fit,
        gates,
        metrics,
        network,
        pl,
        posterior,
        pp,
        simulate,
        solve,
        sparsity,
        timeseries,
        tl,
    )

__version__ = "0.1.0"

__all__ = [
    "BenchmarkError",
    "DataError",
    "DatasetError",
    "DivergenceError",
    "ExpressionError",
    "FileFormatError",
    "GeneNameError",
    "GrnError",
    "GrnWarning",
    "KnockoutError",
    "MissingKeyError",
    "NameMatchError",
    "OptionError",
    "OutputError",
    "StimulusError",
    "TableError",
    "TimeError",
    "TrajectoryError",
    "WorkerError",
    "__version__",
    "baselines",
    "benchmark",
    "datasets",
    "dynamics",
    "ensemble",
    "fit",
    "gates",
    "metrics",
    "network",
    "pl",
    "posterior",
    "pp",
    "simulate",
    "solve",
    "sparsity",
    "timeseries",
    "tl",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

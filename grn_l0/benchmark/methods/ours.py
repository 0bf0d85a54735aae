"""grn_l0 itself: as people call it, and with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from grn_l0 import tl
from grn_l0._typing import Float, ndarray
from grn_l0.benchmark.methods.method import Answer, Method, Role, Task
from grn_l0.fit import FitConfig
from grn_l0.fit.forecast import Measurement
from grn_l0.posterior import PosteriorConfig
from grn_l0.timeseries import TimeSeries

LIMIT_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Ours with other options.

    Attributes
    ----------
    name
        After "grn_l0, ".
    role
        "choice" for what a user may choose, "ablation" for a step of the recipe that is left out.
    posterior, config
        Fields of `PosteriorConfig` and of `FitConfig` that differ from the default.
    options
        Further arguments of `grn_l0.tl.infer`, such as ``gate``. A callable is called with the task first.
    about
        What is changed, in a sentence.
    """

    name: str
    role: Role = "ablation"
    posterior: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""

    def method(self) -> Method:
        """The row of the tables that this variant is."""
        options = f"posterior {dict(self.posterior)}, fit {dict(self.config)}, infer {_written(self.options)}"
        return Method(
            name=f"grn_l0, {self.name}",
            run=partial(infer, variant=self),
            role=self.role,
            about=self.about,
            limit_s=LIMIT_S,
            options=options,
        )


def _written(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v.__qualname__ if callable(v) else repr(v)}" for k, v in sorted(options.items()))


def infer(task: Task, *, variant: Variant | None = None) -> Answer:
    """`grn_l0.tl.infer` with its defaults, or those of a variant."""
    options: dict[str, Any] = {}
    if variant is not None:
        options |= {k: v(task) if callable(v) else v for k, v in variant.options.items()}
        if variant.posterior:
            options["posterior"] = PosteriorConfig(**variant.posterior)
        if variant.config:
            options["config"] = FitConfig(**variant.config)
    result = tl.infer(
        task.adata,
        regulators=task.names,
        prior=task.prior,
        seed=task.seed,
        threads=1,
        **dict(task.keys),
        **options,
    )

    def forecast(series: TimeSeries, measurement: Measurement) -> Float[ndarray, "series times genes"]:
        return np.asarray(result.fit.forecast(series, measurement=measurement).one_step, dtype=np.float64)

    return Answer(
        scores=np.asarray(result.network.scores, dtype=np.float64),
        weights=np.asarray(result.network.weights, dtype=np.float64),
        forecast=forecast,
        probability=True,
    )

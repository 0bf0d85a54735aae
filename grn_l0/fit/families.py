"""Families of production by name, tangent to the linear model that the posterior, or the gated ODE, has found."""

from __future__ import annotations

import numpy as np
import torch

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Int
from grn_l0.dynamics import AbstractDynamics, Linear, Logistic, SumProduct, TargetMLP
from grn_l0.fit.config import FitConfig
from grn_l0.fit.edges import EdgeStart, MatrixStart
from grn_l0.timeseries import TimeSeries

#: Families whose production is never negative.
_CONCENTRATIONS = ("logistic", "sum-product")


def candidates(
    start: EdgeStart, series: TimeSeries, regulators: Int[Array, " rows"], non_negative: bool, config: FitConfig
) -> list[AbstractDynamics]:
    """The forecasting families that the configuration asks for, in expression units; lists of edges, or matrices.

    `regulators` are the positions, among the genes, of those that have any of the edges of `start`.

    Raises
    ------
    OptionError
        If the data have negative values, and the family makes none.
    """
    positions = torch.as_tensor(np.asarray(regulators), dtype=torch.int64)
    wanted = config.families
    both = ("linear", "logistic") if non_negative else ("linear",)
    names = both if wanted == "auto" else (wanted,)
    if wanted in _CONCENTRATIONS and not non_negative:
        raise OptionError(
            f"family {wanted!r} makes only concentrations, which are never negative, and these data have negative "
            "values, as log ratios do; use 'linear' or 'mlp'"
        )
    return [family_from_start(name, start, series, positions, non_negative, config) for name in names]


def family_from_start(
    name: str,
    start: EdgeStart,
    series: TimeSeries,
    regulators: Int[torch.Tensor, " rows"],
    non_negative: bool,
    config: FitConfig,
) -> AbstractDynamics:
    """Production of the family `name`, tangent to the linear model of `start`, in expression units."""
    dtype, floor, edges = config.torch_dtype, 0.0 if non_negative else None, start.edges.index
    if name == "linear":
        return Linear.from_start(start, series, regulators=regulators, floor=floor, edges=edges, dtype=dtype)
    if name == "logistic":
        features = config.features
        return Logistic.from_start(start, series, regulators=regulators, features=features, edges=edges, dtype=dtype)
    whole = MatrixStart.of(start)
    if name == "sum-product":
        return SumProduct.from_start(whole, series, regulators=regulators, dtype=dtype)
    if name != "mlp":
        raise ValueError(f"no family {name!r}")
    return TargetMLP.from_start(whole, series, regulators=regulators, units=config.units, floor=floor, dtype=dtype)

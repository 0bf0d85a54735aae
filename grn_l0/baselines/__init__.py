"""Quick methods that every result is shown beside. A new one is one more file, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grn_l0._typing import Float, Int, ndarray
from grn_l0.baselines.correlation import correlation, lagged_correlation
from grn_l0.baselines.gene_mean import gene_mean
from grn_l0.baselines.lasso import lasso
from grn_l0.baselines.mean_reversion import mean_reversion
from grn_l0.baselines.persistence import persistence
from grn_l0.baselines.trees import trees
from grn_l0.timeseries import TimeSeries

#: Called as ``score(series, regulators)``: scores of shape (R, N).
NetworkBaseline = Callable[
    [TimeSeries, Int[ndarray, " regulators"] | None],
    Float[ndarray, "regulators genes"],
]
#: Called as ``forecast(train, test)``: one-step predictions of shape (S, T, N).
ForecastBaseline = Callable[[TimeSeries, TimeSeries], Float[ndarray, "series times genes"]]

#: The quickest first.
NETWORK_BASELINES: Mapping[str, NetworkBaseline] = {
    "correlation": correlation,
    "lagged correlation": lagged_correlation,
    "lasso": lasso,
    "trees": trees,
}
FORECAST_BASELINES: Mapping[str, ForecastBaseline] = {
    "persistence": persistence,
    "gene mean": gene_mean,
    "mean reversion": mean_reversion,
}

__all__ = [
    "FORECAST_BASELINES",
    "NETWORK_BASELINES",
    "ForecastBaseline",
    "NetworkBaseline",
    "correlation",
    "gene_mean",
    "lagged_correlation",
    "lasso",
    "mean_reversion",
    "persistence",
    "trees",
]

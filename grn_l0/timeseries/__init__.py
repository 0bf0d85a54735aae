"""Expression over time, validated once."""

from grn_l0.timeseries.steady import SteadyStates
from grn_l0.timeseries.timeseries import TimeSeries

__all__ = ["SteadyStates", "TimeSeries"]

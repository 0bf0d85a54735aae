"""Tools: AnnData in, networks and forecasts out."""

from grn_l0.tl.annotated import edges_of, write_annotated
from grn_l0.tl.compare import Comparison, compare
from grn_l0.tl.evaluate import CALIBRATION, evaluate, reliability
from grn_l0.tl.forecast import FORECAST_KEY, forecast, load
from grn_l0.tl.infer import infer
from grn_l0.tl.inference import Inference
from grn_l0.tl.keys import Keys

__all__ = [
    "CALIBRATION",
    "FORECAST_KEY",
    "Comparison",
    "Inference",
    "Keys",
    "compare",
    "edges_of",
    "evaluate",
    "forecast",
    "infer",
    "load",
    "reliability",
    "write_annotated",
]

"""Tools: AnnData in, networks and forecasts out."""

from grn_l0.tl.annotated import edges_of, write_annotated
from grn_l0.tl.evaluate import evaluate
from grn_l0.tl.forecast import FORECAST_KEY, forecast, load
from grn_l0.tl.infer import infer
from grn_l0.tl.inference import Inference
from grn_l0.tl.keys import Keys

__all__ = [
    "FORECAST_KEY",
    "Inference",
    "Keys",
    "edges_of",
    "evaluate",
    "forecast",
    "infer",
    "load",
    "write_annotated",
]

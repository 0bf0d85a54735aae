"""``grn-l0 forecast``: a fitted model on other data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grn_l0.cli import options as opt
from grn_l0.cli.outputs import check_outputs, print_json, print_table, say


def forecast(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="What infer --model wrote.")],
    data: Annotated[Path, typer.Argument(metavar="INPUT.h5ad", help="AnnData file with the same genes.")],
    out: Annotated[Path | None, typer.Option("--out", help="Forecasts beside the data, as layers: .h5ad.")] = None,
    time_key: opt.TimeKey = None,
    trajectory_key: opt.TrajectoryKey = None,
    pseudotime_key: opt.PseudotimeKey = None,
    bins: opt.Bins = None,
    layer: opt.Layer = None,
    threads: opt.Threads = 1,
    json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Forecast trajectories: one step from each observation, and whole courses from the first."""
    check_outputs(("--out", out, (".h5ad",)))
    opt.check_keys(time_key, pseudotime_key)
    import pandas as pd

    from grn_l0 import pp, tl

    result = tl.load(model)
    adata = pp.read(data)
    opt.use_threads(threads)
    forecasts = tl.forecast(
        result,
        adata,
        time_key=time_key,
        trajectory_key=trajectory_key,
        pseudotime_key=pseudotime_key,
        layer=layer,
        n_bins=bins,
    )
    errors = dict(forecasts.uns[tl.FORECAST_KEY])
    if out is not None:
        tl.write_annotated(forecasts, out)
        say(f"written: {out}", quiet)
    if json:
        print_json(errors)
    else:
        print_table(pd.DataFrame({"": errors}))

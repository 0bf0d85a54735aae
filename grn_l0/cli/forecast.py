"""``grn-l0 forecast``: a fitted model on other data."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from grn_l0._device import checked_device
from grn_l0.cli import options as opt
from grn_l0.cli.inputs import open_data, read_hold
from grn_l0.cli.outputs import check_outputs, print_json, print_table, say


class MeasurementName(StrEnum):
    """What a step starts from."""

    auto = "auto"
    exact = "exact"
    present = "present"
    noisy = "noisy"


class GatesName(StrEnum):
    """Which edges forecast."""

    hard = "hard"
    expected = "expected"


def forecast(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="What infer --model wrote.")],
    data: Annotated[Path, typer.Argument(metavar="INPUT.h5ad", help="AnnData file with the same genes.")],
    out: Annotated[Path | None, typer.Option("--out", help="Forecasts beside the data, as layers: .h5ad.")] = None,
    time_key: opt.TimeKey = None,
    trajectory_key: opt.TrajectoryKey = None,
    pseudotime_key: opt.PseudotimeKey = None,
    bins: opt.Bins = None,
    layer: opt.Layer = None,
    threads: opt.TorchThreads = 1,
    device: opt.Device = "cpu",
    measurement: Annotated[
        MeasurementName, typer.Option("--measurement", help="What a step starts from (docs/quickstart.md).")
    ] = MeasurementName.auto,
    gates: Annotated[
        GatesName, typer.Option("--gates", help="The network's edges, or every candidate by its probability.")
    ] = GatesName.hard,
    context: Annotated[
        Path | None,
        typer.Option("--context", help="AnnData file: other measurements of the same trajectories that may be used."),
    ] = None,
    hold: Annotated[
        list[str] | None,
        typer.Option("--hold", metavar="GENE=VALUE", help="Hold a gene at this expression. May be repeated."),
    ] = None,
    json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Forecast trajectories: one step from each observation, and whole courses from the first."""
    check_outputs(("--out", out, (".h5ad",)))
    opt.check_keys(time_key, pseudotime_key)
    held = read_hold(hold)
    checked_device(device)
    import pandas as pd

    from grn_l0 import tl

    result = tl.load(model)
    with ExitStack() as files:
        adata = files.enter_context(open_data(data))
        other = None if context is None else files.enter_context(open_data(context))
        opt.use_threads(threads)
        forecasts = tl.forecast(
            result,
            adata,
            time_key=time_key,
            trajectory_key=trajectory_key,
            pseudotime_key=pseudotime_key,
            layer=layer,
            n_bins=bins,
            measurement=measurement.value,
            gates=gates.value,
            context=other,
            hold=held,
            device=device,
        )
    errors = dict(forecasts.uns[tl.FORECAST_KEY])
    if out is not None:
        tl.write_annotated(forecasts, out)
        say(f"written: {out}", quiet)
    if json:
        print_json(errors)
    else:
        print_table(pd.DataFrame({"": errors}))

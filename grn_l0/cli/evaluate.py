"""``grn-l0 evaluate``: a network against a reference."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Annotated

import typer

from grn_l0._errors import GrnWarning
from grn_l0.cli import options as opt
from grn_l0.cli.inputs import read_names, read_table
from grn_l0.cli.outputs import check_outputs, print_json, print_reliability, print_table, say


def evaluate(
    network: Annotated[
        Path, typer.Argument(metavar="NETWORK|SCORES", help="What infer --out or, better, infer --scores wrote.")
    ],
    truth: Annotated[
        Path, typer.Option("--truth", help="Reference edges (source, target[, sign]): .csv, .tsv, .parquet, .graphml.")
    ],
    regulators: opt.Regulators = None,
    genes: Annotated[
        Path | None, typer.Option("--genes", help="Text file of the target genes that count, one name per line.")
    ] = None,
    reliability: Annotated[
        Path | None,
        typer.Option("--reliability", help="Plot of the share of true edges against the score: .png, .pdf or .svg."),
    ] = None,
    json: opt.AsJson = False,
) -> None:
    """Score a network against a reference, beside chance and the same network shuffled."""
    check_outputs(("--reliability", reliability, (".png", ".pdf", ".svg")))
    edges, reference = read_table(network, categorical=True), read_table(truth)
    if edges is None or reference is None:  # both are required; said for the type checker
        raise typer.Abort
    from grn_l0 import pl, tl
    from grn_l0.network import read_network, read_universe

    # A GraphML file of ours remembers the regulators and targets that its edges were chosen from.
    result = edges if read_universe(network) is None else read_network(network)
    rows, columns = read_names(regulators), read_names(genes)
    table = tl.evaluate(result, reference, rows, columns)
    # Without the score of every candidate there is nothing to be said about calibration, unless it was asked for.
    rated = reliability is not None or math.isfinite(table.iloc[0]["brier"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GrnWarning)  # said once already
        rating = tl.reliability(result, reference, rows, columns) if rated else None
    if reliability is not None and rating is not None:
        pl.save(pl.reliability_curves({network.name: rating}), reliability)
    if json:
        own, *others = table.index
        bins = [] if rating is None else rating.table().to_dict("records")
        baselines = {name: table.loc[name].to_dict() for name in others}
        print_json({**table.loc[own].to_dict(), "reliability": bins, "baselines": baselines})
    else:
        counts = table.iloc[0]
        print(
            f"universe: {counts['candidates']:.0f} candidate edges, {counts['true_edges']:.0f} of them true "
            f"(density {counts['density']:.3g})"
        )
        print_table(table.drop(columns=["candidates", "true_edges", "density"]).T)
        if rating is not None:
            print_reliability(rating)
    if reliability is not None:
        say(f"written: {reliability}")

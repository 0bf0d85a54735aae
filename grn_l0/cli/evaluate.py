"""``grn-l0 evaluate``: a network against a reference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grn_l0.cli import options as opt
from grn_l0.cli.inputs import read_names, read_table
from grn_l0.cli.outputs import print_json, print_table


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
    json: opt.AsJson = False,
) -> None:
    """Score a network against a reference, beside chance and the same network shuffled."""
    edges, reference = read_table(network), read_table(truth)
    if edges is None or reference is None:  # both are required; said for the type checker
        raise typer.Abort
    from grn_l0 import tl
    from grn_l0.network import read_network, read_universe

    # A GraphML file of ours remembers the regulators and targets that its edges were chosen from.
    result = edges if read_universe(network) is None else read_network(network)
    table = tl.evaluate(result, reference, regulators=read_names(regulators), genes=read_names(genes))
    if json:
        own, *others = table.index
        print_json({**table.loc[own].to_dict(), "baselines": {name: table.loc[name].to_dict() for name in others}})
    else:
        counts = table.iloc[0]
        print(
            f"universe: {counts['candidates']:.0f} candidate edges, {counts['true_edges']:.0f} of them true "
            f"(density {counts['density']:.3g})"
        )
        print_table(table.drop(columns=["candidates", "true_edges", "density"]).T)

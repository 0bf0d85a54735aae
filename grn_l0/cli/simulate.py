"""``grn-l0 simulate``: data whose network is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grn_l0._errors import OptionError
from grn_l0.cli import options as opt
from grn_l0.cli.outputs import check_outputs, say


def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT.h5ad", help="The data; the truth goes beside it.")],
    genes: Annotated[int, typer.Option("--genes", min=3, help="Number of genes.")] = 60,
    trajectories: Annotated[int, typer.Option("--trajectories", min=1, help="Number of time courses.")] = 50,
    noise: Annotated[float, typer.Option("--noise", min=0, help="Standard deviation of the measurement.")] = 0.05,
    seed: opt.Seed = 0,
    quiet: opt.Quiet = False,
) -> None:
    """Simulate a regulatory system: OUT.h5ad, and its true edges as OUT.truth.csv."""
    check_outputs(("OUT", out, (".h5ad",)))
    if not noise < float("inf"):
        raise OptionError(f"--noise {noise}: give a finite standard deviation")
    truth = out.with_suffix(".truth.csv")
    from grn_l0 import datasets, tl
    from grn_l0._atomic import atomic_path

    adata = datasets.simulated(genes=genes, trajectories=trajectories, noise=noise, seed=seed)
    edges = tl.edges_of(adata, "truth")
    tl.write_annotated(adata, out)
    with atomic_path(truth) as path:
        edges.to_csv(path, index=False)
    say(f"{adata.n_obs} observations of {adata.n_vars} genes, {len(edges)} true edges", quiet)
    say(f"written: {out}, {truth}", quiet)

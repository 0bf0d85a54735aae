"""The commands, listed once."""

from __future__ import annotations

from typing import Annotated

import typer

from grn_l0.cli.benchmark import benchmark
from grn_l0.cli.compare import compare
from grn_l0.cli.data import data
from grn_l0.cli.demo import demo
from grn_l0.cli.evaluate import evaluate
from grn_l0.cli.forecast import forecast
from grn_l0.cli.infer import infer
from grn_l0.cli.simulate import simulate

app = typer.Typer(
    name="grn-l0",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from grn_l0 import __version__

        print(f"grn-l0 {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Sparse, signed, scored gene regulatory networks from expression over time."""


app.command()(infer)
app.command()(forecast)
app.command()(evaluate)
app.command()(compare)
app.command()(simulate)
app.add_typer(data, name="data")
app.command()(benchmark)
app.command()(demo)

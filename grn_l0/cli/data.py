"""``grn-l0 data``: the published files."""

from __future__ import annotations

from typing import Annotated

import typer

from grn_l0.cli import options as opt
from grn_l0.cli.outputs import print_json, print_table

data = typer.Typer(no_args_is_help=True, help="The published files: what there is, and fetching them.")


@data.command("list")
def list_files(json: opt.AsJson = False) -> None:
    """List the files that are known, with licence and size."""
    from grn_l0 import datasets

    table = datasets.registry()
    if json:
        print_json(table.reset_index().to_dict(orient="records"))
    else:
        short = table.set_index("name")[["repository", "licence", "bytes"]]
        print_table(short.rename(columns={"bytes": "size"}).assign(size=[_size(n) for n in short["bytes"]]))


@data.command("fetch")
def fetch_file(name: Annotated[str, typer.Argument(metavar="NAME", help="A name that `data list` shows.")]) -> None:
    """Fetch one file (checksum verified) and print where it lies."""
    from grn_l0 import datasets

    print(datasets.fetch(name))


def _size(n: int) -> str:
    return "?" if n <= 0 else f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{n / 1e3:.1f} kB"

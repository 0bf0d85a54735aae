"""``grn-l0 compare``: how much networks agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grn_l0.cli import options as opt
from grn_l0.cli.inputs import read_names
from grn_l0.cli.outputs import print_json, print_table, say

if TYPE_CHECKING:
    from grn_l0.tl import Comparison


def compare(
    networks: Annotated[
        list[Path],
        typer.Argument(
            metavar="A B [C]...", help="What infer --out or, better, infer --scores wrote; or any tables of edges."
        ),
    ],
    differences: Annotated[
        int, typer.Option("--differences", min=0, help="Show so many of the surest edges that one has and another not.")
    ] = 0,
    regulators: opt.Regulators = None,
    genes: Annotated[
        Path | None, typer.Option("--genes", help="Text file of the target genes that count, one name per line.")
    ] = None,
    json: opt.AsJson = False,
) -> None:
    """Say how much two or more networks agree: in their edges, ranking, signs and weights."""
    from grn_l0 import tl
    from grn_l0._errors import OptionError

    if len(networks) < 2:
        raise OptionError("one network given; name two or more files to compare")
    found = tl.compare(*networks, regulators=read_names(regulators), genes=read_names(genes))
    if json:
        print_json(_as_dict(found, differences))
        return
    _print(found, differences)


def _print(found: Comparison, differences: int) -> None:
    common, table = found.common, found.table
    print(
        f"universe: {len(common.regulators)} regulators, {len(common.genes)} genes, "
        f"{int(common.candidates.sum())} candidate edges in common"
    )
    for note in found.notes:
        say(f"note: {note}")
    columns = [f"{first} | {second}" for first, second in table.index]
    shown = table.drop(columns="candidates").T
    print_table(shown.set_axis(columns, axis=1))
    if len(common.networks) > 2:
        print("edges found by " + ", ".join(f"{k} of them: {n}" for k, n in found.found_by.items()))
    if differences:
        edges = found.differences(differences)
        print("\nthe surest edges of one that the other does not have:")
        where = [f"{one}, not {other}" for one, other in zip(edges.pop("only_in"), edges.pop("not_in"), strict=True)]
        print_table(edges.set_axis(where, axis=0))


def _as_dict(found: Comparison, differences: int) -> dict[str, object]:
    common = found.common
    pairs = [
        {"first": first, "second": second, **row}
        for (first, second), row in zip(found.table.index, found.table.to_dict("records"), strict=True)
    ]
    out: dict[str, object] = {
        "networks": list(common.networks),
        "regulators": len(common.regulators),
        "genes": len(common.genes),
        "candidates": int(common.candidates.sum()),
        "pairs": pairs,
        "found_by": {str(k): int(n) for k, n in found.found_by.items()},
        "notes": list(found.notes),
    }
    if differences:
        out["differences"] = found.differences(differences).to_dict("records")
    return out

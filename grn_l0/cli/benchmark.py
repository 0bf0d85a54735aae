"""``grn-l0 benchmark``: the tables of the README, made again."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from grn_l0.cli import options as opt
from grn_l0.cli.outputs import check_outputs, print_json, say
from grn_l0.cli.progress import progress


class BenchmarkName(StrEnum):
    """The data sets that have a benchmark, and the comparison of all methods."""

    sim350 = "sim350"
    yeast = "yeast"
    hematopoiesis = "hematopoiesis"
    breast_cancer = "breast-cancer"
    accuracy = "accuracy"
    sparsity = "sparsity"


def benchmark(
    name: Annotated[
        BenchmarkName,
        typer.Argument(
            metavar="NAME",
            help="sim350, yeast, hematopoiesis, breast-cancer; accuracy: every data set with every method, resumable; "
            "sparsity: every gate, penalty and constraint.",
        ),
    ],
    noise: Annotated[float, typer.Option("--noise", min=0, help="Noise of the simulated measurement (sim350).")] = 0.05,
    prior: Annotated[
        str | None, typer.Option("--prior", help="Level of the published prior file: 0.025, 0.05 or 0.1 (sim350).")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Number of seeds; the table gives the median.")] = 3,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The table as a file: .md, .csv or .json; for accuracy and sparsity a folder."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Cases, such as 'SIM350/*' (accuracy), or parts (sparsity).")
    ] = None,
    methods: Annotated[
        list[str] | None, typer.Option("--methods", help="Methods, a pattern such as 'lasso'; repeatable (accuracy).")
    ] = None,
    processes: Annotated[
        int, typer.Option("--processes", min=0, help="Cells run at a time, one thread each (accuracy).")
    ] = 2,
    again: Annotated[bool, typer.Option("--again", help="Also run cells that are finished (accuracy).")] = False,
    list_cases: Annotated[bool, typer.Option("--list", help="List the cases and leave (accuracy).")] = False,
    threads: opt.Threads = 1,
    json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Run one benchmark: every figure beside the floor it has to beat."""
    if name is BenchmarkName.accuracy:
        from grn_l0.cli.accuracy import accuracy

        accuracy(
            out, only=only or (), methods=methods or (), seeds=seeds, processes=processes, again=again,
            list_cases=list_cases, json=json, quiet=quiet,
        )  # fmt: skip
        return
    if name is BenchmarkName.sparsity:
        _sparsity(out, seeds, processes, only or (), quiet)
        return
    check_outputs(("--out", out, (".md", ".csv", ".json")))
    from grn_l0 import benchmark as benchmarks

    opt.use_threads(threads)
    settings = benchmarks.Settings(noise=noise, prior=prior, seeds=seeds, threads=threads)
    with progress(quiet) as report:
        table = benchmarks.run(name.value, settings, progress=report)
    if out is not None:
        table.write(out)
        say(f"written: {out}", quiet)
    if json:
        print_json(table.to_dict())
    else:
        print(table.to_text())


def _sparsity(out: Path | None, seeds: int, processes: int, parts: Sequence[str], quiet: bool) -> None:
    from grn_l0._errors import OptionError
    from grn_l0.benchmark import sparsity as suite

    if out is None:
        raise OptionError("sparsity writes several files; name a folder: --out benchmarks/results")
    command = " ".join([f"grn-l0 benchmark sparsity --seeds {seeds}", *(f"--only {part}" for part in parts)])
    chosen = tuple(parts) or suite.PARTS
    for path in suite.sparsity(
        out, seeds=seeds, processes=processes, parts=chosen, command=command, say=lambda line: say(line, quiet)
    ):
        say(f"written: {path}", quiet)

"""``grn-l0 benchmark``: the tables of the README, made again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
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
    calibration = "calibration"
    speed = "speed"
    scale = "scale"


def benchmark(
    name: Annotated[
        BenchmarkName,
        typer.Argument(
            metavar="NAME",
            help="sim350, yeast, hematopoiesis, breast-cancer; accuracy: every data set with every method, resumable; "
            "sparsity: every gate, penalty and constraint; calibration: scores against truth on fresh systems; "
            "speed, scale: seconds and memory, resumable.",
        ),
    ],
    noise: Annotated[float, typer.Option("--noise", min=0, help="Noise of the simulated measurement (sim350).")] = 0.05,
    prior: Annotated[
        str | None, typer.Option("--prior", help="Level of the published prior file: 0.025, 0.05 or 0.1 (sim350).")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Number of seeds; the table gives the median.")] = 3,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The table as a file: .md, .csv or .json; a folder for those of several files."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="Cases, as 'SIM350/*' (accuracy), parts (sparsity), designs (calibration), pieces (speed, scale).",
        ),
    ] = None,
    methods: Annotated[
        list[str] | None, typer.Option("--methods", help="Methods, a pattern such as 'lasso'; repeatable (accuracy).")
    ] = None,
    processes: Annotated[
        int,
        typer.Option("--processes", min=0, help="Cells run at a time (accuracy), workers of the resamples (speed)."),
    ] = 2,
    again: Annotated[
        bool, typer.Option("--again", help="Also run cells that are finished (accuracy, speed, scale).")
    ] = False,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Runs of each piece (speed, scale).")] = 3,
    most: Annotated[int | None, typer.Option("--most", min=1, help="At most so many genes (scale).")] = None,
    limit: Annotated[
        float | None,
        typer.Option("--limit", metavar="SECONDS", help="Seconds after which a run is ended (speed, scale)."),
    ] = None,
    memory: Annotated[
        float | None, typer.Option("--memory", metavar="GIB", help="Memory at which a run is ended (speed, scale).")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Docs page into which the measured points are written (scale).")
    ] = None,
    list_cases: Annotated[
        bool, typer.Option("--list", help="List the cases, or pieces, and leave (accuracy, speed, scale).")
    ] = False,
    threads: Annotated[
        int,
        typer.Option(
            "--threads",
            min=1,
            help="Threads of a run (sim350, yeast, hematopoiesis, breast-cancer, speed, scale; the others take one).",
        ),
    ] = 1,
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
    if name is BenchmarkName.calibration:
        _calibration(out, seeds, only or (), quiet)
        return
    if name in (BenchmarkName.speed, BenchmarkName.scale):
        from grn_l0.cli.measure import Measuring, measure

        asked = Measuring(
            only=only or (), most=most, repeats=repeats, threads=threads, jobs=processes, limit_s=limit,
            limit_gib=memory, again=again, list_pieces=list_cases, json=json, quiet=quiet,
        )  # fmt: skip
        measure(name.value, out, asked, page)
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


def _calibration(out: Path | None, seeds: int, only: Sequence[str], quiet: bool) -> None:
    from grn_l0._errors import OptionError
    from grn_l0.benchmark import calibration as study

    if out is None:
        raise OptionError("calibration writes several files; name a folder: --out benchmarks/results")
    chosen = [d for d in study.DESIGNS if not only or any(fnmatchcase(d.name, pattern) for pattern in only)]
    if not chosen:
        known = "; ".join(d.name for d in study.DESIGNS)
        raise OptionError(f"--only {' --only '.join(only)} matches no design; there are: {known}")
    words = ["grn-l0", "benchmark", "calibration", "--seeds", str(seeds)]
    words += [word for pattern in only for word in ("--only", pattern)]
    opt.use_threads(1)
    command = shlex.join(words)
    for path in study.calibration(out, seeds=seeds, designs=chosen, command=command, say=lambda line: say(line, quiet)):
        say(f"written: {path}", quiet)

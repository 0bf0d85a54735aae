"""``grn-l0 benchmark accuracy``: every data set with every method, cell by cell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from grn_l0.cli.outputs import print_json, say


def accuracy(
    out: Path | None,
    *,
    only: Sequence[str],
    methods: Sequence[str],
    seeds: int,
    processes: int,
    again: bool,
    list_cases: bool,
    json: bool,
    quiet: bool,
) -> None:
    """Run the cells that are not finished, and write table, report and figures into the folder `out`.

    Raises
    ------
    OptionError
        If there is no folder, or a pattern matches nothing.
    BenchmarkError
        If cells failed; the others are in the report.
    """
    from grn_l0._errors import BenchmarkError, OptionError
    from grn_l0.benchmark import accuracy as suite

    plan = suite.Plan(only=tuple(only), methods=tuple(methods), seeds=seeds, processes=processes, again=again)
    if list_cases:
        print("\n".join(suite.list_cells(plan)))
        return
    if out is None:
        raise OptionError("accuracy writes several files; name a folder: --out benchmarks/results")
    words = ["grn-l0", "benchmark", "accuracy", "--seeds", str(seeds)]
    words += [word for pattern in only for word in ("--only", pattern)]
    words += [word for pattern in methods for word in ("--methods", pattern)]
    done = suite.accuracy(plan, out, command=shlex.join(words), say=lambda line: say(line, quiet))
    for path in done.files:
        say(f"written: {path}", quiet)
    if json:
        print_json({"files": [str(path) for path in done.files], "cells": done.cells, "failed": done.failed})
    if done.failed:
        raise BenchmarkError(f"{done.failed} cells failed and will be run again; the report names them")

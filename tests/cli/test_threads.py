"""What `--threads` says it does when it is left out, and what it then does."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest
import typer

from grn_l0 import tl
from grn_l0.cli import options
from grn_l0.cli.app import app
from grn_l0.tl.threads import checked_threads

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
#: Words of the help where the default is all cores.
ALL = "[default: as many as cores that this process may use]"


def threads_of(command: str):
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return next(p for p in commands[command].params if p.name == "threads")


@pytest.mark.parametrize(("command", "default"), [("infer", None), ("demo", None), ("forecast", 1), ("benchmark", 1)])
def test_help_and_synopsis_say_what_the_default_is(command, default):
    option = threads_of(command)
    assert option.default == default
    # Typer itself prints a default that is not None.
    assert (ALL in option.help) is (default is None)
    synopsis = PAGE.read_text().split("```")[1].split(f"grn-l0 {command}", 1)[1].split("\ngrn-l0 ", 1)
    words = "".join(synopsis) if command == "benchmark" else synopsis[0]
    assert f"[--threads {'N' if default is None else default}]" in words


def test_without_it_infer_takes_all_cores_and_forecast_one(grn, fitted, monkeypatch):
    assert inspect.signature(tl.infer).parameters["threads"].default is None
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2}, raising=False)
    assert checked_threads(None) == 3
    seen = []
    monkeypatch.setattr(options, "use_threads", seen.append)
    done = grn("forecast", fitted / "model.safetensors", fitted / "data.h5ad", "--quiet")
    assert done.status == 0, done.err
    assert seen == [1]

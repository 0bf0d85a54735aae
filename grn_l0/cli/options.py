"""Options that several commands share, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TimeKey = Annotated[str | None, typer.Option("--time-key", help="Column of obs with times (numbers).  [default: time]")]
TrajectoryKey = Annotated[
    str | None,
    typer.Option("--trajectory-key", help="Column of obs that names time courses: one label for each of them."),
]
PseudotimeKey = Annotated[
    str | None,
    typer.Option("--pseudotime-key", help="Column of obs with pseudotime; cells are binned along it per trajectory."),
]
Bins = Annotated[int | None, typer.Option("--bins", min=2, help="Bins of cells per trajectory along pseudotime.")]
BranchKey = Annotated[
    str | None, typer.Option("--branch-key", help="Column of obs with the branch of each cell; the trunk is shared.")
]
Stimulus = Annotated[
    list[str] | None,
    typer.Option("--stimulus", metavar="NAME", help="Column of obs with the level of a stimulus. May be repeated."),
]
KnockoutKey = Annotated[
    str | None,
    typer.Option(
        "--knockout-key",
        help="Column of obs with the gene knocked out; none to ignore it.  [default: knockout, if there is one]",
    ),
]
SteadyKey = Annotated[
    str | None,
    typer.Option(
        "--steady-key",
        help="Column of obs, true for steady states; none to ignore it.  [default: steady_state, if there is one]",
    ),
]
Layer = Annotated[str | None, typer.Option("--layer", help="Layer with the expression; X by default.")]
Regulators = Annotated[
    Path | None, typer.Option("--regulators", help="Text file of candidate regulators, one name per line.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same result.")]
Threads = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Threads of the fit.  [default: as many as cores that this process may use]"),
]
TorchThreads = Annotated[int, typer.Option("--threads", min=1, help="Threads of torch.")]
Device = Annotated[
    str,
    typer.Option(
        "--device", metavar="cpu|cuda|auto", help="Where equations are solved; auto: a GPU where torch sees one."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Results as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress and no summary; warnings stay.")]


def use_threads(threads: int) -> None:
    """Set the threads of torch in this process: it belongs to the command line, so nothing else is affected."""
    import torch

    torch.set_num_threads(threads)


def optional_key(key: str | None) -> str | None:
    """The key of a column that is taken by itself where it is there: "auto" if not given, None for "none"."""
    return "auto" if key is None else None if key.casefold() == "none" else key


def check_keys(time_key: str | None, pseudotime_key: str | None) -> None:
    """Refuse real time and pseudotime together.

    Raises
    ------
    OptionError
        If both are given.
    """
    from grn_l0._errors import OptionError

    if time_key is not None and pseudotime_key is not None:
        raise OptionError(
            f"--time-key {time_key} and --pseudotime-key {pseudotime_key} exclude each other; give the one that orders "
            "your observations"
        )

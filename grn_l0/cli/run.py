"""What surrounds every command: errors and warnings as one line each, and an exit status."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

import typer

from grn_l0._errors import GrnError, GrnWarning

#: Exit statuses: a mistake in the input or the options; stopped by Ctrl-C (128 + SIGINT, as shells have it).
MISTAKE, INTERRUPTED = 2, 130


def run(args: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    args
        Words after ``grn-l0``; those of this process by default.

    Returns
    -------
    int
        Exit status: 0, 2 for a mistake in the input or the options, 130 when stopped by Ctrl-C.
    """
    from grn_l0.cli.app import app

    command = typer.main.get_command(app)
    with warnings.catch_warnings():
        if not sys.warnoptions:  # an explicit python -W, or PYTHONWARNINGS, keeps its say
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", GrnWarning)
        warnings.showwarning = _show_warning
        try:
            words = sys.argv[1:] if args is None else list(args)
            # As `obj`, so that a command that is stopped can say how to go on.
            status = int(command.main(args=words, prog_name="grn-l0", standalone_mode=False, obj=words) or 0)
        except GrnError as error:
            return _fail(str(error))
        except typer.Abort:  # older versions of typer turn Ctrl-C into this, newer ones into status 130
            status = INTERRUPTED
        except Exception as error:
            # The usage errors of click; newer versions of typer carry a copy of click with classes of its own.
            if not hasattr(error, "format_message"):
                raise
            context = getattr(error, "ctx", None)
            place = context.command_path if context is not None else "grn-l0"
            return _fail(f"{error.format_message().rstrip('.')} (see {place} --help)")
    if status == INTERRUPTED:
        _say("stopped. Every file is written whole or not at all: a file that is there is complete.")
    return status


def _say(text: str) -> None:
    print(f"grn-l0: {' '.join(text.split())}", file=sys.stderr, flush=True)


def _fail(text: str) -> int:
    _say(text)
    return MISTAKE


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
    **_: Any,
) -> None:
    kind = "warning" if issubclass(category, GrnWarning) else f"warning ({category.__name__})"
    _say(f"{kind}: {message}")

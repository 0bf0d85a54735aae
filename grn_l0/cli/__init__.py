"""The command line ``grn-l0``: the only place where strings become objects."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line with the arguments of this process, and leave with its exit status."""
    from grn_l0.cli.run import run

    sys.exit(run())

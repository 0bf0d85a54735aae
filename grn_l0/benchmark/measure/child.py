"""Life of a measured process: ``python -m grn_l0.benchmark.measure.child module:function in.json out.json``."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from grn_l0._atomic import atomic_path


def main(call: str, arguments: str, answer: str) -> None:
    """Call the function with the arguments in the first file, and write the figures that it returns to the second."""
    module, _, function = call.partition(":")
    given = json.loads(Path(arguments).read_text(encoding="utf-8"))
    figures = getattr(importlib.import_module(module), function)(**given)
    with atomic_path(answer) as temporary:
        temporary.write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The map of the package has a line for every file."""

from __future__ import annotations

import re
from pathlib import Path

from grn_l0 import posterior


def test_every_file_is_on_the_map_once() -> None:
    listed = re.findall(r"^    ``(\w+)``  ", posterior.__doc__ or "", re.MULTILINE)
    there = {path.stem for path in Path(posterior.__file__).parent.glob("*.py")} - {"__init__"}
    assert sorted(listed) == sorted(there)

"""The package itself: its parts are found by name, and only when asked for."""

from __future__ import annotations

import pytest

import grn_l0 as gl


def test_parts_are_imported_when_used():
    assert gl.tl.__name__ == "grn_l0.tl"
    assert {"tl", "pl", "pp", "datasets", "__version__"} <= set(dir(gl))
    with pytest.raises(AttributeError, match="no_such_part"):
        _ = gl.no_such_part

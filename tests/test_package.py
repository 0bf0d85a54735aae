"""The package itself: its parts are found by name, and only when asked for."""

from __future__ import annotations

import pytest

import grn_l0 as gl


def test_parts_are_imported_when_used():
    assert gl.tl.__name__ == "grn_l0.tl"
    assert {"tl", "pl", "pp", "datasets", "__version__"} <= set(dir(gl))
    with pytest.raises(AttributeError, match="no_such_part"):
        _ = gl.no_such_part


def test_every_exception_is_at_the_root():
    from grn_l0 import _errors

    for name, value in vars(_errors).items():
        if isinstance(value, type) and issubclass(value, Exception | Warning):
            assert getattr(gl, name) is value
            assert name in gl.__all__

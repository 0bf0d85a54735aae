"""Small files that accompany the data: lists of names, and tables of edges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def read_names(path: Path | None) -> tuple[str, ...] | None:
    """Names from a text file, or None without one; see `grn_l0.pp.read_names`."""
    if path is None:
        return None
    from grn_l0 import pp

    return pp.read_names(path)


def read_table(path: Path | None) -> pd.DataFrame | None:
    """Edges from a table or a GraphML file, or None without one; see `grn_l0.network.read_edges`."""
    if path is None:
        return None
    from grn_l0.network import read_edges

    return read_edges(path)

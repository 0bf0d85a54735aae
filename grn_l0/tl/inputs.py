"""Lists of names and tables of edges, as they are or as paths."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from grn_l0 import pp
from grn_l0._errors import OptionError
from grn_l0._typing import PathLikeStr
from grn_l0.network import read_edges


def names_of(given: Iterable[str] | PathLikeStr, what: str) -> Iterable[str]:
    """Names, or those in a file, see `grn_l0.pp.read_names`.

    Raises
    ------
    OptionError
        If it is neither.
    """
    if isinstance(given, str | os.PathLike):
        return pp.read_names(given)
    if isinstance(given, Iterable):
        return given
    raise OptionError(f"{what} must be a list of names, or the path of one, not {type(given).__name__}")


def prior_of(given: Any) -> pd.DataFrame:
    """A prior, or the one in a file (GraphML, or a table as `grn_l0.pp.read_table` reads it).

    Raises
    ------
    OptionError
        If it is neither.
    """
    if isinstance(given, pd.DataFrame):
        return given
    if isinstance(given, str | os.PathLike):
        return read_edges(given) if Path(given).suffix.lower() == ".graphml" else pp.read_table(given)
    raise OptionError(
        f"prior must be a DataFrame (source, target), or the path of such a table, not {type(given).__name__}"
    )

"""Plots to files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grn_l0._atomic import atomic_path
from grn_l0._errors import OptionError
from grn_l0._typing import PathLikeStr

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def save(ax: Axes | Any, path: PathLikeStr, *, dpi: int = 150) -> None:
    """Write the figure that these axes (or any of an array of axes) belong to; the suffix says how.

    Raises
    ------
    OptionError
        If the axes belong to no figure.
    OutputError
        If the folder does not exist.
    """
    first = ax.flat[0] if hasattr(ax, "flat") else ax
    figure: Any = first.figure
    if figure is None:
        raise OptionError("these axes belong to no figure")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=dpi)

"""Branches along pseudotime: every branch of a donor is a course of its own, which begins with the shared trunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.pp._columns import MISSING, column, natural_order

if TYPE_CHECKING:
    from anndata import AnnData

_TRUNK = MISSING | {"trunk"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Courses:
    """Cells of each course; a cell of the trunk comes once per branch.

    `rows` are positions of cells among all, `group` those of their courses among `names`, and `share` what the cell
    counts there: 1 over the number of courses it belongs to.
    """

    rows: Int[ndarray, " places"]
    group: Int[ndarray, " places"]
    names: tuple[str, ...]
    share: Float[ndarray, " places"]


def branches(
    adata: AnnData,
    key: str | None,
    group: Int[ndarray, " cells"],
    names: tuple[str, ...],
    keep: Bool[ndarray, " cells"],
    *,
    one: bool,
) -> Courses:
    """The courses of the cells to keep, by trajectory and branch.

    Parameters
    ----------
    adata
        Whose ``obs`` has the column.
    key
        The column; None for no branches.
    group, names
        Trajectory (donor) of each cell.
    keep
        Cells with a pseudotime.
    one
        Whether there is one trajectory only, whose name says nothing.

    Raises
    ------
    MissingKeyError
        If there is no such column.
    """
    cells = np.flatnonzero(keep)
    if key is None:
        return Courses(rows=cells, group=group[cells], names=names, share=np.ones(len(cells)))
    values = column(adata, key, "the branch key")
    label = np.array(["" if missing else str(v).strip() for v, missing in zip(values, values.isna(), strict=True)])
    label = np.where([text.casefold() in _TRUNK for text in label], "", label)
    rows, places, share, courses = [], [], [], list[str]()
    for k, name in enumerate(names):
        mine = cells[group[cells] == k]
        trunk = mine[label[mine] == ""]
        found = np.unique(label[mine][label[mine] != ""])
        found = found[natural_order(found)] if len(found) else np.array([""])
        for branch in found:
            own = mine[label[mine] == branch] if branch else mine[:0]
            both = np.concatenate([trunk, own])
            rows.append(both)
            share.append(np.concatenate([np.full(len(trunk), 1.0 / len(found)), np.ones(len(own))]))
            places.append(np.full(len(both), len(courses)))
            courses.append(str(branch) if one and branch else f"{name}:{branch}" if branch else name)
    return Courses(
        rows=np.concatenate(rows),
        group=np.concatenate(places).astype(np.int64),
        names=tuple(courses),
        share=np.concatenate(share),
    )

"""Which pairs could be edges, in little memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from grn_l0._typing import Bool, Int, ndarray


def all_candidates(regulators: tuple[str, ...], targets: tuple[str, ...]) -> Bool[ndarray, "regulators targets"]:
    """Every pair but those of a gene with itself.

    Returns
    -------
    Shape (R, N), False where regulator and target have the same name.
    """
    return Candidates(regulators, targets).matrix()


class Candidates:
    """The pairs that could be edges: those of a mask, or all, but those of a gene with itself.

    Parameters
    ----------
    regulators, targets
        Names of rows and columns, R and N.
    mask
        Shape (R, N). It is kept (as a copy) only if it leaves out other pairs than those of a gene with itself.
    """

    def __init__(self, regulators: tuple[str, ...], targets: tuple[str, ...], mask: Any = None) -> None:
        self.shape = (len(regulators), len(targets))
        position = {name: k for k, name in enumerate(targets)}
        #: Where each regulator is among the targets, -1 for nowhere.
        self.own: Int[ndarray, " regulators"] = np.array([position.get(name, -1) for name in regulators], np.int64)
        self.mask: Bool[ndarray, "regulators targets"] | None = None
        rows = np.flatnonzero(self.own >= 0)
        self.count = self.shape[0] * self.shape[1] - len(rows)
        if mask is None:
            return
        mask = np.asarray(mask, dtype=bool)
        inside = int(np.count_nonzero(mask)) - int(np.count_nonzero(mask[rows, self.own[rows]]))
        if inside < self.count:
            self.mask, self.count = mask.copy(), inside

    def rows(self, rows: slice) -> Bool[ndarray, "rows targets"]:
        """Some rows, dense, of one's own."""
        own = self.own[rows]
        allowed = np.ones((len(own), self.shape[1]), dtype=bool) if self.mask is None else self.mask[rows].copy()
        there = np.flatnonzero(own >= 0)
        allowed[there, own[there]] = False
        return allowed

    def matrix(self) -> Bool[ndarray, "regulators targets"]:
        """All rows."""
        return self.rows(slice(0, self.shape[0]))

"""Tells whoever asked how far a stage is, and keeps the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from grn_l0._journal import Journal
from grn_l0._typing import Progress


@dataclass(kw_only=True)
class Reporter:
    """Collects the figures of every step and passes them on.

    Parameters
    ----------
    progress
        Called as ``progress(stage, done, total, figures)``, or None.
    candidates
        Number of all candidate edges, also of those that no gate is trained for: density is a share of these.
    journal
        Where stages keep how far they have come.
    """

    progress: Progress | None = None
    candidates: int = 0
    journal: Journal = field(default_factory=Journal)
    rows: list[dict[str, float | str]] = field(default_factory=list)

    def report(
        self, stage: str, done: int, total: int, loss: float, open_gates: float, more: Mapping[str, float] | None = None
    ) -> None:
        """One step of `stage` is done, with so many gates expected to be open; `more`: figures of the sparsity."""
        density = open_gates / self.candidates if self.candidates else 0.0
        figures = {"loss": loss, "density": density, **(more or {})}
        self.rows.append({"step": done, "stage": stage, **figures})
        if self.progress is not None:
            self.progress(stage, done, total, {"loss": loss, "density": density})

    def resumed(self, stage: str, done: int, total: int) -> None:
        """So much of `stage` was done before, as the rows, which came with it, say."""
        if self.progress is not None and self.rows:
            figures = {name: float(self.rows[-1][name]) for name in ("loss", "density")}
            self.progress(stage, done, total, {**figures, "resumed": 1.0})

    def history(self) -> pd.DataFrame:
        """One row per step: step, stage, loss (nats), density (expected share of all candidates that are open), flops.

        `flops` are the multiplications and additions that open gates are expected to cost in one evaluation of
        production in one state. Under a constraint there are also its multiplier (nats per edge) and violation.
        """
        rows = pd.DataFrame(self.rows)
        return rows if len(rows) else pd.DataFrame(columns=["step", "stage", "loss", "density", "flops"])

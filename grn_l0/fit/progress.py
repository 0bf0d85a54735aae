"""Tells whoever asked how far a stage is, and keeps the history."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from grn_l0._typing import Progress


@dataclass(kw_only=True)
class Reporter:
    """Collects (step, stage, loss, density) and passes them on.

    Parameters
    ----------
    progress
        Called as ``progress(stage, done, total, figures)``, or None.
    candidates
        Number of all candidate edges, also of those that no gate is trained for: density is a share of these.
    """

    progress: Progress | None = None
    candidates: int = 0
    rows: list[tuple[int, str, float, float]] = field(default_factory=list)

    def report(self, stage: str, done: int, total: int, loss: float, open_gates: float) -> None:
        """One step of `stage` is done, with so many gates expected to be open."""
        density = open_gates / self.candidates if self.candidates else 0.0
        self.rows.append((done, stage, loss, density))
        if self.progress is not None:
            self.progress(stage, done, total, {"loss": loss, "density": density})

    def history(self) -> pd.DataFrame:
        """One row per step: step, stage, loss (nats), density (expected share of all candidates that are open)."""
        return pd.DataFrame(self.rows, columns=["step", "stage", "loss", "density"])

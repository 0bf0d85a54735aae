"""What a round of the posterior works with."""

from __future__ import annotations

from dataclasses import dataclass

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.covariance import Basis, Kinds
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.response import Design


@dataclass(frozen=True, eq=False)
class Setting:
    """Data and noise models of one round.

    Attributes
    ----------
    designs, measured
        The designs, and the scaled measurements (series, times, genes) of each.
    kinds, bases, choice
        The dictionary of noise models, its components per rate and design, and each gene's entry.
    regulators
        Positions of the R regulators among the genes.
    observed
        Share of each gene's values that were measured.
    """

    designs: list[Design]
    measured: list[Float[ndarray, "series times genes"]]
    kinds: Kinds
    bases: dict[int, list[Basis]]
    choice: Choice
    regulators: Int[ndarray, " regulators"]
    observed: Float[ndarray, " genes"]

    def levels(self, kind: int) -> tuple[float, float, float]:
        """Levels of initial state, offset and drift of a kind."""
        kinds = self.kinds
        return float(kinds.initial[kind]), float(kinds.offset[kind]), float(kinds.drift[kind])

    def basis(self, kind: int, design: int) -> Basis:
        """Components of a kind's rate on a design."""
        return self.bases[int(self.kinds.rate_index[kind])][design]

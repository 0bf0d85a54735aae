"""What a round of the posterior works with."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.covariance import Basis, Kinds
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.response import Design


@dataclass(frozen=True, eq=False)
class Held:
    """Genes that are knocked out: their own equation does not hold, what was measured of them acts on others.

    `series` and `genes` are positions within a design; `course` (k, grid) is what was measured, on the grid.
    """

    series: Int[ndarray, " held"]
    genes: Int[ndarray, " held"]
    course: Float[ndarray, "held grid"]


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
    inputs
        Per design: K inputs on the grid, shape (series, grid, K), which act on genes as regulators do.
    lags
        Per design: what lies between a regulator and its targets, shape (grid, grid).
    held
        Per design: genes that are held from outside in some series.
    gaps
        Per design: what was observed of genes of which values are missing; empty if none are.
    """

    designs: list[Design]
    measured: list[Float[ndarray, "series times genes"]]
    kinds: Kinds
    bases: dict[int, list[Basis]]
    choice: Choice
    regulators: Int[ndarray, " regulators"]
    observed: Float[ndarray, " genes"]
    inputs: list[Float[ndarray, "series grid inputs"]]
    lags: list[Float[ndarray, "grid grid"]]
    held: list[Held]
    gaps: list[Gaps] = field(default_factory=list)

    @property
    def gappy(self) -> Bool[ndarray, " genes"]:
        """Genes of which values are missing."""
        out = np.zeros(len(self.observed), dtype=bool)
        if self.gaps:
            out[self.gaps[0].genes] = True
        return out

    def regressors(
        self, states: list[Float[ndarray, "series grid genes"]]
    ) -> list[Float[ndarray, "series grid columns"]]:
        """What targets are regressed on, see `regressors`."""
        return regressors(states, self.regulators, self.inputs, self.lags)

    def levels(self, kind: int) -> tuple[float, float, float]:
        """Levels of initial state, offset and drift of a kind."""
        kinds = self.kinds
        return float(kinds.initial[kind]), float(kinds.offset[kind]), float(kinds.drift[kind])

    def basis(self, kind: int, design: int) -> Basis:
        """Components of a kind's rate on a design."""
        return self.bases[int(self.kinds.rate_index[kind])][design]


def produced(
    weight: sparse.csr_array, columns: Float[ndarray, "series grid columns"]
) -> Float[ndarray, "series grid genes"]:
    """Production without its offset: what targets are regressed on times the weights (N, columns)."""
    series, grid, n = columns.shape
    out: Float[ndarray, "series grid genes"] = (weight @ columns.reshape(-1, n).T).T.reshape(series, grid, -1)
    return out


def regressors(
    states: list[Float[ndarray, "series grid genes"]],
    regulators: Int[ndarray, " regulators"],
    inputs: list[Float[ndarray, "series grid inputs"]],
    lags: list[Float[ndarray, "grid grid"]],
) -> list[Float[ndarray, "series grid columns"]]:
    """Lagged states of the R regulators, then the K inputs, per design."""
    out = []
    for x, u, lag in zip(states, inputs, lags, strict=True):
        own = x[:, :, regulators]
        # Mostly nothing lies between genes, and nothing acts from outside.
        own = own if np.array_equal(lag, np.eye(len(lag))) else lag @ own
        out.append(np.concatenate([own, u], axis=2) if u.shape[2] else own)
    return out

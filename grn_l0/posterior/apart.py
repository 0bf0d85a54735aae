"""Whitening of targets that cannot share it: some of their values are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.fixed_effects import all_effects, orthonormal
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.setting import Setting


@dataclass(frozen=True, eq=False)
class Apart:
    r"""Takes trajectories to the rows of one target that were observed, whitened, without fixed effects.

    Each series has the whitener of its own observed times, :math:`L^{-1}` with :math:`L L^\top = \Sigma_{oo}`. The
    fixed effects are projected out of these rows; `lost` of their directions are seen at all.

    `response` is C_d at the measured times of each design, `matrices` (series, times, times) whiten them, with zeros at
    missing times. `kept` tells the rows that remain.
    """

    response: list[Float[ndarray, "times grid"]]
    matrices: list[Float[ndarray, "series times times"]]
    kept: Bool[ndarray, " rows"]
    effects: Float[ndarray, "kept effects"]

    @property
    def lost(self) -> int:
        """Fixed effects that the rows tell apart."""
        return int(self.effects.shape[1])

    def rows(self, parts: list[Float[ndarray, "series times some"]]) -> Float[ndarray, "kept some"]:
        """Whiten trajectories at the measured times."""
        white = [(m @ y).reshape(-1, y.shape[2]) for m, y in zip(self.matrices, parts, strict=True)]
        whole = np.concatenate(white)[self.kept]
        out: Float[ndarray, "kept some"] = whole - self.effects @ (self.effects.T @ whole)
        return out

    def responses(self, parts: list[Float[ndarray, "series grid some"]]) -> Float[ndarray, "kept some"]:
        """Whitened responses C_d to productions on the grid."""
        return self.rows([response @ f for response, f in zip(self.response, parts, strict=True)])

    def white_response(self, q: int) -> Float[ndarray, "times grid"]:
        """C_d of a design, whitened for all of its series together: their precisions add up."""
        m = self.matrices[q]
        root = m[0] if len(m) == 1 else np.linalg.qr(m.reshape(-1, m.shape[2]), mode="r")
        out: Float[ndarray, "times grid"] = root @ self.response[q]
        return out


class Separate:
    """Makes the whiteners of single targets of one kind.

    Parameters
    ----------
    setting
        Data, noise models and gaps.
    kind
        Of the targets.
    genes
        The targets of this kind of which values are missing.
    """

    def __init__(self, setting: Setting, kind: int, genes: Int[ndarray, " some"]) -> None:
        self.effects = all_effects(setting, kind)
        self.response: list[Float[ndarray, "times grid"]] = []
        self.whiteners: list[Float[ndarray, "patterns times times"]] = []
        self.gaps: list[Gaps] = []
        for q, design in enumerate(setting.designs):
            part = setting.basis(kind, q)
            own = setting.gaps[q].of_genes(genes)[1]
            self.response.append(part.response[design.at])
            self.whiteners.append(own.whiteners(part.covariance(*setting.levels(kind))))
            self.gaps.append(own)

    def respond(self, parts: list[Float[ndarray, "series grid some"]]) -> list[Float[ndarray, "series times some"]]:
        """Responses C_d to productions on the grid, at the measured times."""
        return [response @ f for response, f in zip(self.response, parts, strict=True)]

    def of(self, gene: int) -> Apart:
        """The whitener of one target."""
        matrices, kept, fixed = [], [], []
        for whiteners, gaps, effects in zip(self.whiteners, self.gaps, self.effects, strict=True):
            index = gaps.index[:, np.searchsorted(gaps.genes, gene)]
            matrices.append(whiteners[index])
            kept.append(gaps.masks[index].ravel())
            fixed.append((matrices[-1] @ effects).reshape(-1, effects.shape[1]))
        rows = np.concatenate(kept)
        return Apart(self.response, matrices, rows, orthonormal(np.concatenate(fixed)[rows]))

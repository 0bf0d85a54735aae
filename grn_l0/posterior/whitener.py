"""From trajectories to rows of independent noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, ndarray
from grn_l0.posterior.fixed_effects import centred, orthonormal, shared_effects
from grn_l0.posterior.setting import Setting


@dataclass(frozen=True, eq=False)
class Whitener:
    """Takes trajectories on the grid, or measurements, to rows of independent noise without fixed effects.

    With 30 series or more of one schedule each time is centred over them, which removes (m, b) and any common drift.
    Other series lose (m, b) and, if they are 30 or more together, a common trend that is linear between knots. With
    fewer only (m, b) can be afforded.
    """

    setting: Setting
    kind: int
    matrices: list[Float[ndarray, "times times"]]
    effects: Float[ndarray, "rows effects"] | None
    lost: int

    @classmethod
    def of(cls, setting: Setting, kind: int) -> Whitener:
        """For the targets of one kind."""
        matrices, fixed, lost = [], [], 0
        for q, (design, effects) in enumerate(zip(setting.designs, shared_effects(setting, kind), strict=True)):
            sigma = setting.basis(kind, q).covariance(*setting.levels(kind))
            matrices.append(np.linalg.inv(np.linalg.cholesky(sigma)))
            fixed.append(np.tile(matrices[-1] @ effects, (len(design.series), 1)))
            lost += len(design.times) if centred(design) else 0
        whole = np.concatenate(fixed)
        if not whole.any():
            return cls(setting, kind, matrices, None, lost)
        # Samples at rest beside centred series know no initial state: its column is 0, and no direction is lost to it.
        basis = orthonormal(whole)
        return cls(setting, kind, matrices, basis, lost + basis.shape[1])

    def rows(self, parts: list[Float[ndarray, "series times some"]]) -> Float[ndarray, "rows some"]:
        """Whiten trajectories at the measured times."""
        out = []
        for matrix, design, y in zip(self.matrices, self.setting.designs, parts, strict=True):
            white = matrix @ y
            out.append((white - white.mean(axis=0) if centred(design) else white).reshape(-1, y.shape[2]))
        whole = np.concatenate(out)
        return whole if self.effects is None else whole - self.effects @ (self.effects.T @ whole)

    def responses(self, parts: list[Float[ndarray, "series grid some"]]) -> Float[ndarray, "rows some"]:
        """Whitened responses C_d to productions on the grid."""
        return self.rows([self.response(q) @ f for q, f in enumerate(parts)])

    def response(self, q: int) -> Float[ndarray, "times grid"]:
        """C_d at the measured times of a design."""
        out: Float[ndarray, "times grid"] = self.setting.basis(self.kind, q).response[self.setting.designs[q].at]
        return out

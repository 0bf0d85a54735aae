"""Gram matrices of targets that cannot share one: some of their values are missing, or series count less for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.response import Design
from grn_l0.posterior.setting import MANY, Setting
from grn_l0.posterior.uncertainty import Deviation

#: Directions of the fixed effects with less than this share of the largest are not in the data.
_ABSENT = 1e-9

#: Products of deviations are held for (R, R, T, T) values at once up to this many, else time by time.
_HELD = 2**24

#: Per design: how much a series' information on each target counts, shape (series, genes).
Trust = list[Float[ndarray, "series genes"]]


@dataclass(frozen=True, eq=False)
class Apart:
    r"""Takes trajectories to the rows of one target that were observed, whitened, without fixed effects.

    Each series has the whitener of its own observed times, :math:`L^{-1}` with :math:`L L^\top = \Sigma_{oo}`, times
    the root of its trust. The fixed effects, (m, b) and every time of 30 series or more of one schedule, are projected
    out of these rows; `lost` of their directions are seen at all.

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

    def precision(self, q: int) -> Float[ndarray, "times times"]:
        r"""Sum of :math:`\Sigma_{oo}^{-1}` over the series of a design, each times its trust."""
        m = self.matrices[q].reshape(-1, self.matrices[q].shape[2])
        out: Float[ndarray, "times times"] = m.T @ m
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
        The targets of this kind that have no Gram matrix in common.
    trust
        By how much information of each series is multiplied; None for 1. What has no trust at all is not counted as
        observed.
    """

    def __init__(self, setting: Setting, kind: int, genes: Int[ndarray, " some"], trust: Trust | None = None) -> None:
        self.setting, self.trust = setting, trust
        self.response = [setting.basis(kind, q).response[d.at] for q, d in enumerate(setting.designs)]
        self.whole: list[Float[ndarray, "times times"]] = []
        self.patterns: list[tuple[Float[ndarray, "patterns times times"], Gaps]] = []
        self.means: list[Float[ndarray, "times effects"]] = []
        for q, design in enumerate(setting.designs):
            part = setting.basis(kind, q)
            sigma = part.covariance(*setting.levels(kind))
            self.whole.append(np.linalg.inv(np.linalg.cholesky(sigma)))
            if setting.gaps:
                own = setting.gaps[q].of_genes(genes)[1]
                self.patterns.append((own.whiteners(sigma), own))
            self.means.append(self._effects(part.means[design.at], q))

    def _effects(self, means: Float[ndarray, "times two"], q: int) -> Float[ndarray, "times effects"]:
        """Columns of the fixed effects on one design: (m, b), then the times of designs that have many series."""
        designs = self.setting.designs
        many = [len(d.series) >= MANY for d in designs]
        width = [len(d.times) if m else 0 for d, m in zip(designs, many, strict=True)]
        out = np.zeros((len(means), 2 + sum(width)))
        if many[q]:
            start = 2 + sum(width[:q])
            out[:, start : start + len(means)] = np.eye(len(means))
        else:
            out[:, :2] = means
        return out

    def respond(self, parts: list[Float[ndarray, "series grid some"]]) -> list[Float[ndarray, "series times some"]]:
        """Responses C_d to productions on the grid, at the measured times."""
        return [response @ f for response, f in zip(self.response, parts, strict=True)]

    def of(self, gene: int) -> Apart:
        """The whitener of one target."""
        matrices, kept, fixed = [], [], []
        for q, design in enumerate(self.setting.designs):
            n, times = len(design.series), len(design.times)
            matrix, seen = np.broadcast_to(self.whole[q], (n, times, times)), np.ones((n, times), dtype=bool)
            if self.patterns:
                whiteners, gaps = self.patterns[q]
                at = np.flatnonzero(gaps.genes == gene)
                if len(at):
                    index = gaps.index[:, at[0]]
                    matrix, seen = whiteners[index], gaps.masks[index]
            if self.trust is not None:
                root = np.sqrt(self.trust[q][:, gene])
                matrix, seen = matrix * root[:, None, None], seen & (root > 0)[:, None]
            matrices.append(matrix)
            kept.append(seen.ravel())
            fixed.append((matrix @ self.means[q]).reshape(n * times, -1))
        rows = np.concatenate(kept)
        whole = np.concatenate(fixed)[rows]
        value, vector = np.linalg.eigh(whole.T @ whole)
        there = value > _ABSENT * max(value[-1], 1e-300)
        effects = whole @ (vector[:, there] / np.sqrt(value[there]))
        return Apart(self.response, matrices, rows, effects)


def add_deviations(
    gram: Float[ndarray, "targets regulators regulators"],
    design: Design,
    response: Float[ndarray, "times grid"],
    deviations: list[Deviation],
    precision: Float[ndarray, "targets times times"],
) -> None:
    r"""Add :math:`\sum_s \mathrm{tr}(\Sigma_s^{-1} H \mathrm{Cov}(x_j, x_k) H^\top)` to the targets' Gram matrices.

    `precision` is that of each target, summed over series: the trace is linear in it, so H Cov H' is computed once for
    all targets.
    """
    n, n_regulators = len(design.times), gram.shape[1]
    step = n if n_regulators**2 * n**2 <= _HELD else 1
    moved = [response @ d.root for d in deviations]
    for first in range(0, n, step):
        some = slice(first, first + step)
        width = len(range(n)[some])
        products = np.zeros((n_regulators, n_regulators, width * n))
        for part, z in zip(deviations, moved, strict=True):
            m = len(part.regulators)
            flat = z.reshape(m * n, -1)
            own = (z[:, some].reshape(m * width, -1) @ flat.T).reshape(m, width, m, n).transpose(0, 2, 1, 3)
            products[np.ix_(part.regulators, part.regulators)] += own.reshape(m, m, width * n)
        gram += np.tensordot(precision[:, some].reshape(len(gram), -1), products, axes=(1, 2))

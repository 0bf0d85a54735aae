"""Whitened Gram matrices of the regulators' responses, one per noise kind and shared by all its targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.curvature import MOST, curvature_of
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.states import States
from grn_l0.posterior.uncertainty import expected_products

#: From this many series of one schedule on, each time is centred over them.
MANY = 30


@dataclass(frozen=True, eq=False)
class Grams:
    """Sufficient statistics of every target's regression on the regulators.

    `index` (N,) is the position of the target's kind in `gram`, -1 for constant genes, which have no regulators.
    `bent` (N,) is the position of the target in `factor`, -1 if its production has no curvature: its own Gram matrix
    is ``gram - factor' factor``, of which the first `used` rows are not padding. `score` (N, R), `square` (N,) and
    `freedom` (N,) belong to the whitened targets.
    """

    gram: Float[ndarray, "kinds regulators regulators"]
    index: Int[ndarray, " genes"]
    factor: Float[ndarray, "bent pairs regulators"]
    bent: Int[ndarray, " genes"]
    used: Int[ndarray, " bent"]
    score: Float[ndarray, "genes regulators"]
    square: Float[ndarray, " genes"]
    freedom: Float[ndarray, " genes"]

    def residual(self, weight: Float[ndarray, "genes regulators"]) -> Float[ndarray, "genes regulators"]:
        """Correlation of every regulator with what these weights leave of each target."""
        out = self.score.copy()
        for m, gram in enumerate(self.gram):
            rows = np.flatnonzero(self.index == m)
            out[rows] -= weight[rows] @ gram
        for i in np.flatnonzero(self.bent >= 0):
            low = self.factor[self.bent[i]]
            out[i] += (low @ weight[i]) @ low
        return out

    def diagonal(self) -> Float[ndarray, "genes regulators"]:
        """Curvature of each target's likelihood in each weight, times the noise variance; 0 for constant genes."""
        out = np.zeros_like(self.score)
        live = self.index >= 0
        out[live] = np.einsum("kjj->kj", self.gram)[self.index[live]]
        bent = self.bent >= 0
        out[bent] -= (self.factor[self.bent[bent]] ** 2).sum(axis=1)
        return out


@dataclass(frozen=True, eq=False)
class Whitener:
    """Takes trajectories on the grid, or measurements, to rows of independent noise without fixed effects.

    With 30 series or more of one schedule each time is centred over them, which removes (m, b) and any common drift;
    with fewer only (m, b) can be afforded.
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
        for q, design in enumerate(setting.designs):
            part = setting.basis(kind, q)
            matrices.append(np.linalg.inv(np.linalg.cholesky(part.covariance(*setting.levels(kind)))))
            means = matrices[-1] @ part.means[design.at]
            if len(design.series) >= MANY:
                lost += len(design.times)
                means = 0.0 * means
            fixed.append(np.tile(means, (len(design.series), 1)))
        whole = np.concatenate(fixed)
        if not whole.any():
            return cls(setting, kind, matrices, None, lost)
        # Samples at rest beside centred series know no initial state: its column is 0, and no direction is lost to it.
        direction, size, _ = np.linalg.svd(whole, full_matrices=False)
        effects = direction[:, size > 1e-9 * size[0]]
        return cls(setting, kind, matrices, effects, lost + effects.shape[1])

    def rows(self, parts: list[Float[ndarray, "series times some"]]) -> Float[ndarray, "rows some"]:
        """Whiten trajectories at the measured times."""
        out = []
        for matrix, design, y in zip(self.matrices, self.setting.designs, parts, strict=True):
            white = matrix @ y
            out.append((white - white.mean(axis=0) if len(design.series) >= MANY else white).reshape(-1, y.shape[2]))
        whole = np.concatenate(out)
        return whole if self.effects is None else whole - self.effects @ (self.effects.T @ whole)

    def responses(self, parts: list[Float[ndarray, "series grid some"]]) -> Float[ndarray, "rows some"]:
        """Whitened responses C_d to productions on the grid."""
        return self.rows([self.response(q) @ f for q, f in enumerate(parts)])

    def response(self, q: int) -> Float[ndarray, "times grid"]:
        """C_d at the measured times of a design."""
        out: Float[ndarray, "times grid"] = self.setting.basis(self.kind, q).response[self.setting.designs[q].at]
        return out


def make_grams(
    setting: Setting,
    states: States,
    inclusion: Float[ndarray, "genes regulators"] | None = None,
    weight: Float[ndarray, "genes regulators"] | None = None,
) -> Grams:
    """Whiten, remove the fixed effects, multiply; add what is not known of the states.

    With the inclusion probabilities and weights of an earlier round, the curvature of each target's production is
    estimated on the way (written to ``states.bend``) and taken out.
    """
    regressors = setting.regressors(states.estimate)
    n_genes, n_regulators = setting.measured[0].shape[2], regressors[0].shape[2]
    kind_of = setting.choice.kind
    live = [int(k) for k in np.unique(kind_of) if setting.kinds.rate_index[k] >= 0]
    gram = np.empty((len(live), n_regulators, n_regulators))
    index, bent = np.full(n_genes, -1), np.full(n_genes, -1)
    score, square, freedom = np.zeros((n_genes, n_regulators)), np.zeros(n_genes), np.ones(n_genes)
    factors: list[Float[ndarray, "pairs regulators"]] = []
    used = []
    for m, kind in enumerate(live):
        genes = np.flatnonzero(kind_of == kind)
        whitener = Whitener.of(setting, kind)
        features = whitener.responses(regressors)
        target = whitener.rows([y[:, :, genes] for y in setting.measured])
        gram[m] = features.T @ features
        index[genes], score[genes] = m, (features.T @ target).T
        square[genes] = (target**2).sum(axis=0)
        freedom[genes] = np.maximum((len(features) - whitener.lost) * setting.observed[genes], 1.0)
        if inclusion is not None and weight is not None:
            for y, i in zip(target.T, genes, strict=True):
                found = curvature_of(regressors, inclusion[i], weight[i], whitener.responses, y - features @ weight[i])
                for q in range(len(setting.designs)):
                    states.bend[q][:, :, i] = 0.0 if found is None else found.production[q]
                if found is None:
                    continue
                low = np.zeros((MOST, n_regulators))
                low[: len(found.factor)] = found.factor @ features
                along = found.factor @ y
                score[i] -= low[: len(along)].T @ along
                square[i] -= along @ along
                bent[i] = len(factors)
                factors.append(low)
                used.append(len(along))
        for q, design in enumerate(setting.designs):
            if states.deviations:
                rows = whitener.matrices[q] @ whitener.response(q) @ setting.lags[q]
                gram[m] += expected_products(design, rows, states.deviations[q], n_regulators)
    factor = np.stack(factors) if factors else np.zeros((0, MOST, n_regulators))
    return Grams(gram, index, factor, bent, np.array(used, dtype=np.int64), score, square, freedom)

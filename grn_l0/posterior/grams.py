"""Whitened Gram matrices of the regulators' responses, one per noise kind and shared by its targets without gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.apart import Separate
from grn_l0.posterior.curvature import MOST, curvature_of
from grn_l0.posterior.fixed_effects import centred, orthonormal, shared_effects
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.states import States
from grn_l0.posterior.uncertainty import add_products

__all__ = ["Grams", "Whitener", "make_grams"]

#: Bytes that the Gram matrices of single targets may take. Beyond, they are those of their kind times the observed
#: share, to the nearest of so many steps.
_MEMORY, _STEPS = 2**30, 16


@dataclass(frozen=True, eq=False)
class Grams:
    """Sufficient statistics of every target's regression on the regulators.

    `index` (N,) is the position of the target's Gram matrix in `gram`, -1 for constant genes, which have no regulators:
    targets of one kind share one, those of which values are missing have one each.
    `bent` (N,) is the position of the target in `factor`, -1 if its production has no curvature: its own Gram matrix
    is ``gram - factor' factor``, of which the first `used` rows are not padding. `score` (N, R), `square` (N,) and
    `freedom` (N,) belong to the whitened targets.
    """

    gram: Float[ndarray, "grams regulators regulators"]
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


def make_grams(
    setting: Setting,
    states: States,
    inclusion: Float[ndarray, "genes regulators"] | None = None,
    weight: Float[ndarray, "genes regulators"] | None = None,
) -> Grams:
    """Whiten, remove the fixed effects, multiply; add what is not known of the states.

    Of a target only what was observed counts. With the inclusion probabilities and weights of an earlier round, the
    curvature of each target's production is estimated on the way (written to ``states.bend``) and taken out.

    Parameters
    ----------
    setting, states
        Data and noise models; smoothed states.
    inclusion, weight
        Of the last round.
    """
    regressors = setting.regressors(states.estimate)
    made = _Making(setting, states, regressors, inclusion, weight)
    kind_of = setting.choice.kind
    changing = setting.kinds.rate_index[kind_of] >= 0
    alone, count = changing & setting.gappy, np.ones(len(kind_of))
    if alone.sum() * regressors[0].shape[2] ** 2 * 8 > _MEMORY:
        alone, count = np.zeros_like(alone), np.where(setting.gappy, setting.observed, 1.0)
    for kind in np.unique(kind_of[changing]):
        genes = np.flatnonzero(kind_of == kind)
        if not alone[genes].all():
            made.shared(int(kind), genes[~alone[genes]], count)
        if alone[genes].any():
            made.single(int(kind), genes[alone[genes]])
    return made.done()


class _Making:
    """Collects Gram matrices kind by kind."""

    def __init__(
        self,
        setting: Setting,
        states: States,
        regressors: list[Float[ndarray, "series grid regulators"]],
        inclusion: Float[ndarray, "genes regulators"] | None,
        weight: Float[ndarray, "genes regulators"] | None,
    ) -> None:
        self.setting, self.states, self.regressors = setting, states, regressors
        self.inclusion, self.weight = inclusion, weight
        n_genes, self.n_regulators = setting.measured[0].shape[2], regressors[0].shape[2]
        self.gram: list[Float[ndarray, "some regulators regulators"]] = []
        # Per design: H of every Gram matrix, whitened.
        self.whitened: list[list[Float[ndarray, "some times grid"]]] = [[] for _ in setting.designs]
        self.index, self.bent = np.full(n_genes, -1), np.full(n_genes, -1)
        self.score, self.square = np.zeros((n_genes, self.n_regulators)), np.zeros(n_genes)
        self.freedom = np.ones(n_genes)
        self.factors: list[Float[ndarray, "pairs regulators"]] = []
        self.used: list[int] = []

    def shared(self, kind: int, genes: Int[ndarray, " some"], count: Float[ndarray, " genes"]) -> None:
        """One Gram matrix for targets of one kind; `count` (N,) is how much of it counts for each."""
        whitener = Whitener.of(self.setting, kind)
        features = whitener.responses(self.regressors)
        target = whitener.rows([y[:, :, genes] for y in self.setting.measured])
        gram = features.T @ features
        self.score[genes] = (features.T @ target).T
        self.square[genes] = (target**2).sum(axis=0)
        self.freedom[genes] = np.maximum((len(features) - whitener.lost) * self.setting.observed[genes], 1.0)
        for y, i in zip(target.T, genes, strict=True):
            self._bend(int(i), features, y, whitener.responses)
        step = np.maximum(np.ceil(count[genes] * _STEPS), 1.0)
        for level in np.unique(step):
            some, share = genes[step == level], level / _STEPS
            self.index[some] = sum(map(len, self.gram))
            self.gram.append((gram if share == 1.0 else gram * share)[None])
            for q, design in enumerate(self.setting.designs):
                rows = whitener.matrices[q] @ whitener.response(q)
                self.whitened[q].append(np.sqrt(len(design.series) * share) * rows[None])
            if share != 1.0:
                self._lessen(some, share)

    def _lessen(self, genes: Int[ndarray, " some"], share: float) -> None:
        """Everything that was computed of whole series counts for this share of it."""
        self.score[genes] *= share
        self.square[genes] *= share
        for i in genes[self.bent[genes] >= 0]:
            self.factors[self.bent[i]] *= np.sqrt(share)

    def single(self, kind: int, genes: Int[ndarray, " some"]) -> None:
        """A Gram matrix for each target of one kind, from what was observed of it."""
        separate = Separate(self.setting, kind, genes)
        moved = separate.respond(self.regressors)
        gram = np.empty((len(genes), self.n_regulators, self.n_regulators))
        for c, i in enumerate(genes):
            whitener = separate.of(int(i))
            features = whitener.rows(moved)
            target = whitener.rows([y[:, :, i : i + 1] for y in self.setting.measured])[:, 0]
            gram[c] = features.T @ features
            self.score[i], self.square[i] = features.T @ target, target @ target
            self.freedom[i] = max(len(target) - whitener.lost, 1.0)
            self._bend(int(i), features, target, whitener.responses)
            for q, rows in enumerate(self.whitened):
                rows.append(whitener.white_response(q)[None])
        self.index[genes] = sum(map(len, self.gram)) + np.arange(len(genes))
        self.gram.append(gram)

    def _bend(
        self,
        i: int,
        features: Float[ndarray, "rows regulators"],
        y: Float[ndarray, " rows"],
        responses: Callable[[list[Float[ndarray, "series grid pairs"]]], Float[ndarray, "rows pairs"]],
    ) -> None:
        """Take the curvature of one target out."""
        if self.inclusion is None or self.weight is None:
            return
        weight = self.weight[i]
        left, freedom = y - features @ weight, float(self.freedom[i])
        found = curvature_of(self.regressors, self.inclusion[i], weight, responses, left, freedom)
        for q, bend in enumerate(self.states.bend):
            bend[:, :, i] = 0.0 if found is None else found.production[q]
        if found is None:
            return
        low = np.zeros((MOST, self.n_regulators))
        low[: len(found.factor)] = found.factor @ features
        along = found.factor @ y
        self.score[i] -= low[: len(along)].T @ along
        self.square[i] -= along @ along
        self.bent[i] = len(self.factors)
        self.factors.append(low)
        self.used.append(len(along))

    def done(self) -> Grams:
        """All of them, with what the states' deviations add."""
        n = self.n_regulators
        gram = np.concatenate(self.gram) if self.gram else np.zeros((0, n, n))
        if self.gram and self.states.deviations:
            for rows, lag, parts in zip(self.whitened, self.setting.lags, self.states.deviations, strict=True):
                add_products(gram, np.concatenate(rows) @ lag, parts)
        factor = np.stack(self.factors) if self.factors else np.zeros((0, MOST, n))
        used = np.array(self.used, dtype=np.int64)
        return Grams(gram, self.index, factor, self.bent, used, self.score, self.square, self.freedom)

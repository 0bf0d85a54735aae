"""The states behind the measurements: each gene smoothed around its own production, then with its targets' help."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from grn_l0._typing import Bool, Float, ndarray
from grn_l0.posterior.gaps import Patchwork
from grn_l0.posterior.groups import Group, Parents, Targets
from grn_l0.posterior.response import Design
from grn_l0.posterior.setting import Setting, produced
from grn_l0.posterior.summary import Summary
from grn_l0.posterior.uncertainty import Child, Deviations, spread_out

#: One array per design, shape (series, grid, genes).
Grids = list[Float[ndarray, "series grid genes"]]


@dataclass(eq=False)
class States:
    """Smoothed states of all genes, standardised.

    Attributes
    ----------
    estimate
        Smoothed states on the grid.
    production
        F = W x, the production without its offset, on the grid.
    correction
        What the joint step adds to a regulator, kept between rounds.
    bend
        What curvature adds to the production, on the grid.
    deviations
        Per design: how the regulators' states may deviate from their estimates. Empty before the first joint step.
    own
        Per design: what their own equations would make of held genes, shape (held, grid).
    effects
        Per kind in use: fixed effects (m, b) of its genes, shape (effects, genes).
    """

    estimate: Grids
    production: Grids
    correction: Grids
    bend: Grids
    deviations: list[Deviations] = field(default_factory=list)
    own: Grids = field(default_factory=list)
    effects: dict[int, Float[ndarray, "effects genes"]] = field(default_factory=dict)

    @classmethod
    def start(cls, designs: list[Design], n_genes: int) -> States:
        """No production yet, nothing smoothed."""
        shapes = [(len(d.series), len(d.grid), n_genes) for d in designs]
        estimate, production, correction, bend = ([np.zeros(s) for s in shapes] for _ in range(4))
        return cls(estimate, production, correction, bend)

    def bend_by(self, last: Summary) -> None:
        """Curvature as the last round found it."""
        for q, bend in enumerate(self.bend):
            bend[:, :, last.changing] = 0.0
            for i, parts in last.bends.items():
                bend[:, :, i] = parts[q]


class Smoother:
    """Smooths all genes, given their kinds.

    Parameters
    ----------
    setting
        Data and noise models.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.designs, self.measured, self.regulators = setting.designs, setting.measured, setting.regulators
        self.kinds, self.choice = setting.kinds, setting.choice
        self.groups: dict[tuple[int, int], Group] = {}
        self.used = [int(k) for k in np.unique(self.choice.kind)]
        for kind in self.used:
            genes = np.flatnonzero(self.choice.kind == kind)
            for q, design in enumerate(self.designs):
                part = setting.basis(kind, q)
                sigma = part.covariance(*setting.levels(kind))
                precision = np.linalg.inv(sigma)
                state = part.state_covariance(*setting.levels(kind))
                gain = state[:, design.at] @ precision
                gaps = Patchwork.of(setting.gaps[q], genes, sigma) if setting.gappy[genes].any() else None
                self.groups[kind, q] = Group(genes, part, precision, state, gain, part.means[design.at], gaps)

    def residuals(self, states: States) -> dict[tuple[int, int], Float[ndarray, "series times some"]]:
        """Measured minus modelled, with the fixed effects by generalised least squares (written to `states`)."""
        out = {}
        states.effects = {}
        for kind in self.used:
            info, cross = 0.0, 0.0
            for q, design in enumerate(self.designs):
                g = self.groups[kind, q]
                rest = self.measured[q][:, :, g.genes] - g.response @ states.production[q][:, :, g.genes]
                info = info + len(design.series) * g.means.T @ g.precision @ g.means
                cross = cross + g.means.T @ g.precision @ rest.sum(axis=0)
                out[kind, q] = rest
            states.effects[kind] = np.linalg.solve(info, cross)
            self._effects_of_gaps(states, kind, out)
            for q in range(len(self.designs)):
                out[kind, q] -= self.groups[kind, q].means @ states.effects[kind]
        return out

    def _effects_of_gaps(
        self, states: States, kind: int, rest: dict[tuple[int, int], Float[ndarray, "series times some"]]
    ) -> None:
        """Fixed effects of genes with missing values, from those observed."""
        groups = [(q, self.groups[kind, q]) for q in range(len(self.designs))]
        if groups[0][1].gaps is None:
            return
        info, cross = 0.0, 0.0
        for q, g in groups:
            if g.gaps is None:
                continue
            info = info + len(self.designs[q].series) * (g.means.T @ g.gaps.mean @ g.means)
            cross = cross + g.means.T @ g.gaps.weigh(rest[kind, q][:, :, g.gaps.columns]).sum(axis=0)
        # A gene may be seen at the first time only, which says nothing of its offset.
        solved = np.linalg.pinv(info, rcond=1e-9, hermitian=True) @ np.transpose(cross)[:, :, None]
        states.effects[kind][:, groups[0][1].gaps.columns] = solved[:, :, 0].T

    def smooth(self, states: States) -> None:
        """x = C F + (e, 1 - e) (m, b)' + K Sigma^-1 residual + correction."""
        rest = self.residuals(states)
        for (kind, q), g in self.groups.items():
            own = g.basis.response @ states.production[q][:, :, g.genes] + g.basis.means @ states.effects[kind]
            smoothed = g.gain @ rest[kind, q]
            if g.gaps is not None:
                known = g.gaps.weigh(rest[kind, q][:, :, g.gaps.columns])
                smoothed[:, :, g.gaps.columns] = g.state[:, self.designs[q].at] @ known
            states.estimate[q][:, :, g.genes] = own + smoothed + states.correction[q][:, :, g.genes]
        states.own = [x[h.series, :, h.genes] for h, x in zip(self.setting.held, states.estimate, strict=True)]
        self._hold(states)

    def _hold(self, states: States) -> None:
        """Held genes act on others as they were measured."""
        for held, x, correction in zip(self.setting.held, states.estimate, states.correction, strict=True):
            x[held.series, :, held.genes] = held.course
            correction[held.series, :, held.genes] = 0.0

    def produce(self, states: States, weight: sparse.csr_array) -> None:
        """F = W x on the grid, with inputs and curvature."""
        regressors = self.setting.regressors(states.estimate)
        states.production = [produced(weight, x) + b for x, b in zip(regressors, states.bend, strict=True)]

    def joint(
        self,
        states: States,
        last: Summary,
        parent: float,
        generations: int | None = 2,
    ) -> None:
        r"""Estimate every regulator from its own measurements and from all it regulates.

        With H = C_d of the target, K the regulator's covariance given its own data, v the variances:
        :math:`A = \sum_i E[w_i^2] v_i^{-1} H_i^\top \Sigma_i^{-1} H_i`,
        :math:`h = \sum_i E[w_i] v_i^{-1} H_i^\top \Sigma_i^{-1} r_i`, :math:`Q = K (I + A K)^{-1}`,
        :math:`\delta = Q (h + A \delta_{old})`. Residuals are updated at once. Errors are followed for so many
        `generations`; None leaves the states' deviations as they are.
        """
        kind_of = self.choice.kind
        changing = self.kinds.rate_index[kind_of] >= 0
        rest = self.residuals(states)
        position = np.full(len(kind_of), -1)
        position[self.regulators] = np.arange(len(self.regulators))
        parents = Parents.of(last, len(self.regulators), changing, parent)
        covariance, follow = self._unaided(states, parents.without), generations is not None
        offspring: list[dict[int, list[Child]]] = [{} for _ in self.designs]
        lagged = {at: g.response @ self.setting.lags[at[1]] for at, g in self.groups.items()}
        answers = {
            at: g.basis.response @ self.setting.lags[at[1]] - g.gain @ lagged[at] for at, g in self.groups.items()
        }
        for j in np.flatnonzero(~parents.without).tolist():
            gene = self.regulators[j]
            children, weight, square = parents.children(j)
            by_kind = {int(k): np.flatnonzero(kind_of[children] == k) for k in np.unique(kind_of[children])}
            for q in range(len(self.designs)):
                targets = [
                    Targets(k, self.groups[k, q], lagged[k, q], children[some], weight[some], square[some])
                    for k, some in by_kind.items()
                ]
                covariance[q][j] = self._correct(states, rest, q, int(gene), targets)
                offspring[q][j] = [
                    Child(int(position[i]), float(w), self._answer(int(i), q, lagged, answers))
                    for i, w in zip(children, weight, strict=True)
                    if follow and position[i] >= 0
                ]
        self._hold(states)
        if generations is not None:
            states.deviations = [spread_out(c, o, generations) for c, o in zip(covariance, offspring, strict=True)]

    def _unaided(
        self, states: States, without: Bool[ndarray, " regulators"]
    ) -> list[Float[ndarray, "regulators grid grid"]]:
        """Covariances of the regulators without targets, given their own measurements; 0 for the others."""
        out = [np.zeros((len(self.regulators), len(d.grid), len(d.grid))) for d in self.designs]
        at, kind_of = np.flatnonzero(without), self.choice.kind[self.regulators]
        gappy = self.setting.gappy[self.regulators]
        for q, design in enumerate(self.designs):
            for kind in np.unique(kind_of[at]):
                group = self.groups[int(kind), q]
                some = at[(kind_of[at] == kind) & ~gappy[at]]
                one = group.state - group.gain @ group.state[design.at]
                out[q][some] = self.choice.variance[self.regulators[some]][:, None, None] * one
            for j in at[gappy[at]]:
                gene = int(self.regulators[j])
                spread, _, share = self.groups[int(kind_of[j]), q].spread(gene)
                out[q][j] = self.choice.variance[gene] * np.tensordot(share, spread, axes=1)
            genes = self.regulators[at]
            genes = genes[states.correction[q][:, :, genes].any(axis=(0, 1))]
            states.estimate[q][:, :, genes] -= states.correction[q][:, :, genes]
            states.correction[q][:, :, genes] = 0.0
        return out

    def _answer(
        self,
        gene: int,
        q: int,
        lagged: dict[tuple[int, int], Float[ndarray, "times grid"]],
        answers: dict[tuple[int, int], Float[ndarray, "grid grid"]],
    ) -> Float[ndarray, "grid grid"]:
        """(I - gain H) C_d of a child; its gain on average over series if values are missing."""
        at = int(self.choice.kind[gene]), q
        gain = self.groups[at].mean_gain(gene)
        if gain is None:
            return answers[at]
        out: Float[ndarray, "grid grid"] = answers[at] + (self.groups[at].gain - gain) @ lagged[at]
        return out

    def _correct(
        self,
        states: States,
        rest: dict[tuple[int, int], Float[ndarray, "series times some"]],
        q: int,
        gene: int,
        targets: list[Targets],
    ) -> Float[ndarray, "grid grid"]:
        """Move one regulator on one design to where its targets want it; the covariance that is left, Q.

        Where values are missing K and Q are those of each series' own measurements, and Q is averaged over series. What
        targets know is taken on average over series too, in A only, which says how far to move at a time.
        """
        variance = self.choice.variance
        own = self.groups[int(self.choice.kind[gene]), q]
        old = states.correction[q][:, :, gene].copy()
        spread, which, share = own.spread(gene)
        spread = variance[gene] * spread
        information, pull = np.zeros_like(own.state), old * 0.0
        for t in targets:
            more, further = t.ask(rest[t.kind, q], variance)
            information += more
            pull += further
        turned = np.swapaxes(spread, 1, 2)
        mixed = np.swapaxes(np.eye(len(information)) + information @ spread, 1, 2)
        # Q' of every pattern of the regulator's own measurements.
        turned = np.linalg.solve(mixed, turned)
        new = pull + old @ information
        new = new @ turned[0] if len(turned) == 1 else (new[:, None] @ turned[which])[:, 0]
        spread = np.swapaxes(turned, 1, 2)
        states.correction[q][:, :, gene] = new
        states.estimate[q][:, :, gene] += new - old
        for t in targets:
            rest[t.kind, q][:, :, t.at] -= ((new - old) @ t.response.T)[:, :, None] * t.weight
        posterior: Float[ndarray, "grid grid"] = np.tensordot(share, spread, axes=1) if len(share) > 1 else spread[0]
        return posterior

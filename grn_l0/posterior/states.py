"""The states behind the measurements: each gene smoothed around its own production, then with its targets' help."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.covariance import Basis
from grn_l0.posterior.gaps import Patchwork
from grn_l0.posterior.response import Design
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.uncertainty import Child, Deviation, spread_out

#: One array per design, shape (series, grid, genes).
Grids = list[Float[ndarray, "series grid genes"]]


@dataclass(frozen=True, eq=False)
class _Group:
    """The genes of one kind, on one design."""

    genes: Int[ndarray, " some"]
    basis: Basis
    precision: Float[ndarray, "times times"]
    state: Float[ndarray, "grid grid"]
    gain: Float[ndarray, "grid times"]
    means: Float[ndarray, "times effects"]

    @property
    def response(self) -> Float[ndarray, "times grid"]:
        """C_d at the measured times."""
        out: Float[ndarray, "times grid"] = self.basis.response[self.basis.design.at]
        return out


@dataclass(frozen=True, eq=False)
class _Targets:
    """The targets of one kind that a regulator has, on one design; `response` is H, with the lag."""

    kind: int
    group: _Group
    response: Float[ndarray, "times grid"]
    genes: Int[ndarray, " some"]
    weight: Float[ndarray, " some"]
    square: Float[ndarray, " some"]

    @property
    def at(self) -> Int[ndarray, " some"]:
        """Positions of the targets among the genes of their kind."""
        return np.searchsorted(self.group.genes, self.genes)


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
    deviations: list[list[Deviation]] = field(default_factory=list)
    own: Grids = field(default_factory=list)
    effects: dict[int, Float[ndarray, "effects genes"]] = field(default_factory=dict)

    @classmethod
    def start(cls, designs: list[Design], n_genes: int) -> States:
        """No production yet, nothing smoothed."""
        shapes = [(len(d.series), len(d.grid), n_genes) for d in designs]
        estimate, production, correction, bend = ([np.zeros(s) for s in shapes] for _ in range(4))
        return cls(estimate, production, correction, bend)


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
        self.groups: dict[tuple[int, int], _Group] = {}
        self.used = [int(k) for k in np.unique(self.choice.kind)]
        for kind in self.used:
            genes = np.flatnonzero(self.choice.kind == kind)
            for q, design in enumerate(self.designs):
                part = setting.basis(kind, q)
                precision = np.linalg.inv(part.covariance(*setting.levels(kind)))
                state = part.state_covariance(*setting.levels(kind))
                gain = state[:, design.at] @ precision
                self.groups[kind, q] = _Group(genes, part, precision, state, gain, part.means[design.at])

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
            for q in range(len(self.designs)):
                out[kind, q] -= self.groups[kind, q].means @ states.effects[kind]
        return out

    def smooth(self, states: States) -> None:
        """x = C F + (e, 1 - e) (m, b)' + K Sigma^-1 residual + correction."""
        rest = self.residuals(states)
        for (kind, q), g in self.groups.items():
            own = g.basis.response @ states.production[q][:, :, g.genes] + g.basis.means @ states.effects[kind]
            states.estimate[q][:, :, g.genes] = own + g.gain @ rest[kind, q] + states.correction[q][:, :, g.genes]
        states.own = [x[h.series, :, h.genes] for h, x in zip(self.setting.held, states.estimate, strict=True)]
        self._hold(states)

    def _hold(self, states: States) -> None:
        """Held genes act on others as they were measured."""
        for held, x, correction in zip(self.setting.held, states.estimate, states.correction, strict=True):
            x[held.series, :, held.genes] = held.course
            correction[held.series, :, held.genes] = 0.0

    def produce(self, states: States, weight: Float[ndarray, "genes columns"]) -> None:
        """F = W x on the grid, with inputs and curvature."""
        regressors = self.setting.regressors(states.estimate)
        states.production = [x @ weight.T + b for x, b in zip(regressors, states.bend, strict=True)]

    def joint(
        self,
        states: States,
        inclusion: Float[ndarray, "genes regulators"],
        weight: Float[ndarray, "genes regulators"],
        square: Float[ndarray, "genes regulators"],
        parent: float,
    ) -> None:
        r"""Estimate every regulator from its own measurements and from all it regulates.

        With H = C_d of the target, K the regulator's covariance given its own data, v the variances:
        :math:`A = \sum_i E[w_i^2] v_i^{-1} H_i^\top \Sigma_i^{-1} H_i`,
        :math:`h = \sum_i E[w_i] v_i^{-1} H_i^\top \Sigma_i^{-1} r_i`, :math:`Q = K (I + A K)^{-1}`,
        :math:`\delta = Q (h + A \delta_{old})`. Residuals are updated at once.
        """
        kind_of = self.choice.kind
        changing = self.kinds.rate_index[kind_of] >= 0
        rest = self.residuals(states)
        position = np.full(len(kind_of), -1)
        position[self.regulators] = np.arange(len(self.regulators))
        covariance = [np.zeros((len(self.regulators), len(d.grid), len(d.grid))) for d in self.designs]
        offspring: list[dict[int, list[Child]]] = [{} for _ in self.designs]
        lagged = {at: g.response @ self.setting.lags[at[1]] for at, g in self.groups.items()}
        answers = {
            at: g.basis.response @ self.setting.lags[at[1]] - g.gain @ lagged[at] for at, g in self.groups.items()
        }
        for j, gene in enumerate(self.regulators):
            children = np.flatnonzero((inclusion[:, j] > parent) & changing)
            by_kind = {int(k): children[kind_of[children] == k] for k in np.unique(kind_of[children])}
            for q in range(len(self.designs)):
                targets = [
                    _Targets(k, self.groups[k, q], lagged[k, q], some, weight[some, j], square[some, j])
                    for k, some in by_kind.items()
                ]
                covariance[q][j] = self._correct(states, rest, q, int(gene), targets)
                offspring[q][j] = [
                    Child(int(position[i]), float(weight[i, j]), answers[int(kind_of[i]), q])
                    for i in children
                    if position[i] >= 0
                ]
        self._hold(states)
        states.deviations = [spread_out(c, o) for c, o in zip(covariance, offspring, strict=True)]

    def _correct(
        self,
        states: States,
        rest: dict[tuple[int, int], Float[ndarray, "series times some"]],
        q: int,
        gene: int,
        targets: list[_Targets],
    ) -> Float[ndarray, "grid grid"]:
        """Move one regulator on one design to where its targets want it; the covariance that is left, Q."""
        variance = self.choice.variance
        own = self.groups[int(self.choice.kind[gene]), q]
        old = states.correction[q][:, :, gene].copy()
        spread = variance[gene] * (own.state - own.gain @ own.state[self.designs[q].at])
        posterior: Float[ndarray, "grid grid"] = spread
        new = old * 0.0
        if targets:
            information, pull = np.zeros_like(own.state), old * 0.0
            for t in targets:
                half = t.response.T @ t.group.precision
                information += float((t.square / variance[t.genes]).sum()) * half @ t.response
                pull += rest[t.kind, q][:, :, t.at] @ (t.weight / variance[t.genes]) @ half.T
            posterior = np.linalg.solve((np.eye(len(spread)) + information @ spread).T, spread.T).T
            new = (pull + old @ information) @ posterior.T
        states.correction[q][:, :, gene] = new
        states.estimate[q][:, :, gene] += new - old
        for t in targets:
            rest[t.kind, q][:, :, t.at] -= ((new - old) @ t.response.T)[:, :, None] * t.weight
        return posterior

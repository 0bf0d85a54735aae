"""The states behind the measurements: each gene smoothed around its own production, then with its targets' help."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.covariance import Basis, Kinds
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.response import Design

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
    uncertainty
        Per kind in use, shape (R,): expected squared error that a regulator's state adds to its Gram diagonal.
    spread
        Per design: covariance of each regulator's state given everything, shape (R, grid, grid); 0 where it has no
        targets. Empty before the first joint step.
    effects
        Per kind in use: fixed effects (m, b) of its genes, shape (effects, genes).
    """

    estimate: Grids
    production: Grids
    correction: Grids
    uncertainty: dict[int, Float[ndarray, " regulators"]] = field(default_factory=dict)
    spread: list[Float[ndarray, "regulators grid grid"]] = field(default_factory=list)
    effects: dict[int, Float[ndarray, "effects genes"]] = field(default_factory=dict)

    @classmethod
    def start(cls, designs: list[Design], n_genes: int) -> States:
        """No production yet, nothing smoothed."""
        shapes = [(len(d.series), len(d.grid), n_genes) for d in designs]
        estimate, production, correction = ([np.zeros(s) for s in shapes] for _ in range(3))
        return cls(estimate, production, correction)


class Smoother:
    """Smooths all genes, given their kinds.

    Parameters
    ----------
    designs, measured
        The designs and the standardised measurements (series, times, genes) of each.
    kinds, bases, choice
        The dictionary, its components per rate and design, and each gene's entry.
    regulators
        Positions of the R regulators among the genes.
    """

    def __init__(
        self,
        designs: list[Design],
        measured: list[Float[ndarray, "series times genes"]],
        kinds: Kinds,
        bases: dict[int, list[Basis]],
        choice: Choice,
        regulators: Int[ndarray, " regulators"],
    ) -> None:
        self.designs, self.measured, self.regulators = designs, measured, regulators
        self.kinds, self.choice = kinds, choice
        self.groups: dict[tuple[int, int], _Group] = {}
        self.used = [int(k) for k in np.unique(choice.kind)]
        for kind in self.used:
            genes = np.flatnonzero(choice.kind == kind)
            levels = (kinds.initial[kind], kinds.offset[kind], kinds.drift[kind])
            for q, design in enumerate(designs):
                part = bases[int(kinds.rate_index[kind])][q]
                precision = np.linalg.inv(part.covariance(*levels))
                state = part.state_covariance(*levels)
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

    def produce(self, states: States, weight: Float[ndarray, "genes regulators"]) -> None:
        """F = W x on the grid."""
        states.production = [x[:, :, self.regulators] @ weight.T for x in states.estimate]

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
        kind_of, variance = self.choice.kind, self.choice.variance
        changing = self.kinds.rate_index[kind_of] >= 0
        rest = self.residuals(states)
        states.spread = [np.zeros((len(self.regulators), len(d.grid), len(d.grid))) for d in self.designs]
        states.uncertainty = {kind: np.zeros(len(self.regulators)) for kind in self.used}
        for j, gene in enumerate(self.regulators):
            children = np.flatnonzero((inclusion[:, j] > parent) & changing)
            by_kind = [(k, children[kind_of[children] == k]) for k in np.unique(kind_of[children])]
            for q, design in enumerate(self.designs):
                old = states.correction[q][:, :, gene].copy()
                own = self.groups[int(kind_of[gene]), q]
                information = np.zeros_like(own.state)
                pull = old * 0.0
                parts = []
                for kind, some in by_kind:
                    g = self.groups[int(kind), q]
                    at = np.searchsorted(g.genes, some)
                    half = g.response.T @ g.precision
                    information += float((square[some, j] / variance[some]).sum()) * half @ g.response
                    pull += rest[int(kind), q][:, :, at] @ (weight[some, j] / variance[some]) @ half.T
                    parts.append((int(kind), at, g.response, weight[some, j]))
                spread = variance[gene] * (own.state - own.gain @ own.state[design.at])
                posterior = np.linalg.solve((np.eye(len(spread)) + information @ spread).T, spread.T).T
                new = (pull + old @ information) @ posterior.T if parts else old * 0.0
                states.correction[q][:, :, gene] = new
                states.estimate[q][:, :, gene] += new - old
                for kind, at, response, w in parts:
                    rest[kind, q][:, :, at] -= ((new - old) @ response.T)[:, :, None] * w
                if not parts:
                    continue
                states.spread[q][j] = posterior
                for kind in self.used:
                    g = self.groups[kind, q]
                    spent = float(np.einsum("ij,ji->", g.response @ posterior @ g.response.T, g.precision))
                    states.uncertainty[kind][j] += len(design.series) * spent

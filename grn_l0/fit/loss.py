"""The loss of the gated ODE, in nats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from grn_l0._typing import Array, Float, Int
from grn_l0.dynamics import AbstractDynamics, to_matrix
from grn_l0.fit.drive import Drive
from grn_l0.fit.edges import EdgeStart
from grn_l0.fit.pricing import occam_price
from grn_l0.fit.problem import Problem, tensor
from grn_l0.fit.residuals import squares
from grn_l0.gates import AbstractGate
from grn_l0.posterior.start import Start
from grn_l0.solve import AbstractSolver
from grn_l0.sparsity import AbstractSparsity


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgePrior:
    """Price of an open edge beyond its penalty, and the precision of its weight, standardised; (R, N), or (E,)."""

    price: Float[Tensor, "*edges"]
    precision: Float[Tensor, "*edges"]

    @classmethod
    def from_start(
        cls,
        start: Start | EdgeStart,
        inner: Float[Array, " regulators"],
        sd: Float[Array, " genes"],
        odds: float,
        dtype: torch.dtype,
        extra: Float[Array, "*edges"] | None = None,
    ) -> EdgePrior:
        """Price `extra` - log odds, precision 1 / slab^2; `inner`: sd of all R regulators.

        `extra` is 0.5 log(1 + slab^2 curvature) if it is not given.
        """
        slab = np.where(np.isfinite(start.slab) & (start.slab > 0), start.slab, np.inf)
        if isinstance(start, EdgeStart):
            ratio = sd[start.edges.targets] / inner[start.edges.regulators]
        else:
            ratio = sd[None, :] / inner[:, None]
        return cls(
            price=tensor((occam_price(start) if extra is None else extra) - np.log(odds), dtype),
            precision=tensor(ratio**2 / slab**2, dtype),
        )

    def as_matrices(self, index: Int[Tensor, "2 edges"], shape: tuple[int, int]) -> EdgePrior:
        """The same as matrices of this shape, 0 where no edge is listed."""
        return self.moved(lambda values: to_matrix(values, index, shape))

    def moved(self, move: Callable[[Tensor], Tensor]) -> EdgePrior:
        """The same with `move` applied to both tensors."""
        return EdgePrior(price=move(self.price), precision=move(self.precision))


class Objective(nn.Module):
    r"""Negative log posterior of initial states, dynamics and gates.

    .. math::
        \tfrac12 \sum_{is} |L_i r_{is}|^2 / \phi_i + \tfrac12 \sum_{is} (x_{0,is} - m_{is})^2 / \sigma_i^2
        + \sum_{ji} p_{ji} \big(\lambda_{ji} + \tfrac12 \log(1 + \tau^2 g) - \log o + w_{ji}^2 / 2 \tau^2\big)

    Where r is measured minus modelled, L_i the whitener of gene i, phi_i its noise relative to the start's, p the
    gates' P(z != 0), lambda the sparsity's penalty, tau the slab, g the curvature and o the odds. With a `drive` the
    effects of what acts from outside pay for their prior (`Drive.penalty`).

    Parameters
    ----------
    problem, dynamics, gate, sparsity, solver, prior
        In standardised units. `prior` None: gates pay their penalty only. Everything that belongs to edges has the
        shape of the dynamics' weights: (R, N), or (E,) for a list of edges.
    drive
        What acts from outside, if anything does.
    """

    factor: Tensor

    def __init__(
        self,
        *,
        problem: Problem,
        dynamics: AbstractDynamics,
        gate: AbstractGate,
        sparsity: AbstractSparsity,
        solver: AbstractSolver,
        prior: EdgePrior | None,
        drive: Drive | None = None,
    ) -> None:
        super().__init__()
        self.problem, self.solver, self.prior = problem, solver, prior
        self.dynamics, self.gate, self.sparsity, self.drive = dynamics, gate, sparsity, drive
        self.initial = nn.Parameter(problem.initial.clone(), requires_grad=problem.initial_sd is not None)
        self.register_buffer("factor", torch.ones_like(problem.observed))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # What `to` does for modules alone: problem and prior go where the parameters go.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.problem = self.problem.moved(fn)
        self.prior = None if self.prior is None else self.prior.moved(fn)
        return self

    def squares(self, z: Float[Tensor, "regulators genes"]) -> Float[Tensor, " genes"]:
        """Whitened squared residuals of each gene, summed over everything measured."""
        problem = self.problem
        drive = None if self.drive is None or problem.level is None else self.drive(problem.level)
        x = self.solver.solve(self.dynamics, self.initial, problem.times, z, drive=drive, held=problem.held)
        return squares(x, problem)

    def prices(self) -> Float[Tensor, ""]:
        """Everything that depends on the gates' probabilities, the weights and the effects from outside."""
        p = self.gate.probability()
        total = self.sparsity.penalty(p)
        if self.prior is not None:
            square = self.dynamics.slope().square()
            total = total + (p * (self.prior.price + 0.5 * self.prior.precision * square)).sum()
        return total if self.drive is None else total + self.drive.penalty()

    def data(self, z: Float[Tensor, "regulators genes"]) -> Float[Tensor, ""]:
        """The first two terms."""
        value = 0.5 * (self.squares(z) / self.factor).sum()
        if self.problem.initial_sd is not None:
            value = value + 0.5 * ((self.initial - self.problem.initial) / self.problem.initial_sd).square().sum()
        return value

    def forward(self, z: Float[Tensor, "regulators genes"]) -> Float[Tensor, ""]:
        """The whole loss at one sample `z` of the gates."""
        return self.data(z) + self.prices()

    @torch.no_grad()
    def estimate_noise(self, z: Float[Tensor, "regulators genes"], pseudo_observations: float) -> None:
        """One factor per gene on the noise: its posterior mean under an inverse-gamma prior at the start's value."""
        observed = self.problem.observed
        self.factor.copy_((self.squares(z) + pseudo_observations + 1e-9) / (observed + pseudo_observations + 1e-9))

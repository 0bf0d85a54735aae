"""A density that is asked for, in place of a price: constrained L0 (Gallego-Posada et al. 2022)."""

from __future__ import annotations

import math
from typing import Literal, Self, final

import torch
from torch import Tensor

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float, Int
from grn_l0.gates import group_index
from grn_l0.sparsity.abstract import AbstractSparsity


@final
class L0Constraint(AbstractSparsity):
    r"""Expected share of open gates at most epsilon, by a multiplier that is raised until it holds.

    .. math::
        \min_{gates} \max_{\lambda \ge 0} \; loss + \sum_c \lambda_c n_c (\rho_c - \epsilon_c), \quad
        \rho_c = \frac{1}{n_c} \sum_{e \in c} P(z_e \ne 0)

    Where c runs over the constraints (one, or one per group of gates) and n_c is the number of candidates of c, so
    that lambda_c is in nats per open gate: what `Penalty` would have had to be set to. After every training step

    .. math:: \lambda_c \leftarrow \max(0, \lambda_c + \eta (\rho_c - \epsilon_c))

    with rho_c at the gates that the step started from. A dual restart sets lambda_c to 0 once the constraint holds:
    otherwise lambda keeps the height that it gathered while the density was still coming down, and overshoots.

    Parameters
    ----------
    density
        epsilon in (0, 1], one number or one per constraint, shape (C,).
    allowed
        Candidates, of the gates' shape. None: every gate.
    index
        Number of every gate's constraint, of the gates' shape, -1 for none. None: one constraint on all gates.
    rate
        eta, nats per unit of density and step: about what an open gate is worth, over some hundred steps. The default
        suits edges and units; a single weight of an ordinary network is worth far less, so 1e-3.
    restart
        Whether lambda returns to 0 where the constraint holds.
    start
        lambda at the beginning, nats.

    References
    ----------
    Gallego-Posada, Ramirez, Erraqabi, Bengio & Lacoste-Julien, "Controlled sparsity via constrained optimization or:
    how I learned to stop tuning penalties and love constraints", NeurIPS 2022.
    """

    lam: Tensor
    epsilon: Tensor
    allowed: Tensor | None
    index: Tensor | None

    def __init__(
        self,
        density: float | Float[Tensor, " constraints"],
        *,
        allowed: Bool[Tensor, "*gates"] | None = None,
        index: Int[Tensor, "*gates"] | None = None,
        rate: float = 1.0,
        restart: bool = True,
        start: float = 0.0,
    ) -> None:
        super().__init__()
        epsilon = torch.as_tensor(density, dtype=torch.float64).reshape(-1)
        epsilon = epsilon.to(next((given.device for given in (allowed, index) if given is not None), epsilon.device))
        if not bool(((epsilon > 0) & (epsilon <= 1)).all()):
            raise OptionError(f"a density is a share of the candidates, above 0 and up to 1, not {density!r}")
        if not (math.isfinite(rate) and rate > 0):
            raise OptionError(f"the rate of the multiplier must be a positive number, not {rate}")
        if not (math.isfinite(start) and start >= 0):
            raise OptionError(f"the multiplier must start at 0 or above, not {start}")
        n_constraints = 1 if index is None else int(index.max()) + 1
        if index is not None and (n_constraints < 1 or int(index.min()) < -1):
            raise OptionError("constraints are numbered from 0, -1 for gates without one")
        if len(epsilon) not in (1, n_constraints):
            raise OptionError(f"{len(epsilon)} densities for {n_constraints} constraints")
        if allowed is not None and index is not None and allowed.shape != index.shape:
            raise OptionError(f"candidates of shape {tuple(allowed.shape)}, groups of shape {tuple(index.shape)}")
        self.rate, self.restart = rate, restart
        self.register_buffer("epsilon", epsilon.expand(n_constraints).clone())
        self.register_buffer("allowed", None if allowed is None else allowed.to(torch.bool).clone())
        self.register_buffer("index", None if index is None else index.detach().clone())
        self.register_buffer("lam", torch.full((n_constraints,), start, dtype=torch.float64, device=epsilon.device))

    @classmethod
    def per(
        cls,
        what: Literal["regulator", "target"],
        density: float | Float[Tensor, " constraints"],
        allowed: Bool[Tensor, "regulators genes"],
        *,
        rate: float = 1.0,
        restart: bool = True,
    ) -> Self:
        """One constraint per regulator, or per target, of a network with the candidates `allowed`."""
        rows, columns = allowed.shape
        index = group_index(what, (rows, columns)).to(allowed.device)
        return cls(density, allowed=allowed, index=index, rate=rate, restart=restart)

    @property
    def lambdas(self) -> Tensor:
        """Nats per open gate: one number, or the gates' shape where there are groups."""
        return self.lam[0] if self.index is None else torch.cat([self.lam, self.lam.new_zeros(1)])[self.index]

    def violation(self, probability: Float[Tensor, "*gates"]) -> Float[Tensor, " constraints"]:
        """rho - epsilon, per constraint; at most 0 where the constraint holds. Groups without candidates hold."""
        count = self._sums(torch.ones_like(probability))
        return torch.where(count > 0, self._sums(probability) / count.clamp(min=1) - self.epsilon, 0.0)

    def penalty(self, probability: Float[Tensor, "*gates"]) -> Float[Tensor, ""]:
        """Sum over constraints of lambda n (rho - epsilon), in nats."""
        excess = self._sums(probability) - self.epsilon * self._sums(torch.ones_like(probability))
        return (self.lam * excess).sum().to(probability.dtype)

    @torch.no_grad()
    def after_step(self, probability: Float[Tensor, "*gates"]) -> None:
        """Projected ascent on the multipliers, and the restart."""
        violation = self.violation(probability)
        self.lam.add_(self.rate * violation).clamp_(min=0.0)
        if self.restart:
            self.lam.masked_fill_(violation <= 0, 0.0)

    @torch.no_grad()
    def figures(self, probability: Float[Tensor, "*gates"]) -> dict[str, float]:
        """The largest multiplier in nats per edge, and the largest violation."""
        return {"multiplier": float(self.lam.max()), "violation": float(self.violation(probability).max())}

    def _sums(self, of_gates: Tensor) -> Tensor:
        """Sums over the candidates of each constraint, added up in double precision: 1e5 gates of 1e-3 each.

        Raises
        ------
        OptionError
            If there are other gates than the constraint was made for.
        """
        for made_for in (self.allowed, self.index):
            if made_for is not None and made_for.shape != of_gates.shape:
                raise OptionError(
                    f"this constraint is for gates of shape {tuple(made_for.shape)}, not {tuple(of_gates.shape)}"
                )
        values = of_gates if self.allowed is None else of_gates * self.allowed
        if self.index is None:
            return values.sum(dtype=torch.float64)[None]
        flat = self.index.reshape(-1)
        padded = self.lam.new_zeros(len(self.epsilon) + 1)  # position -1: gates without a constraint
        at = torch.where(flat < 0, len(self.epsilon), flat)
        return padded.index_add(0, at, values.reshape(-1).double())[:-1]

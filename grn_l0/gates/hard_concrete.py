"""Hard concrete gates (Louizos, Welling & Kingma 2018)."""

from __future__ import annotations

import math
from typing import Self, final

import torch
from torch import Tensor, nn

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float, Int
from grn_l0.gates.abstract import AbstractGate, clip
from grn_l0.gates.keys import keyed_uniform
from grn_l0.gates.quadrature import moment


@final
class HardConcrete(AbstractGate):
    r"""Stretched and clamped concrete variables: exact zeros, exact ones, and a gradient.

    .. math::
        s = \sigma\big((\log u - \log(1-u) + \log\alpha)/\beta\big), \quad
        z = \min(1, \max(0, s(\zeta-\gamma)+\gamma)), \quad u \sim U(0, 1)

    Where P(z != 0) = sigmoid(log alpha - beta log(-gamma / zeta)) and, at test time,
    z = min(1, max(0, sigmoid(log alpha) (zeta - gamma) + gamma)).

    Parameters
    ----------
    log_alpha
        Location of every gate; (R, N) for edges, any shape elsewhere.
    allowed
        Candidates, of the same shape. All others are exactly 0 in every method and get no gradient.
    beta, gamma, zeta
        Temperature > 0 and stretch, gamma < 0 < 1 < zeta. Defaults as published.
    keys
        Of the same shape, from `edge_keys`: makes draws depend on the names of an edge instead of its place.

    References
    ----------
    Louizos, Welling & Kingma, "Learning sparse neural networks through L0 regularization", ICLR 2018.
    """

    allowed: Tensor
    keys: Tensor | None

    def __init__(
        self,
        log_alpha: Float[Tensor, "*gates"],
        allowed: Bool[Tensor, "*gates"] | None = None,
        *,
        beta: float = 2 / 3,
        gamma: float = -0.1,
        zeta: float = 1.1,
        keys: Int[Tensor, "*gates"] | None = None,
    ) -> None:
        super().__init__()
        if not (beta > 0 and gamma < 0 and zeta > 1):
            raise OptionError(f"hard concrete needs beta > 0, gamma < 0, zeta > 1, not {beta}, {gamma}, {zeta}")
        if not bool(torch.isfinite(log_alpha).all()):
            raise OptionError("log_alpha must be finite; close gates for good with `allowed`")
        self.beta, self.gamma, self.zeta = beta, gamma, zeta
        self.log_alpha = nn.Parameter(log_alpha.detach().clone())
        allowed = torch.ones_like(log_alpha, dtype=torch.bool) if allowed is None else allowed.to(torch.bool)
        self.register_buffer("allowed", allowed.expand_as(log_alpha).clone())
        self.register_buffer("keys", keys)

    @classmethod
    def from_probability(
        cls,
        probability: Float[Tensor, "*gates"],
        allowed: Bool[Tensor, "*gates"] | None = None,
        *,
        odds: float = 1.0,
        bound: float = 4.0,
        keys: Int[Tensor, "*gates"] | None = None,
    ) -> Self:
        """Gates whose P(z != 0) is `probability`, its log odds shifted by log `odds` and kept within `bound`."""
        logit = (torch.logit(probability, eps=1e-7) + math.log(odds)).clamp(-bound, bound)
        gate = cls(logit, allowed, keys=keys)
        with torch.no_grad():
            gate.log_alpha.add_(gate.shift)
        return gate

    @property
    def shift(self) -> float:
        """Log alpha at which P(z != 0) is one half: beta log(-gamma / zeta)."""
        return self.beta * math.log(-self.gamma / self.zeta)

    def sample(self, generator: torch.Generator) -> Float[Tensor, "*gates"]:
        """One draw of all gates."""
        if self.keys is None:
            like = self.log_alpha
            u = torch.rand(like.shape, generator=generator, dtype=like.dtype, device=generator.device).to(like.device)
            u = u.clamp(1e-7, 1 - 1e-7)
        else:
            u = keyed_uniform(self.keys, generator, self.log_alpha.dtype)
        return self.quantile(u)

    def quantile(self, u: Tensor | float) -> Float[Tensor, "*gates"]:
        """Value below which z falls with probability `u`: a number in (0, 1), or a tensor of them."""
        u = torch.as_tensor(u, dtype=self.log_alpha.dtype, device=self.log_alpha.device)
        return self._stretch(torch.sigmoid((torch.logit(u) + self.log_alpha) / self.beta))

    def deterministic(self) -> Float[Tensor, "*gates"]:
        """Gates at test time."""
        return self._stretch(torch.sigmoid(self.log_alpha))

    def probability(self) -> Float[Tensor, "*gates"]:
        """P(z != 0) of every gate."""
        return torch.sigmoid(self.log_alpha - self.shift) * self._mask

    def mean(self) -> Float[Tensor, "*gates"]:
        """E[z]: the integral over y in 0..1 of P(z > y) = sigmoid(log alpha - beta log((y - gamma) / (zeta - y)))."""
        return self._moment(1)

    def variance(self) -> Float[Tensor, "*gates"]:
        """Var[z], with E[z^2] the integral over y in 0..1 of 2 y P(z > y)."""
        return self._moment(2) - self._moment(1).square()

    @property
    def _mask(self) -> Tensor:
        return self.allowed.to(self.log_alpha.dtype)  # a product with booleans takes twice as long

    def _moment(self, power: int) -> Float[Tensor, "*gates"]:
        stretch = (self.beta, self.gamma, self.zeta)
        return moment(lambda at: torch.sigmoid(self.log_alpha - at), power, stretch) * self._mask

    def _stretch(self, s: Tensor) -> Tensor:
        return clip(s * (self.zeta - self.gamma) + self.gamma) * self._mask

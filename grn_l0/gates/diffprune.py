"""Deterministic approximate binary gates (DiffPrune, Shulman 2020)."""

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
class DiffPrune(AbstractGate):
    r"""Gates that are a function of their parameter alone: no sampling, exact zeros and ones, a gradient between.

    .. math::
        z = \min(1, \max(0, \sigma(x / \beta)(\zeta - \gamma) + \gamma)), \quad
        \tilde L_0 = \Phi\big((\theta - \theta_0) / s\big), \quad \theta_0 = \beta \log(-\gamma / \zeta)

    Where x is the parameter theta, z = 0 exactly if theta <= theta_0, and the surrogate of the L0 loss is the
    probability that the gate would stay open if theta were moved by a normal error of standard deviation s. In the
    stochastic form that error is drawn, x = theta + s e with e ~ N(0, 1): the surrogate is then P(z != 0) itself.

    The published method has these properties (a differentiable transformation of any real variable into an
    approximate Bernoulli variable that reaches exact zeros, computed with or without noise, with a surrogate of L0);
    this transformation and this surrogate, which share their one kink with the hard concrete's, are our own choice.

    Without noise a gate at 0 has no gradient but that of its price: it stays closed unless prior knowledge pays for
    it. So gates must start open.

    Parameters
    ----------
    theta
        Parameter of every gate; (R, N) for edges, any shape elsewhere.
    allowed
        Candidates, of the same shape. All others are exactly 0 in every method and get no gradient.
    stochastic
        Whether `sample` draws the error.
    beta, gamma, zeta
        Temperature > 0 and stretch, gamma < 0 < 1 < zeta. The smaller beta, the narrower the band of parameters
        between exactly 0 and exactly 1: theta_0 to -theta_0.
    width
        s > 0: how far from theta_0 the surrogate still has a slope.
    keys
        Of the same shape, from `edge_keys`: makes draws depend on the names of an edge instead of its place.

    References
    ----------
    Shulman, "DiffPrune: neural network pruning with deterministic approximate binary gates and L0 regularization",
    arXiv 2012.03653, 2020.
    """

    allowed: Tensor
    keys: Tensor | None

    def __init__(
        self,
        theta: Float[Tensor, "*gates"],
        allowed: Bool[Tensor, "*gates"] | None = None,
        *,
        stochastic: bool = False,
        beta: float = 0.2,
        gamma: float = -0.1,
        zeta: float = 1.1,
        width: float = 1.0,
        keys: Int[Tensor, "*gates"] | None = None,
    ) -> None:
        super().__init__()
        if not (beta > 0 and gamma < 0 and zeta > 1 and width > 0):
            raise OptionError(
                f"DiffPrune needs beta > 0, gamma < 0, zeta > 1, width > 0, not {beta}, {gamma}, {zeta}, {width}"
            )
        if not bool(torch.isfinite(theta).all()):
            raise OptionError("theta must be finite; close gates for good with `allowed`")
        self.beta, self.gamma, self.zeta, self.width, self.stochastic = beta, gamma, zeta, width, stochastic
        self.theta = nn.Parameter(theta.detach().clone())
        allowed = torch.ones_like(theta, dtype=torch.bool) if allowed is None else allowed.to(torch.bool)
        self.register_buffer("allowed", allowed.expand_as(theta).clone())
        self.register_buffer("keys", keys)

    @classmethod
    def from_probability(
        cls,
        probability: Float[Tensor, "*gates"],
        allowed: Bool[Tensor, "*gates"] | None = None,
        *,
        odds: float = 1.0,
        bound: float = 2.5,
        stochastic: bool = False,
        keys: Int[Tensor, "*gates"] | None = None,
    ) -> Self:
        """Gates whose surrogate is `probability`, its odds multiplied by `odds`, within `bound` widths of theta_0."""
        shifted = torch.sigmoid(torch.logit(probability, eps=1e-7) + math.log(odds))
        gate = cls(torch.special.ndtri(shifted).clamp(-bound, bound), allowed, stochastic=stochastic, keys=keys)
        with torch.no_grad():
            gate.theta.mul_(gate.width).add_(gate.threshold)
        return gate

    @property
    def threshold(self) -> float:
        """theta_0: gates with a parameter up to this are exactly 0."""
        return self.beta * math.log(-self.gamma / self.zeta)

    def sample(self, generator: torch.Generator) -> Float[Tensor, "*gates"]:
        """The gates themselves, or one draw of them in the stochastic form."""
        if not self.stochastic:
            return self.deterministic()
        like = self.theta
        if self.keys is None:
            error = torch.randn(like.shape, generator=generator, dtype=like.dtype, device=generator.device)
        else:
            error = torch.special.ndtri(keyed_uniform(self.keys, generator, like.dtype))
        return self._stretch(like + self.width * error.to(like.device))

    def deterministic(self) -> Float[Tensor, "*gates"]:
        """Gates at test time."""
        return self._stretch(self.theta)

    def probability(self) -> Float[Tensor, "*gates"]:
        """The surrogate of L0 of every gate."""
        surrogate: Tensor = torch.special.ndtr((self.theta - self.threshold) / self.width)
        return surrogate * self._mask

    def mean(self) -> Float[Tensor, "*gates"]:
        """E[z]: the gates themselves, or a quadrature over the error in the stochastic form."""
        return self._moment(1) if self.stochastic else self.deterministic()

    def variance(self) -> Float[Tensor, "*gates"]:
        """Var[z]: 0, or a quadrature over the error in the stochastic form."""
        if not self.stochastic:
            return torch.zeros_like(self.theta)
        return self._moment(2) - self._moment(1).square()

    @property
    def _mask(self) -> Tensor:
        return self.allowed.to(self.theta.dtype)  # a product with booleans takes twice as long

    def _moment(self, power: int) -> Float[Tensor, "*gates"]:
        stretch = (self.beta, self.gamma, self.zeta)
        return moment(lambda at: torch.special.ndtr((self.theta - at) / self.width), power, stretch) * self._mask

    def _stretch(self, x: Tensor) -> Tensor:
        return clip(torch.sigmoid(x / self.beta) * (self.zeta - self.gamma) + self.gamma) * self._mask

"""What every gate can do."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from grn_l0._typing import Float


class AbstractGate(nn.Module):
    """Gates z in [0, 1]; 0 removes what is gated.

    Their shape is that of what they gate: R regulators x N targets for the edges of a network, anything else for the
    weights or units of a layer, one number per group for `Grouped`.

    A gate matrix is sampled once per solve and handed to the dynamics: noise inside the right-hand side
    would break step control and the adjoint.
    """

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Float[Tensor, "*gates"]:
        """One draw of all gates, differentiable in the gates' parameters."""

    @abstractmethod
    def deterministic(self) -> Float[Tensor, "*gates"]:
        """Gates at test time; what is above 0 survives."""

    @abstractmethod
    def probability(self) -> Float[Tensor, "*gates"]:
        """P(z != 0), or a surrogate of it, in [0, 1]; exactly 0 where there is no candidate."""

    @abstractmethod
    def mean(self) -> Float[Tensor, "*gates"]:
        """E[z] over what `sample` draws."""

    @abstractmethod
    def variance(self) -> Float[Tensor, "*gates"]:
        """Var[z] over what `sample` draws; 0 for gates that are not drawn."""


def clip(z: Float[Tensor, "*gates"]) -> Float[Tensor, "*gates"]:
    """min(1, max(0, z)), with no gradient where it is exactly 0 or 1; the gradient of clamp takes longer."""
    return functional.hardtanh(z, 0.0, 1.0)

"""What every gate can do."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from grn_l0._typing import Float


class AbstractGate(nn.Module):
    """Gates z in [0, 1] on R regulators x N targets; 0 removes the edge.

    A gate matrix is sampled once per solve and handed to the dynamics: noise inside the right-hand side
    would break step control and the adjoint.
    """

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Float[Tensor, "regulators genes"]:
        """One draw of all gates, differentiable in the gates' parameters."""

    @abstractmethod
    def deterministic(self) -> Float[Tensor, "regulators genes"]:
        """Gates at test time; the edges where this is above 0 are the network."""

    @abstractmethod
    def probability(self) -> Float[Tensor, "regulators genes"]:
        """P(z != 0), in [0, 1]; exactly 0 for pairs that are not candidates."""

"""What every kind of sparsity can do."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from grn_l0._typing import Float


class AbstractSparsity(nn.Module):
    """A term of the loss that closes gates, in nats when the data term is a negative log-likelihood."""

    @property
    @abstractmethod
    def lambdas(self) -> Tensor:
        """Cost of an open gate in nats; a shape that broadcasts to that of the gates, (R, N) for edges."""

    @abstractmethod
    def penalty(self, probability: Float[Tensor, "*gates"]) -> Float[Tensor, ""]:
        """Term of the loss, given P(z != 0) of every gate."""

    def update(self, probability: Float[Tensor, "*gates"]) -> None:
        """Learn from the gates' current probabilities; called every few training steps."""

    def after_step(self, probability: Float[Tensor, "*gates"]) -> None:
        """Learn from the probabilities at which a training step took its gradient; called after every step."""

    def figures(self, probability: Float[Tensor, "*gates"]) -> dict[str, float]:
        """What belongs into the history of a fit, by name."""
        return {}

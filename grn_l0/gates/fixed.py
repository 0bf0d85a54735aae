"""Gates that do not change: a known graph, or all ones for a dense baseline."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from grn_l0._errors import OptionError
from grn_l0._typing import Float
from grn_l0.gates.abstract import AbstractGate


@final
class Fixed(AbstractGate):
    """A graph that is known.

    Parameters
    ----------
    mask
        Shape (R, N), 1 (or True) where the edge exists. A bool mask becomes torch's default float type.
    """

    mask: Tensor

    def __init__(self, mask: Float[Tensor, "regulators genes"]) -> None:
        super().__init__()
        mask = mask if mask.is_floating_point() else mask.to(torch.get_default_dtype())
        if mask.ndim != 2 or not bool(((mask >= 0) & (mask <= 1)).all()):
            raise OptionError("the mask of fixed gates must be a regulators x targets matrix with values in [0, 1]")
        self.register_buffer("mask", mask.detach().clone())

    def sample(self, generator: torch.Generator) -> Float[Tensor, "regulators genes"]:
        """One draw of all gates."""
        return self.mask

    def deterministic(self) -> Float[Tensor, "regulators genes"]:
        """Gates at test time."""
        return self.mask

    def probability(self) -> Float[Tensor, "regulators genes"]:
        """P(z != 0) of every gate."""
        return (self.mask != 0).to(self.mask.dtype)

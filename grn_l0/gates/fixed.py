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
        1 (or True) where the edge exists; (R, N) for edges. A bool mask becomes torch's default float type.
    """

    mask: Tensor

    def __init__(self, mask: Float[Tensor, "*gates"]) -> None:
        super().__init__()
        mask = mask if mask.is_floating_point() else mask.to(torch.get_default_dtype())
        if not bool(((mask >= 0) & (mask <= 1)).all()):
            raise OptionError("the mask of fixed gates must have values in [0, 1]")
        self.register_buffer("mask", mask.detach().clone())

    def sample(self, generator: torch.Generator) -> Float[Tensor, "*gates"]:
        """One draw of all gates."""
        return self.mask

    def deterministic(self) -> Float[Tensor, "*gates"]:
        """Gates at test time."""
        return self.mask

    def probability(self) -> Float[Tensor, "*gates"]:
        """P(z != 0) of every gate."""
        return (self.mask != 0).to(self.mask.dtype)

    def mean(self) -> Float[Tensor, "*gates"]:
        """The gates themselves."""
        return self.mask

    def variance(self) -> Float[Tensor, "*gates"]:
        """Zeros."""
        return torch.zeros_like(self.mask)

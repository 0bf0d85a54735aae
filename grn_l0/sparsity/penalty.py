"""A fixed cost per open gate, and none."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from grn_l0._errors import OptionError
from grn_l0._typing import Float
from grn_l0.sparsity.abstract import AbstractSparsity


@final
class Penalty(AbstractSparsity):
    """Sum over edges of lambda P(z != 0).

    In `grn_l0.fit.fit` an open gate pays 0.5 log(1 + slab^2 curvature) for its weight beside this. A criterion has that
    in it: ask for one in words (`SparseConfig(criterion=)`, `penalty=`), which leave it out.

    Parameters
    ----------
    lam
        Nats per edge: a number, or a tensor that broadcasts to the gates' shape. Infinite where the edge is not a
        candidate, whose probability is 0 anyway. Negative where prior knowledge makes an edge likely.
    """

    lam: Tensor

    def __init__(self, lam: float | Tensor) -> None:
        super().__init__()
        lam = torch.as_tensor(lam)
        if bool((torch.isnan(lam) | (lam == -torch.inf)).any()):
            raise OptionError("lambda must be a number of nats per edge, or inf for no edge, not NaN or -inf")
        self.register_buffer("lam", lam.detach().clone())

    @property
    def lambdas(self) -> Tensor:
        """Nats per open gate."""
        return self.lam

    def penalty(self, probability: Float[Tensor, "*gates"]) -> Float[Tensor, ""]:
        """Sum of lambda P(z != 0), in nats."""
        # inf * 0 is NaN; an edge that is not a candidate costs nothing because it is never open
        return (torch.where(torch.isinf(self.lam), 0.0, self.lam).to(probability.dtype) * probability).sum()


@final
class NoSparsity(AbstractSparsity):
    """Open gates cost nothing."""

    @property
    def lambdas(self) -> Tensor:
        """Nats per open gate."""
        return torch.zeros(())

    def penalty(self, probability: Float[Tensor, "*gates"]) -> Float[Tensor, ""]:
        """Sum of lambda P(z != 0), in nats."""
        return probability.new_zeros(())

"""A cost per regulator, learned from the data: most genes regulate nothing, few regulate many."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import betaln, digamma
from torch import Tensor

from grn_l0._typing import Array, Bool, Float
from grn_l0.sparsity.abstract import AbstractSparsity

#: Where the likelihood is searched, in log a and log b: a mean rate down to 1e-8, hubs of any size.
_BOUNDS = ((np.log(1e-3), np.log(10.0)), (np.log(0.5), np.log(1e5)))


def beta_binomial_fit(
    n_open: Float[Array, " regulators"],
    n_allowed: Float[Array, " regulators"],
    start: tuple[float, float] = (0.1, 20.0),
) -> tuple[float, float]:
    r"""Shape parameters of a beta distribution of the regulators' rates, by beta-binomial likelihood.

    .. math:: \sum_j \log B(n_j + a, N_j - n_j + b) - \log B(a, b)

    Where n_j is the expected number of open gates of regulator j (need not be whole) and N_j its number of
    allowed targets.

    Parameters
    ----------
    n_open, n_allowed
        n_j and N_j, shape (R,). Regulators without allowed targets are ignored.
    start
        Where the search for (a, b) begins; returned as it is when there is nothing to learn from.

    Returns
    -------
    a, b, both positive.
    """
    n_open, n_allowed = np.asarray(n_open, dtype=np.float64), np.asarray(n_allowed, dtype=np.float64)
    keep = n_allowed > 0
    if not keep.any():
        return start
    n = n_open[keep]
    m = np.maximum(n_allowed[keep] - n, 0.0)

    def negative(log_ab: Float[Array, " 2"]) -> tuple[float, Float[Array, " 2"]]:
        a, b = np.exp(log_ab)
        value = (betaln(n + a, m + b) - betaln(a, b)).sum()
        common = digamma(n + m + a + b) - digamma(a + b)
        slope_a = (digamma(n + a) - digamma(a) - common).sum()
        slope_b = (digamma(m + b) - digamma(b) - common).sum()
        return -float(value), -np.array([a * slope_a, b * slope_b])

    found = minimize(negative, np.log(start), jac=True, method="L-BFGS-B", bounds=_BOUNDS)
    a, b = np.exp(found.x)
    return float(a), float(b)


@final
class EmpiricalBayes(AbstractSparsity):
    r"""L0 penalty whose cost depends on how many targets the regulator already has.

    .. math:: \lambda_j = -\mathrm{logit} \frac{n_j + a_0}{n_{all} + a_0 + b_0}

    Where n_j is the sum of P(z != 0) over the n_all allowed targets of regulator j and (a_0, b_0) come from
    `beta_binomial_fit`, anew at every `update`.

    Parameters
    ----------
    allowed
        Candidate edges, shape (R, N).
    a, b
        Where (a_0, b_0) start.
    """

    allowed: Tensor
    lam: Tensor

    def __init__(self, allowed: Bool[Tensor, "regulators genes"], *, a: float = 0.1, b: float = 20.0) -> None:
        super().__init__()
        self.a, self.b = a, b
        self.register_buffer("allowed", allowed.to(torch.bool).clone())
        rows = torch.zeros(len(allowed), 1, dtype=torch.float64, device=allowed.device)
        self.register_buffer("lam", rows - float(np.log(a / b)))

    def get_extra_state(self) -> Tensor:
        """(a_0, b_0), which are part of `state_dict`."""
        return torch.tensor([self.a, self.b], dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """Put them back."""
        self.a, self.b = (float(value) for value in state)

    @property
    def lambdas(self) -> Tensor:
        """Nats per open gate."""
        return self.lam

    def penalty(self, probability: Float[Tensor, "regulators genes"]) -> Float[Tensor, ""]:
        """Sum of lambda P(z != 0), in nats."""
        return (self.lam.to(probability.dtype) * probability * self.allowed).sum()

    @torch.no_grad()
    def update(self, probability: Float[Tensor, "regulators genes"]) -> None:
        """Fit (a_0, b_0) and the costs to the gates as they are."""
        n_open = (probability * self.allowed).sum(1).double().cpu().numpy()
        n_allowed = self.allowed.sum(1).double().cpu().numpy()
        self.a, self.b = beta_binomial_fit(n_open, n_allowed, start=(self.a, self.b))
        # log odds of (n + a) / (all + a + b)
        lam = np.log(np.maximum(n_allowed - n_open, 0) + self.b) - np.log(n_open + self.a)
        self.lam.copy_(torch.from_numpy(lam)[:, None])

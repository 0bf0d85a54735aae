"""Adam without torch's optimisers, the first of which loads its compiler, for more than a second."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """Adam (Kingma and Ba 2015) by torch's own fused steps, with learning rates by groups.

    Parameters
    ----------
    groups
        Parameters ("params") that share a learning rate ("lr").
    betas
        Rates at which the means of gradients and of their squares forget.
    eps
        Added to the root of the mean square.
    """

    def __init__(
        self, groups: list[dict[str, Any]], *, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        self.param_groups, self.betas, self.eps = groups, betas, eps
        #: Per parameter, from its first step on: "step", "exp_avg" and "exp_avg_sq".
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    @property
    def parameters(self) -> list[Tensor]:
        """Of all groups."""
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            moved = [p for p in group["params"] if p.grad is not None]
            states = [self._state(p) for p in moved]
            average, square, step = ([s[name] for s in states] for name in ("exp_avg", "exp_avg_sq", "step"))
            gradients = [p.grad for p in moved]
            adam(
                moved, gradients, average, square, [], step, fused=True, amsgrad=False, beta1=self.betas[0],
                beta2=self.betas[1], lr=group["lr"], weight_decay=0.0, eps=self.eps, maximize=False,
            )  # fmt: skip

    def _state(self, p: Tensor) -> dict[str, Tensor]:
        if p not in self.state:
            step = torch.zeros((), dtype=torch.float32, device=p.device)
            self.state[p] = {"step": step, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
        return self.state[p]

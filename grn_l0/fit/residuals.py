"""Whitened squared residuals as one operation of torch; compiled where everything is on the CPU."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from grn_l0._typing import Float
from grn_l0.fit.problem import Problem


def squares(x: Float[Tensor, "pieces times genes"], problem: Problem) -> Float[Tensor, " genes"]:
    """Whitened squared residuals of the states `x`, of each gene, summed over everything measured."""
    if x.device.type == "cpu":
        return cast(Tensor, _Squares.apply(x, problem)) * problem.share  # type: ignore[no-untyped-call]
    residual = (problem.target - x) * problem.weight
    total = torch.zeros_like(problem.observed)
    for pieces, whitener in problem.whiteners:
        # genes first: one small matrix product per gene
        r = residual[pieces, : whitener.shape[1]].permute(2, 1, 0)
        total = total + (whitener @ r).square().sum((1, 2))
    return total * problem.share


class _Squares(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, problem: Problem) -> Tensor:
        ctx.x, ctx.problem = x.detach(), problem
        return torch.from_numpy(_whitened(x.detach(), problem, None)[0])

    @staticmethod
    def backward(ctx: Any, dsquares: Tensor) -> tuple[Tensor, None]:
        dx = _whitened(ctx.x, ctx.problem, dsquares)[1]
        return torch.from_numpy(dx).permute(2, 0, 1), None


def _whitened(x: Tensor, problem: Problem, factor: Tensor | None) -> tuple[np.ndarray, np.ndarray]:
    """Squares (N,), and the gradient (T, N, S) if there is a factor."""
    from grn_l0.fit.whiten import whiten

    states, target, weight = (m.permute(1, 2, 0).contiguous().numpy() for m in (x, problem.target, problem.weight))
    total = np.zeros(states.shape[1], states.dtype)
    by = np.empty(0, states.dtype) if factor is None else factor.contiguous().numpy()
    dx = np.empty((0, 0, 0), states.dtype) if factor is None else np.zeros_like(states)
    for pieces, whitener in problem.whiteners:
        if len(pieces):
            whiten(states, target, weight, whitener.contiguous().numpy(), pieces.numpy(), total, by, dx)
    return total, dx

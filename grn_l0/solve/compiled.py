"""Exponential Heun over a list of edges as one operation of torch, with its gradient; single threaded."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from grn_l0._typing import Array, Bool, Float, Int
from grn_l0.dynamics import AbstractDynamics, Terms
from grn_l0.solve.abstract import checked
from grn_l0.solve.production import System

#: Series that are taken through their steps together: two of the kernels' arrays of 350 genes fill a first-level cache.
_BLOCK = 64
#: Beyond so many values in a block's state it gets fewer series, so that it stays in the second-level cache.
_VALUES = 40_000
#: Least series of a block, which a vector register holds.
_LEAST = 16


def heun(
    dynamics: AbstractDynamics,
    terms: Terms,
    x0: Float[Tensor, "series genes"],
    gaps: Float[Tensor, "series intervals"],
    counts: list[int],
    drive: Float[Tensor, "series intervals genes"] | None,
    held: Bool[Tensor, "series genes"] | None,
) -> Float[Tensor, "series times genes"]:
    """States at all times after `counts` steps in each of the intervals, as `ExponentialHeun` defines them.

    Raises
    ------
    DivergenceError
        When a state is not finite.
    """
    weight, log_rate, bias = terms.weight, dynamics.log_rate, terms.bias
    plan = _Plan(dynamics, terms, gaps, counts, held)
    return cast(
        Tensor,
        _Heun.apply(x0, weight, bias, terms.amplitude, log_rate, drive, plan),  # type: ignore[no-untyped-call]
    )


class _Plan:
    """What a solution needs beside the tensors it has gradients for."""

    def __init__(
        self,
        dynamics: AbstractDynamics,
        terms: Terms,
        gaps: Tensor,
        counts: list[int],
        held: Tensor | None,
    ) -> None:
        index = terms.index.numpy()
        there = None if terms.gate is None else terms.gate.detach().numpy() != 0
        self.edges: Int[Array, " open"] = np.arange(index.shape[1]) if there is None else np.flatnonzero(there)
        self.source, target = index[:, self.edges]
        genes = np.arange(dynamics.n_genes + 1)
        dtype = terms.weight.detach().numpy().dtype
        self.regulators = dynamics.regulators.numpy()
        self.pointer = np.searchsorted(target, genes)
        self.moving = np.flatnonzero(dynamics.moving.numpy())
        self.shift, self.scale = (v.detach().numpy() for v in (terms.shift, terms.scale))
        self.bounds = np.array(terms.bounds or (), dtype=dtype)
        self.floor = np.empty(0, dtype) if terms.floor is None else terms.floor.numpy()
        self.counts = np.array(counts, dtype=np.int64)
        self.lengths = np.ascontiguousarray(gaps.numpy().T / np.maximum(self.counts, 1)[:, None], dtype=dtype)
        self.moves = np.empty((0, 0), dtype) if held is None else np.ascontiguousarray(~held.numpy().T, dtype=dtype)
        self.block = max(_LEAST, min(_BLOCK, _VALUES // max(dynamics.n_genes, 1)))

    def system(self, weight: Array, bias: Array, amplitude: Array, log_rate: Array) -> System:
        return System(
            rate=np.exp(log_rate),
            moving=self.moving,
            regulators=self.regulators,
            shift=self.shift,
            scale=self.scale,
            bounds=self.bounds,
            pointer=self.pointer,
            source=self.source,
            weight=weight[self.edges],
            bias=bias,
            floor=self.floor,
            amplitude=amplitude,
        )


class _Heun(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x0: Tensor,
        weight: Tensor,
        bias: Tensor,
        amplitude: Tensor | None,
        log_rate: Tensor,
        drive: Tensor | None,
        plan: _Plan,
    ) -> Tensor:
        from grn_l0.solve.kernels import solve

        state = x0.T.contiguous().numpy()
        system = plan.system(weight.numpy(), bias.numpy(), _array(amplitude, 1, state), log_rate.numpy())
        added = _array(None if drive is None else drive.permute(1, 2, 0).contiguous(), 3, state)
        given = (system, state, plan.lengths, plan.counts, plan.moves, added, plan.block)
        out = np.empty((len(plan.counts) + 1, *state.shape), state.dtype)
        finite = solve(*given, out)
        ctx.given, ctx.plan, ctx.n_edges = given, plan, len(weight)
        states = torch.from_numpy(out).permute(2, 0, 1)
        return states if finite else checked(states)

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        from grn_l0.solve.kernels import adjoint

        system, state, lengths, counts, moves, added, block = ctx.given
        back = dout.permute(1, 2, 0).contiguous().numpy()
        dx0, dadded = np.empty_like(state), np.zeros_like(added)
        drate, dweight, dbias, damplitude = (
            np.zeros_like(a) for a in (system.rate, system.weight, system.bias, system.amplitude)
        )
        gradients = (dadded, drate, dweight, dbias, damplitude)
        adjoint(system, state, lengths, counts, moves, added, block, back, dx0, *gradients)
        whole = np.zeros(ctx.n_edges, state.dtype)
        whole[ctx.plan.edges] = dweight
        return (
            torch.from_numpy(dx0).T,
            torch.from_numpy(whole),
            torch.from_numpy(dbias),
            torch.from_numpy(damplitude) if len(damplitude) else None,
            torch.from_numpy(drate),
            torch.from_numpy(dadded).permute(2, 0, 1) if len(added) else None,
            None,
        )


def _array(tensor: Tensor | None, axes: int, like: Array) -> Array:
    return np.empty((0,) * axes, like.dtype) if tensor is None else tensor.numpy()

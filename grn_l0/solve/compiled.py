"""Exponential Heun over a list of edges as one operation of torch, with its gradient; blocks of series side by side."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from grn_l0._parallel import in_parts
from grn_l0._typing import Array, Bool, Float, Int
from grn_l0.dynamics import AbstractDynamics, Terms
from grn_l0.solve.abstract import checked
from grn_l0.solve.production import System
from grn_l0.solve.room import Room

#: Most series that are taken through their steps together, so that what is done once per edge counts for little.
_BLOCK = 128
#: Beyond so many values in a block's state it gets fewer series, so that it stays in the second-level cache;
_VALUES = 40_000
#: but not fewer than these, if the last one is left out. Of twice as many series two blocks are made, for two threads.
_LEAST = 16
#: Numbers that a vector register holds.
_VECTOR = 8

_ROOM = Room()


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


def _parts(n_series: int, most: int) -> list[tuple[int, int]]:
    """First series and size of blocks, which do not depend on how many threads work on them."""
    n = max(-(-n_series // most), 2 if n_series >= 2 * _LEAST else 1)
    size = -(-n_series // (n * _VECTOR)) * _VECTOR
    return [(first, min(size, n_series - first)) for first in range(0, n_series, size)]


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
        self.parts = _parts(len(gaps), max(_LEAST, min(_BLOCK, _VALUES // max(dynamics.n_genes, 1))))

    def shapes(self, size: int, *, all_steps: bool) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Of what a kernel needs for states and features of a block, of one step or of all."""
        steps = int(self.counts.sum())
        rows, features = (7 + 3 * steps, 1 + 2 * steps) if all_steps else (7, 2)
        return (rows, len(self.pointer) - 1, size), (features, len(self.regulators), size)

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
        given: tuple[Any, ...] = (system, state, plan.lengths, plan.counts, plan.moves, added)
        out = np.empty((len(plan.counts) + 1, *state.shape), state.dtype)

        def one(part: tuple[int, int]) -> bool:
            with _ROOM.arrays(*plan.shapes(part[1], all_steps=False), dtype=state.dtype) as (space, fspace):
                arguments: tuple[Any, ...] = (*given, *part, space, fspace, out)
                return bool(solve(*arguments))

        finite = all(in_parts(one, plan.parts))
        ctx.given, ctx.plan, ctx.n_edges = given, plan, len(weight)
        states = torch.from_numpy(out).permute(2, 0, 1)
        return states if finite else checked(states)

    @staticmethod
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        from grn_l0.solve.kernels import adjoint

        given, parts = ctx.given, ctx.plan.parts
        system, state, added = given[0], given[1], given[-1]
        back = dout.permute(1, 2, 0).contiguous().numpy()
        dx0, dadded = np.empty_like(state), np.zeros_like(added)

        def one(part: tuple[int, int]) -> list[Array]:
            gradients = [np.zeros_like(a) for a in (system.rate, system.weight, system.bias, system.amplitude)]
            with _ROOM.arrays(*ctx.plan.shapes(part[1], all_steps=True), dtype=state.dtype) as (space, fspace):
                arguments: tuple[Any, ...] = (*given, *part, space, fspace, back, dx0, dadded, *gradients)
                adjoint(*arguments)
            return gradients

        # Added in the order of the blocks, whichever was done first.
        drate, dweight, dbias, damplitude = (np.sum(some, axis=0) for some in zip(*in_parts(one, parts), strict=True))
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

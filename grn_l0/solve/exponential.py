"""Exponential integrators: exact in the decay, approximate only in the production."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import torch
from torch import Tensor

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float
from grn_l0.dynamics import AbstractDynamics
from grn_l0.solve.abstract import AbstractSolver, intervals, produced, rates, stacked

#: Expression of all series at one time, and what makes it.
State = Float[Tensor, "series genes"]
Production = Callable[[State], State]


@dataclass(frozen=True, kw_only=True)
class AbstractExponential(AbstractSolver):
    r"""Solvers that use :math:`dx/dt = d (f(x) - x)`, exact for constant f whatever the step.

    .. math:: x(t+h) = e^{-dh} x(t) + \int_0^h d e^{-d(h-u)} f(x(t+u)) du

    Parameters
    ----------
    step
        Longest step, in units of time. Every interval is cut into equal steps no longer than this.

    References
    ----------
    Hochbruck & Ostermann, "Exponential integrators", Acta Numerica 2010.
    """

    step: float
    order: ClassVar[int]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.step) and self.step > 0):
            raise OptionError(f"the solver's step must be a positive time, not {self.step}")

    @abstractmethod
    def advance(self, production: Production, x: State, a: Tensor, gain: Tensor) -> State:
        """One step under `production`, x -> f(x); `a` = d h and `gain` = 1 - exp(-a) broadcast to (S, N)."""

    def solve(
        self,
        dynamics: AbstractDynamics,
        x0: Float[Tensor, "series genes"],
        times: Float[Tensor, "series times"],
        z: Float[Tensor, "regulators genes"] | None = None,
        *,
        drive: Float[Tensor, "series intervals genes"] | None = None,
        held: Bool[Tensor, "series genes"] | None = None,
    ) -> Float[Tensor, "series times genes"]:
        """States at `times`; see `AbstractSolver.solve`."""
        gaps = intervals(times)
        counts = self.counts(gaps)
        gated, rate = dynamics.matrices(z), rates(dynamics, held)
        x, states = x0, [x0]
        for k, count in enumerate(counts):
            h = gaps[:, k, None] / count
            if bool((h == h[0]).all()):
                h = h[:1]
            a = rate * h
            gain = -torch.expm1(-a)
            added = None if drive is None else drive[:, k]
            production = partial(produced, dynamics, gated=gated, drive=added)
            for _ in range(count):
                x = self.advance(production, x, a, gain)
            states.append(x)
        return stacked(states)

    def counts(self, gaps: Float[Tensor, "series intervals"]) -> list[int]:
        """Number of steps in each of the intervals."""
        # 1e-9: an interval that is a multiple of the step up to rounding takes that many steps, not one more
        return torch.ceil(gaps.amax(0).double() / self.step - 1e-9).clamp(min=1).int().tolist() if len(gaps) else []


@final
@dataclass(frozen=True, kw_only=True)
class ExponentialEuler(AbstractExponential):
    """Production held constant over a step: order 1, one evaluation."""

    order: ClassVar[int] = 1

    def advance(self, production: Production, x: State, a: Tensor, gain: Tensor) -> State:
        """One step of the method."""
        return x + gain * (production(x) - x)


@final
@dataclass(frozen=True, kw_only=True)
class ExponentialHeun(AbstractExponential):
    r"""Production interpolated linearly over a step, its integral exact: order 2, two evaluations.

    .. math:: x(t+h) = x + (1 - e^{-a}) (f_0 - x) + (1 - (1 - e^{-a}) / a) (f_1 - f_0), \quad a = d h

    Where f_0 and f_1 are production at the step's beginning and at an Euler prediction of its end. Production over a
    list of edges is integrated by a compiled kernel if everything is on the CPU; its results, and their gradients, are
    the same up to rounding.
    """

    order: ClassVar[int] = 2

    def solve(
        self,
        dynamics: AbstractDynamics,
        x0: Float[Tensor, "series genes"],
        times: Float[Tensor, "series times"],
        z: Float[Tensor, "regulators genes"] | None = None,
        *,
        drive: Float[Tensor, "series intervals genes"] | None = None,
        held: Bool[Tensor, "series genes"] | None = None,
    ) -> Float[Tensor, "series times genes"]:
        """States at `times`; see `AbstractSolver.solve`."""
        terms = dynamics.terms(z) if x0.device.type == "cpu" and len(x0) else None
        if terms is None:
            return super().solve(dynamics, x0, times, z, drive=drive, held=held)
        from grn_l0.solve.compiled import heun

        gaps = intervals(times)
        return heun(dynamics, terms, x0, gaps, self.counts(gaps), drive, held)

    def advance(self, production: Production, x: State, a: Tensor, gain: Tensor) -> State:
        """One step of the method."""
        f0 = production(x)
        predicted = x + gain * (f0 - x)
        f1 = production(predicted)
        return predicted + _ramp(a, gain) * (f1 - f0)


def _ramp(a: Tensor, gain: Tensor) -> Tensor:
    """``1 - gain / a`` without cancellation (or 0 / 0) for small a."""
    small = a < 0.02
    safe = torch.where(small, torch.ones_like(a), a)
    series = a * (1 / 2 - a * (1 / 6 - a * (1 / 24 - a * (1 / 120 - a / 720))))
    return torch.where(small, series, 1 - gain / safe)

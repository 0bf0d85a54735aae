"""The methods of torchdiffeq behind one class; the only place that imports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor, nn

from grn_l0._errors import DivergenceError, OptionError
from grn_l0._typing import Bool, Float
from grn_l0.dynamics import AbstractDynamics, Gated
from grn_l0.solve.abstract import AbstractSolver, intervals, produced, rates, stacked


class _Field(nn.Module):
    """dx/ds with s = (t - t_k) / (t_{k+1} - t_k), so that all series share one time."""

    def __init__(self, dynamics: AbstractDynamics, gated: Gated, speed: Tensor, drive: Tensor | None) -> None:
        super().__init__()
        self.dynamics = dynamics
        self.gated, self.speed, self.drive = gated, speed, drive

    def forward(self, s: Tensor, x: Tensor) -> Tensor:
        change: Tensor = self.speed * (produced(self.dynamics, x, self.gated, self.drive) - x)
        return change


@final
@dataclass(frozen=True, kw_only=True)
class TorchDiffEq(AbstractSolver):
    """Any method of torchdiffeq, adaptive or fixed.

    Parameters
    ----------
    method
        Name of the method, such as "dopri5", "rk4", "euler".
    rtol, atol
        Tolerances of adaptive methods.
    options
        Passed on, such as ``{"step_size": 0.1}``: in units of an interval between two times, not of time.
    adjoint
        Whether gradients come from the adjoint equation (memory does not grow with the number of steps) or from
        backpropagation through the steps.

    References
    ----------
    Chen, "torchdiffeq", https://github.com/rtqichen/torchdiffeq.
    """

    method: str = "dopri5"
    rtol: float = 1e-6
    atol: float = 1e-8
    options: Mapping[str, Any] = field(default_factory=dict)
    adjoint: bool = False

    def __post_init__(self) -> None:
        if self.rtol <= 0 or self.atol <= 0:
            raise OptionError(f"tolerances must be positive, not rtol={self.rtol}, atol={self.atol}")

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
        from torchdiffeq import odeint, odeint_adjoint

        gaps = intervals(times)
        gated, rate = dynamics.matrices(z), rates(dynamics, held)
        unit = torch.arange(2, dtype=x0.dtype, device=x0.device)
        settings: dict[str, Any] = {"rtol": self.rtol, "atol": self.atol, "method": self.method}
        settings["options"] = dict(self.options)
        x, states = x0, [x0]
        for k in range(gaps.shape[1]):
            system = _Field(dynamics, gated, gaps[:, k, None] * rate, None if drive is None else drive[:, k])
            try:
                if self.adjoint:
                    added = () if system.drive is None else (system.drive,)
                    inputs = (*system.gated, system.speed, *added, *dynamics.parameters())
                    x = odeint_adjoint(system, x, unit, adjoint_params=inputs, **settings)[-1]
                else:
                    x = odeint(system, x, unit, **settings)[-1]
            except AssertionError as error:  # torchdiffeq's way to say that its step size underflowed
                raise DivergenceError(
                    f"torchdiffeq's {self.method} gave up between times {k} and {k + 1}: {error}; use larger "
                    "tolerances, or ExponentialHeun"
                ) from error
            states.append(x)
        return stacked(states)

"""What every solver can do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from grn_l0._errors import DivergenceError
from grn_l0._typing import Bool, Float
from grn_l0.dynamics import AbstractDynamics, Gated


class AbstractSolver(ABC):
    """Integrates a batch of trajectories, each at its own times, as one.

    Interval k of every series is integrated together with interval k of the others, in units of its own length,
    so irregular times and different lengths need no loop over series.
    """

    @abstractmethod
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
        """States at `times`; `x0` is the state at the first of them.

        Parameters
        ----------
        dynamics
            The system, with R regulators and N genes.
        x0
            Shape (S, N).
        times
            Shape (S, T), increasing, NaN in the padding at the end.
        z
            One sample of the gates, shape (R, N); None opens all of them.
        drive
            What is added to production from outside, shape (S, T - 1, N), constant between two times; None for nothing.
        held
            Shape (S, N): genes that stay at their initial value, whatever their equation says; None for none.

        Returns
        -------
        Shape (S, T, N). Padding repeats the last state.

        Raises
        ------
        DivergenceError
            When a state is not finite.
        """


def rates(dynamics: AbstractDynamics, held: Bool[Tensor, "series genes"] | None) -> Float[Tensor, "#series genes"]:
    """Rates d, 0 where a gene is held."""
    return dynamics.rate if held is None else dynamics.rate * ~held


def produced(
    dynamics: AbstractDynamics, x: Float[Tensor, "series genes"], gated: Gated, drive: Tensor | None
) -> Float[Tensor, "series genes"]:
    """Production with what is added from outside."""
    made = dynamics.response(x, gated)
    return made if drive is None else made + drive


def intervals(times: Float[Tensor, "series times"]) -> Float[Tensor, "series intervals"]:
    """Lengths of the intervals between times, 0 in the padding."""
    return torch.nan_to_num(torch.diff(times, dim=1), nan=0.0)


def stacked(states: list[Tensor]) -> Float[Tensor, "series times genes"]:
    """The states at all times as one tensor, if all of them are finite."""
    return checked(torch.stack(states, dim=1))


def checked(x: Float[Tensor, "series times genes"]) -> Float[Tensor, "series times genes"]:
    """These states, if all of them are finite.

    Raises
    ------
    DivergenceError
        With the number of genes whose states are not.
    """
    if not bool(torch.isfinite(x[:, -1]).all()) or not bool(torch.isfinite(x.detach().sum())):
        bad = ~torch.isfinite(x.detach()).all(0).all(0)
        raise DivergenceError(
            f"the solution left the finite numbers for {int(bad.sum())} gene(s), first at position "
            f"{int(bad.nonzero()[:1].sum())}; take a smaller step, smaller learning rates, or a production that is "
            "bounded (Logistic)"
        )
    return x

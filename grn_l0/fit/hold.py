"""Genes that are held at a value in a forecast: knocked out, or overexpressed, whatever their equation says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from grn_l0._errors import NameMatchError, OptionError, nearest
from grn_l0._typing import Array, Bool, Float
from grn_l0.fit.drive import Outside
from grn_l0.fit.state import State


@dataclass(frozen=True, kw_only=True, eq=False)
class Hold:
    """Which of the N genes are held, shape (N,), and at what expression, shape (N,), NaN for all others."""

    genes: Bool[Array, " genes"]
    value: Float[Array, " genes"]

    @classmethod
    def of(cls, hold: Mapping[str, float] | None, genes: tuple[str, ...]) -> Hold | None:
        """The genes of a mapping name: value; None if there is none.

        Raises
        ------
        NameMatchError
            If a gene is not in the model.
        OptionError
            If a value is not a finite number.
        """
        if not hold:
            return None
        value = np.full(len(genes), np.nan)
        place = {gene: i for i, gene in enumerate(genes)}
        for name, given in hold.items():
            if name not in place:
                raise NameMatchError(
                    f"hold names {str(name)!r}, which is not one of the model's {len(genes)} genes"
                    f"{nearest(str(name), genes)}"
                )
            try:
                number = float(given)
            except (TypeError, ValueError):
                number = math.nan
            if not math.isfinite(number):
                raise OptionError(
                    f"hold keeps {name!r} at {given!r}; it must be a number in the units of the expression, such as 0 "
                    "for a knock-out"
                )
            value[place[name]] = number
        return cls(genes=np.isfinite(value), value=value)

    def put(self, states: Float[Array, "... genes"]) -> Float[Array, "... genes"]:
        """These states with the held genes at their value."""
        return np.where(self.genes, self.value, states)

    def outside(self, outside: Outside, n_series: int) -> Outside:
        """What acts on the series, and holds these genes in all of them."""
        held = np.broadcast_to(self.genes, (n_series, len(self.genes)))
        return replace(outside, held=held if outside.held is None else outside.held | held)


class HeldState:
    """A state in which genes are held; all others are found from the measurements as without that."""

    def __init__(self, state: State, hold: Hold) -> None:
        self.state, self.hold = state, hold

    def first(self, values: Array, weights: Array) -> Array:  # noqa: D102
        return self.hold.put(self.state.first(values, weights))

    def ahead(self, flow: Array, step: Array) -> Array:  # noqa: D102
        return self.hold.put(self.state.ahead(flow, step))

    def update(self, values: Array, weights: Array) -> Array:  # noqa: D102
        return self.hold.put(self.state.update(values, weights))

"""The state that a forecast starts from: as measured, guessed from one measurement, or filtered from several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from grn_l0._typing import Array, Float
from grn_l0.fit.deviation import Deviation, Tracker
from grn_l0.posterior.projection import Projection


@dataclass(frozen=True, kw_only=True, eq=False)
class Knowledge:
    """What training says about states beyond the dynamics.

    Attributes
    ----------
    mean, spread
        Shape (N,): mean and standard deviation of each gene in the training data.
    noise, drift
        Shape (N,): standard deviation of a measurement of weight 1, and the variance that a state gathers per unit of
        time beyond the model.
    initial
        Shape (N,): where long series begin, the mean of several of them; `mean` where there is one.
    projection
        How a state is guessed from one measurement; None: the measurement itself.
    deviation
        How genes deviate from the model along a long series; None for short ones.
    filters
        Whether that is what noisy measurements are filtered with, as it forecast the training series better.
    """

    mean: Float[Array, " genes"]
    spread: Float[Array, " genes"]
    noise: Float[Array, " genes"]
    drift: Float[Array, " genes"]
    initial: Float[Array, " genes"]
    projection: Projection | None = None
    deviation: Deviation | None = None
    filters: bool = False


class State(Protocol):
    """All arrays (S, N), times and weights (S,). Values are NaN where nothing was measured."""

    def first(self, values: Array, weights: Array) -> Array:
        """The state behind the first measurement."""

    def ahead(self, flow: Array, step: Array) -> Array:
        """The measurement to expect after `step`, where the dynamics alone lead to `flow`."""

    def update(self, values: Array, weights: Array) -> Array:
        """The state once that measurement is known."""


class Exact:
    """The measurement is the state; where it is missing, its own prediction."""

    def __init__(self, mean: Array) -> None:
        self.flow = mean

    def first(self, values: Array, weights: Array) -> Array:  # noqa: D102
        return self.update(values, weights)

    def ahead(self, flow: Array, step: Array) -> Array:  # noqa: D102
        self.flow = flow
        return flow

    def update(self, values: Array, weights: Array) -> Array:  # noqa: D102
        return np.where(np.isfinite(values), values, self.flow)


class Present(Exact):
    """The state is guessed from the present measurement alone, each gene with the help of all others."""

    def __init__(self, projection: Projection) -> None:
        super().__init__(projection.mean)
        self.projection = projection

    def update(self, values: Array, weights: Array) -> Array:  # noqa: D102
        measured = np.isfinite(values).any(axis=1)[:, None]
        return np.where(measured, self.projection.estimate(values, weights), self.flow)


class Filtered:
    r"""Gene by gene, :math:`P \leftarrow e^{-2 d \Delta} P + q \Delta` and gain :math:`P / (P + s^2)` (Kalman 1960)."""

    def __init__(self, knowledge: Knowledge, rate: Array) -> None:
        self.known, self.rate = knowledge, rate
        self.flow, self.variance = knowledge.mean, knowledge.spread**2

    def first(self, values: Array, weights: Array) -> Array:  # noqa: D102
        return self.update(values, weights)

    def ahead(self, flow: Array, step: Array) -> Array:  # noqa: D102
        self.flow = flow
        self.variance = np.exp(-2.0 * self.rate * step[:, None]) * self.variance + self.known.drift * step[:, None]
        return flow

    def update(self, values: Array, weights: Array) -> Array:  # noqa: D102
        seen = np.isfinite(values)
        noise = self.known.noise**2 / weights[:, None]
        gain = np.where(seen, self.variance / np.maximum(self.variance + noise, 1e-300), 0.0)
        exact = seen & (noise == 0)
        filtered = np.where(exact, 0.0, self.flow) + np.where(exact, 0.0, gain) * (
            np.nan_to_num(values) - np.where(exact, 0.0, self.flow)
        )
        self.variance = np.where(exact, 0.0, 1.0 - gain) * self.variance
        return np.where(exact, values, filtered)


class Deviating:
    r"""A gene is what its regulators make of it, plus a stationary process of its own (`Deviation`).

    With the state :math:`\hat x = \mu + \hat g`, :math:`\mu(t + \Delta) = \Phi_\Delta(\hat x) - e^{-d \Delta} \hat g`:
    the dynamics carry over what the regulators do, and the process is forecast from all measurements so far.
    """

    def __init__(self, knowledge: Knowledge, rate: Array, times: Array, weights: Array) -> None:
        if knowledge.deviation is None:
            raise ValueError("no deviation process")
        self.rate = rate
        self.model = np.broadcast_to(knowledge.initial, (len(times), rate.shape[-1]))
        self.trackers = [
            Tracker(knowledge.deviation, t[np.isfinite(t)], w[np.isfinite(t)], rate.shape[-1])
            for t, w in zip(times, weights, strict=True)
        ]
        self.process = np.zeros_like(self.model)

    def first(self, values: Array, weights: Array) -> Array:  # noqa: D102
        return self.update(values, weights)

    def ahead(self, flow: Array, step: Array) -> Array:  # noqa: D102
        self.model = flow - np.exp(-self.rate * step[:, None]) * self.process
        over = np.zeros(self.rate.shape[-1])
        process = np.stack([t.forecast() if t.k < len(t.times) else over for t in self.trackers])
        return np.asarray(self.model + process)

    def update(self, values: Array, weights: Array) -> Array:  # noqa: D102
        residual = values - self.model
        self.process = np.stack(
            [
                t.update(r) if t.k < len(t.times) else p
                for t, r, p in zip(self.trackers, residual, self.process, strict=True)
            ]
        )
        return np.asarray(self.model + self.process)


def state_of(measurement: str, knowledge: Knowledge, rate: Array, times: Array, weights: Array) -> State:
    """The way of `measurement`: "exact", "present" or "noisy"; rates (N,) or (S, N), 0 where a gene is held."""
    if measurement == "present" and knowledge.projection is not None:
        return Present(knowledge.projection)
    if measurement == "noisy":
        if knowledge.deviation is not None and knowledge.filters:
            return Deviating(knowledge, rate, times, weights)
        return Filtered(knowledge, rate)
    return Exact(knowledge.mean)

"""What the posterior hands to the gated ODE."""

from __future__ import annotations

from dataclasses import dataclass

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.prior_classes import Verdict
from grn_l0.posterior.projection import Projection


@dataclass(frozen=True, kw_only=True, eq=False)
class Covariance:
    """Noise of the residual trajectories of all genes, for the series that share their times.

    Attributes
    ----------
    series
        Positions of these series in the data.
    whitener
        Shape (N, T, T), lower triangular, T their number of times: ``whitener[i] @ residual`` has unit variance
        for gene i, so a trajectory's negative log-likelihood is half its squared norm (plus a constant).
    """

    series: Int[ndarray, " some"]
    whitener: Float[ndarray, "genes times times"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """What acts on genes from outside. Expression units; K inputs, of which those with a name are stimuli of the data.

    Attributes
    ----------
    names
        Names of the first inputs: stimuli whose levels are known. The others were found in the data, one per series;
        their levels are known for these series only.
    effect
        Production added per unit of level, shape (K, N): posterior mean, 0 where an input does not act.
    width
        Prior standard deviation of the effect, shape (K, N): that of the slab times the root of P(input acts).
    level
        Level on each series between an observation and the next, shape (S, T - 1, K); 0 in the padding.
    """

    names: tuple[str, ...]
    effect: Float[ndarray, "inputs genes"]
    width: Float[ndarray, "inputs genes"]
    level: Float[ndarray, "series intervals inputs"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """Gates, weights and nuisance parameters from which the gated ODE starts. Expression units, not standardised.

    R candidate regulators, N genes, S series, T times (padded).

    Attributes
    ----------
    inclusion
        P(gate open), shape (R, N); exactly 0 where an edge is not a candidate (a gene on itself).
    weight
        Slope of production given that the gate is open, shape (R, N); target units per regulator unit.
    center
        Expression at which `offset` holds, shape (R,).
    offset
        Production at ``x[regulators] == center`` and level 0 of all inputs, shape (N,).
    rate
        d, shape (N,), 1 / time. Exactly 0 for a gene that stays constant.
    initial
        Smoothed x at the first time of each series, shape (S, N).
    states
        Smoothed x at the observed times, shape (S, T, N); NaN in the padding.
    noise
        Standard deviation of a measurement of weight 1, shape (N,).
    penalty
        lambda in nats, shape (R, N); inf where an edge is not a candidate.
    curvature
        Second derivative of the negative log-likelihood in the edge's weight, shape (R, N); 1 / weight^2.
    slab
        Prior standard deviation of an open edge's weight, shape (R, N).
    covariances
        Noise of the residuals given a free initial state, one entry per distinct set of times; empty for long
        series, whose steps are fitted one by one.
    redundancy
        How many successive times count as one, 1 or more: smoothed series repeat themselves.
    priors
        What became of each prior network.
    projection
        How a state is guessed from one measurement of many genes; None where it is taken as it is.
    score
        What candidate edges are ranked by and reported with, shape (R, N); None for `inclusion` itself.
    gate
        P(gate open) from which the gated ODE starts, shape (R, N), 0 for edges that are not reported; None for
        `inclusion` itself.
    inputs
        What acts from outside; None if nothing does.
    lag
        Mean delay of a first-order lag between regulators and their targets (proteins), in units of time; 0 for none.
    note
        What the user should know about how the start was found.
    """

    inclusion: Float[ndarray, "regulators genes"]
    weight: Float[ndarray, "regulators genes"]
    center: Float[ndarray, " regulators"]
    offset: Float[ndarray, " genes"]
    rate: Float[ndarray, " genes"]
    initial: Float[ndarray, "series genes"]
    states: Float[ndarray, "series times genes"]
    noise: Float[ndarray, " genes"]
    penalty: Float[ndarray, "regulators genes"]
    curvature: Float[ndarray, "regulators genes"]
    slab: Float[ndarray, "regulators genes"]
    covariances: tuple[Covariance, ...]
    redundancy: float = 1.0
    priors: tuple[Verdict, ...] = ()
    projection: Projection | None = None
    score: Float[ndarray, "regulators genes"] | None = None
    gate: Float[ndarray, "regulators genes"] | None = None
    inputs: Inputs | None = None
    lag: float = 0.0
    note: str = ""

    @property
    def opening(self) -> Float[ndarray, "regulators genes"]:
        """P(gate open) from which the gated ODE starts: `gate` where there is one, else `inclusion`."""
        return self.inclusion if self.gate is None else self.gate

    def __post_init__(self) -> None:
        # A file knows lists only.
        object.__setattr__(self, "priors", tuple(Verdict(*v) for v in self.priors))

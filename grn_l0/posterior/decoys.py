"""Which edges stand out from those that the same method finds where there is nothing to find."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries
from grn_l0.timeseries.nulls import permuted, time_shifted

#: Thresholds tried, from the most lenient. Where decoys are needed probabilities are too sure of themselves: of edges
#: between .5 and .8 about half are wrong (own simulations of 10 series x 21 times, 7 systems).
_THRESHOLDS = np.array([0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 0.99999])

#: False edges per candidate in our own data without regulation, at most. A panel so small that this makes less than one
#: edge need not find four before it may report any.
_FALSE_RATE = 0.003

#: At most this many decoys: beyond, they cost memory and tell no more.
MOST = 500


@dataclass(frozen=True, eq=False)
class Decoys:
    """Series of genes and decoys, which take part in everything as regulators that cannot regulate.

    Attributes
    ----------
    series
        N genes and D decoys: copies of regulators, torn apart from all else.
    regulators
        Positions of the R candidate regulators, then of the D decoys.
    decoy_of
        Position of the gene that each decoy was made from, shape (D,).
    """

    series: TimeSeries
    regulators: Int[ndarray, " both"]
    decoy_of: Int[ndarray, " decoys"]

    @classmethod
    def of(
        cls, series: TimeSeries, regulators: Int[ndarray, " regulators"], noise: Float[ndarray, " genes"], seed: int
    ) -> Decoys:
        """A decoy of every regulator, or of `MOST` of them drawn at random; `noise` as in `decoy`."""
        some = regulators
        if len(some) > MOST:
            some = np.sort(np.random.default_rng(seed).choice(regulators, MOST, replace=False))
        apart = decoy(series, seed, noise)
        steady = series.steady
        if steady is not None and apart.steady is not None:
            steady = replace(
                steady,
                values=_beside(steady.values, apart.steady.values, some),
                knockouts=_beside(~steady.own_equation, ~apart.steady.own_equation, some),
            )
        whole = replace(
            series,
            genes=(*series.genes, *(f"decoy of {series.genes[j]}" for j in some)),
            values=_beside(series.values, apart.values, some),
            knockouts=_beside(~series.own_equation, ~apart.own_equation, some),
            steady=steady,
        )
        return cls(whole, np.concatenate([regulators, series.n_genes + np.arange(len(some))]), some)

    def split(self, start: Start) -> tuple[Start, Float[ndarray, "decoys genes"]]:
        """The start of the genes alone, and the probabilities of the decoys' edges."""
        n, r = self.series.n_genes - len(self.decoy_of), len(self.regulators) - len(self.decoy_of)
        inputs = start.inputs
        both = ("inclusion", "weight", "penalty", "curvature", "slab")
        own = replace(
            start,
            **{name: getattr(start, name)[:r, :n] for name in both},
            **{name: getattr(start, name)[..., :n] for name in ("offset", "rate", "initial", "states", "noise")},
            center=start.center[:r],
            gate=start.opening[:r, :n],
            covariances=tuple(replace(c, whitener=c.whitener[:n]) for c in start.covariances),
            inputs=inputs and replace(inputs, effect=inputs.effect[:, :n], width=inputs.width[:, :n]),
        )
        return own, start.opening[r:, :n]


def _beside(here: Any, there: Any, some: Int[ndarray, " some"]) -> Any:
    return np.concatenate([here, there[..., some]], axis=-1)


class Screen(NamedTuple):
    """What decoys said.

    Attributes
    ----------
    threshold
        Least probability of a reported edge; infinite if no edge stands out.
    found, decoys
        Edges of regulators and of decoys at that threshold (at the lowest if there is none).
    """

    threshold: float
    found: int
    decoys: int

    def sentence(self) -> str:
        """One line for a person."""
        if np.isinf(self.threshold):
            return (
                f"No edge stands out: regulators have {self.found} likely edges, and as many decoys (regulators torn "
                f"apart from the rest, which cannot regulate) have {self.decoys}."
            )
        return (
            f"Edges of probability above {self.threshold:g} are kept: {self.found}. As many decoys (regulators torn "
            f"apart from the rest, which cannot regulate) have {self.decoys}; wrong regulators that move with the "
            "right one come on top."
        )


def decoy(series: TimeSeries, seed: int, noise: Float[ndarray, " genes"] | None = None) -> TimeSeries:
    """The same trajectories gene by gene, but not together: dealt to other series, or shifted in time.

    Series of which fewer than three share their times exchange trajectories among all of these, read between the
    donor's measurements. Fewer than three of such series are shifted: alone, they would keep what is to be torn apart.

    Parameters
    ----------
    series
        Any.
    seed
        Decides everything.
    noise
        Standard deviation of a measurement of weight 1, shape (N,), expression units. A value read between two
        measurements is less noisy than these; so much is added. None adds nothing.
    """
    # Bytes, because the padding of a shorter schedule is NaN, which equals nothing.
    schedule = [row.tobytes() for row in series.times]
    few = np.array([schedule.count(s) < 3 for s in schedule])
    if few.sum() >= 3:
        # A shift in time is not enough for several: it keeps the series' means, in which genes still agree.
        apart = _exchanged(series, np.flatnonzero(few), np.zeros(series.n_genes) if noise is None else noise, seed)
    else:
        apart = time_shifted(series, seed)
    if few.all():
        return apart
    dealt = permuted(series, seed)
    return replace(
        dealt,
        values=np.where(few[:, None, None], apart.values, dealt.values),
        knockouts=np.where(few[:, None], ~apart.own_equation, ~dealt.own_equation),
    )


def _exchanged(
    series: TimeSeries, group: Int[ndarray, " some"], noise: Float[ndarray, " genes"], seed: int
) -> TimeSeries:
    """Each gene's trajectories in the group dealt at random, as lines between measurements.

    Missing stays missing, and so is what lies half a typical step or more before or after the donor's measurements.
    """
    rng = np.random.default_rng(seed)
    values, held = series.values.copy(), ~series.own_equation
    since = series.times - series.times[:, :1]
    for i in range(series.n_genes):
        order = rng.permutation(group)
        held[group, i] = ~series.own_equation[order, i]
        for k, j in zip(group, order, strict=True):
            if k != j:
                values[k, :, i] = _read(series, since, int(j), since[k], i, float(noise[i]), rng)
    steady = time_shifted(series, seed).steady
    return replace(series, values=np.where(series.mask, values, np.nan), knockouts=held, steady=steady)


def _read(
    series: TimeSeries,
    since: Float[ndarray, "series times"],
    donor: int,
    at: Float[ndarray, " times"],
    gene: int,
    noise: float,
    rng: np.random.Generator,
) -> Float[ndarray, " times"]:
    known = series.mask[donor, :, gene]
    if known.sum() < 2:
        return np.full(len(at), np.nan)
    times = since[donor, known]
    right = np.clip(np.searchsorted(times, at), 1, len(times) - 1)
    share = np.clip((at - times[right - 1]) / (times[right] - times[right - 1]), 0.0, 1.0)
    y = series.values[donor, known, gene]
    # Weights 1 - a and a leave (1 - a)^2 + a^2 = 1 - 2 a (1 - a) of a measurement's variance.
    lost = noise * np.sqrt(2.0 * share * (1.0 - share)) * rng.standard_normal(len(at))
    half = 0.5 * float(np.median(np.diff(times)))
    inside = (at >= times[0] - half) & (at <= times[-1] + half)
    return np.where(inside, (1.0 - share) * y[right - 1] + share * y[right] + lost, np.nan)


def screen(
    gate: Float[ndarray, "regulators genes"],
    decoys: Float[ndarray, "decoys genes"],
    share: float,
    exempt: Bool[ndarray, "regulators genes"] | None,
) -> tuple[Float[ndarray, "regulators genes"], Screen]:
    """Probabilities from which gates start: 0 below the threshold at which a share of edges is false.

    False edges are counted in two ways, and the larger counts. As many as decoys have, which competed for the same
    targets under the same prior rates (target-decoy competition; Elias and Gygi 2007), plus one: without it the share
    is kept on average only where many edges are found (Barber and Candes 2015), so at a share of a quarter fewer than
    four edges are never reported, but in panels of fewer than 20 genes. And as many as the probabilities themselves
    expect: decoys know nothing of a wrong regulator that moves with the right one.

    Parameters
    ----------
    gate, decoys
        Probabilities of the regulators' edges, and of the decoys'.
    share
        Largest share of false edges.
    exempt
        Edges of prior networks, for which more speaks than the data; these are kept as they are.
    """
    rest = np.ones(gate.shape, dtype=bool) if exempt is None else ~exempt
    above = gate[rest] > _THRESHOLDS[:, None]
    found, expected = above.sum(axis=1), (above * (1.0 - gate[rest])).sum(axis=1)
    ratio = len(gate) / max(len(decoys), 1)
    false = np.round((decoys.ravel() > _THRESHOLDS[:, None]).sum(axis=1) * ratio).astype(int)
    one = min(1.0, _FALSE_RATE * float(rest.sum()))
    fine = np.flatnonzero(np.maximum(false + one, expected) <= share * found)
    k = int(fine[0]) if len(fine) else 0
    result = Screen(float(_THRESHOLDS[k]) if len(fine) else np.inf, int(found[k]), int(false[k]))
    return np.where(rest & (gate <= result.threshold), 0.0, gate), result

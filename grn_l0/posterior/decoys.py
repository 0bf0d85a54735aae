"""Which edges stand out from those that the same method finds where there is nothing to find."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries
from grn_l0.timeseries.nulls import permuted, time_shifted

#: Thresholds tried, from the most lenient.
_THRESHOLDS = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 0.99999])


class Screen(NamedTuple):
    """What decoys said.

    Attributes
    ----------
    threshold
        Least probability of a reported edge; infinite if no edge stands out.
    found, decoys
        Edges at that threshold (at .5 if there is none), in the data and in the decoy.
    """

    threshold: float
    found: int
    decoys: int

    def sentence(self) -> str:
        """One line for a person."""
        if np.isinf(self.threshold):
            return (
                f"No edge stands out: where genes are torn apart {self.decoys} edges come out by chance, and "
                f"{self.found} in the data."
            )
        return (
            f"Edges of probability above {self.threshold:g} are kept: {self.found}, of which about {self.decoys} "
            "by chance, as found where genes are torn apart."
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
    return replace(series, values=np.where(series.mask, values, np.nan), knockouts=held)


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
    start: Start, nothing: Start, share: float, exempt: Bool[ndarray, "regulators genes"] | None
) -> tuple[Float[ndarray, "regulators genes"], Screen]:
    """Probabilities from which gates start: 0 below the threshold at which a share of edges is false.

    The number of false edges among those found is estimated by what the same method finds in a decoy (target-decoy
    competition; Elias and Gygi 2007), plus one: without it the share is kept on average only where many edges are
    found (Barber and Candes 2015). So at a share of a quarter fewer than four edges are never reported.

    Parameters
    ----------
    start, nothing
        Found in the data, and in the decoy.
    share
        Largest share of false edges.
    exempt
        Edges of prior networks, for which more speaks than the data; these are kept as they are.
    """
    gate, other = start.opening, nothing.opening
    rest = np.ones(gate.shape, dtype=bool) if exempt is None else ~exempt
    found = (gate[rest] > _THRESHOLDS[:, None]).sum(axis=1)
    false = (other[rest] > _THRESHOLDS[:, None]).sum(axis=1)
    fine = np.flatnonzero((false + 1) <= share * found)
    if len(fine) == 0:
        result = Screen(np.inf, int(found[0]), int(false[0]))
    else:
        k = int(fine[0])
        result = Screen(float(_THRESHOLDS[k]), int(found[k]), int(false[k]))
    return np.where(rest & (gate <= result.threshold), 0.0, gate), result

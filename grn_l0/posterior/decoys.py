"""Which edges stand out from those that the same method finds where there is nothing to find."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from grn_l0._typing import Bool, Float, ndarray
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


def decoy(series: TimeSeries, seed: int) -> TimeSeries:
    """The same trajectories gene by gene, but not together: dealt to other series, or shifted in time.

    Series of which fewer than three share their times are shifted: alone, they would keep what is to be torn apart.
    """
    # Bytes, because the padding of a shorter schedule is NaN, which equals nothing.
    schedule = [row.tobytes() for row in series.times]
    few = np.array([schedule.count(s) < 3 for s in schedule])
    shifted = time_shifted(series, seed)
    if few.all():
        return shifted
    dealt = permuted(series, seed)
    return replace(
        dealt,
        values=np.where(few[:, None, None], shifted.values, dealt.values),
        knockouts=np.where(few[:, None], ~shifted.own_equation, ~dealt.own_equation),
    )


def screen(
    start: Start, nothing: Start, share: float, exempt: Bool[ndarray, "regulators genes"] | None
) -> tuple[Float[ndarray, "regulators genes"], Screen]:
    """Probabilities from which gates start: 0 below the threshold at which a share of edges is false.

    The number of false edges among those found is estimated by what the same method finds in a decoy (target-decoy
    competition; Elias and Gygi 2007). Half an edge is added to that number, so that one or two edges with no decoy to
    compare them with are not reported as certain.

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
    fine = np.flatnonzero((false + 0.5) <= share * found)
    if len(fine) == 0:
        result = Screen(np.inf, int(found[0]), int(false[0]))
    else:
        k = int(fine[0])
        result = Screen(float(_THRESHOLDS[k]), int(found[k]), int(false[k]))
    return np.where(rest & (gate <= result.threshold), 0.0, gate), result

"""Which part of the data each resample holds: half of the trajectories, half of all blocks of times, or a redraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._random import generator
from grn_l0._typing import Int, ndarray
from grn_l0.ensemble.blocks import block_labels, cut, few_blocks
from grn_l0.ensemble.take import taken
from grn_l0.timeseries import TimeSeries

Scheme = Literal["auto", "halves", "blocks", "bootstrap"]

#: From this many trajectories (or groups) on halves are taken: a half has five, and there are 126 ways to halve. Long
#: ones are halved from six on (10 ways): our posterior of 6 series of 21 times finds more in three of them (AUPRC .71,
#: precision .9) than in blocks of all (.54, .72); of 6 series of 6 times it finds nothing in three, and some in blocks.
FEW, FEW_LONG = 10, 6
#: Series of more times than this are long.
LONG = 12
#: Groups of unequal sizes are dealt so often, at most, until halves hold equally many trajectories.
_DEALS = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class Subsets:
    """The resamples of a data set, each made when it is asked for; the same seed makes the same ones.

    Parameters
    ----------
    series
        The data.
    scheme
        "halves": complementary halves of the trajectories (Shah & Samworth 2013); of groups of unequal sizes, as
        equal in their number of trajectories as random dealing makes them. "blocks": every
        trajectory is cut into blocks of consecutive times, and complementary halves of the blocks are taken (`cut`).
        "bootstrap": as many trajectories, or groups, as there are, drawn with replacement. "auto": halves of ten
        trajectories (groups) or more, and of six or more of more than twelve times; blocks of fewer.
    seed
        Of all draws.
    groups
        A label per trajectory, such as its donor: trajectories of one label stay together. By default each is its own.

    Raises
    ------
    OptionError
        For a scheme that these data do not allow, with one that they do.
    """

    series: TimeSeries
    scheme: Scheme = "auto"
    seed: int = 0
    groups: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.scheme not in get_args(Scheme):
            raise OptionError(f"scheme must be {', '.join(get_args(Scheme))}, not {self.scheme!r}")
        s = self.series.n_series
        if self.groups is not None and len(self.groups) != s:
            raise OptionError(f"groups has {len(self.groups)} labels; give one for each of the {s} trajectories")
        units = int(self.units.max()) + 1
        if self.scheme == "auto":
            least = FEW_LONG if np.median(self.series.lengths) > LONG else FEW
            object.__setattr__(self, "scheme", "halves" if units >= least else "blocks")
        what = "trajectories" if self.groups is None else "groups of trajectories"
        if self.scheme in ("halves", "bootstrap") and units < 2:
            raise OptionError(f"scheme={self.scheme!r} needs 2 {what} or more, not {units}; use scheme='blocks'")
        if self.scheme == "blocks" and few_blocks(self.series):
            raise OptionError(
                f"{s} trajectories of at most {int(self.series.lengths.max())} times cannot be cut into blocks: one of "
                "them needs 4 times or more. There are too few data to resample"
            )

    @property
    def units(self) -> Int[ndarray, " series"]:
        """Number of each trajectory's group."""
        names = self.series.trajectories if self.groups is None else self.groups
        place = {name: k for k, name in enumerate(dict.fromkeys(names))}
        return np.array([place[name] for name in names], dtype=np.int64)

    @property
    def paired(self) -> bool:
        """Whether resamples 2k and 2k + 1 are complementary halves."""
        return self.scheme != "bootstrap"

    def take(self, number: int) -> TimeSeries:
        """Resample `number`, counted from 0; it does not depend on the others, nor on how many there are."""
        if not self.paired:
            rng = generator(self.seed, "ensemble/bootstrap", number)
            units = self.units
            drawn = rng.integers(0, units.max() + 1, units.max() + 1)
            rows = np.concatenate([np.flatnonzero(units == unit) for unit in drawn])
            return taken(self.series, rows, _steady(self.series, rng, None))
        pair, side = divmod(number, 2)
        rng = generator(self.seed, f"ensemble/{self.scheme}", pair)
        if self.scheme == "halves":
            units = self.units
            first = np.isin(units, _half(np.bincount(units), rng))
            rows = np.flatnonzero(first if side == 0 else ~first)
            return taken(self.series, rows, _steady(self.series, rng, side))
        keep = block_labels(self.series, rng) == side
        return cut(self.series, keep, _steady(self.series, rng, side))


def _half(sizes: Int[ndarray, " groups"], rng: np.random.Generator) -> Int[ndarray, " some"]:
    """Groups of one half: random ones, with half of the trajectories, as far as groups allow.

    A candidate's chance to be selected in both halves is at most theta^2 because either half selects it equally often;
    a half of few trajectories would not select what one of many does.
    """
    if (sizes == sizes[0]).all():
        return rng.permutation(len(sizes))[: len(sizes) // 2]
    best, least = np.zeros(0, dtype=np.int64), np.inf
    for _ in range(_DEALS):
        order, lead, first = rng.permutation(len(sizes)), 0, []
        for group in order:
            # To whichever side has fewer so far.
            ahead = lead > 0
            lead += -sizes[group] if ahead else sizes[group]
            if not ahead:
                first.append(group)
        if abs(lead) < least:
            best, least = np.array(first), abs(lead)
        if least <= 1:
            break
    return best


def _steady(series: TimeSeries, rng: np.random.Generator, side: int | None) -> Int[ndarray, " samples"]:
    """Which steady-state samples go along: one half, the other, or as many drawn with replacement (None)."""
    m = 0 if series.steady is None else len(series.steady)
    if side is None:
        return rng.integers(0, m, m) if m else np.zeros(0, dtype=np.int64)
    order = rng.permutation(m)
    return np.sort(order[: m // 2] if side == 0 else order[m // 2 :])

"""Settings in which values of some genes are missing, for dense calculations on what was observed."""

from __future__ import annotations

from itertools import product

import numpy as np

from grn_l0.posterior.covariance import basis, dictionary
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.response import Design, refine
from grn_l0.posterior.setting import Held, Setting
from grn_l0.posterior.states import States
from grn_l0.posterior.uncertainty import Deviation, Deviations

RATE, GENES = 0.5, 3
KINDS = dictionary(np.array([RATE]), 5)


def kind_of(rate: int, offset: float, drift: float, which: int) -> int:
    fits = (KINDS.rate_index == rate) & (KINDS.offset == offset) & (KINDS.drift == drift)
    return int(np.flatnonzero(fits)[which])


DRIVEN, CONSTANT, OTHER = kind_of(0, 1.0, 0.3, 3), kind_of(-1, 0.0, 0.0, 4), kind_of(0, 0.1, 0.1, 2)


def design(first: int, n: int, times: tuple[float, ...]) -> Design:
    t = np.array(times)
    grid, at = refine(t)
    return Design(np.arange(first, first + n), t, np.linspace(1.0, 1.5, len(t)), grid, at)


def world(
    sizes: tuple[int, ...],
    *,
    kinds: tuple[int, ...],
    share: float = 0.4,
    genes: tuple[int, ...] = (0, 2),
    seed: int = 0,
) -> tuple[Setting, list[np.ndarray]]:
    """Random measurements on designs of these numbers of series; values of some genes are missing."""
    rng = np.random.default_rng(seed)
    schedules = [(0.0, 1.0, 2.5, 4.0), (0.0, 0.5, 3.0), (0.0, 2.0, 3.0, 5.0, 6.0)]
    parts = [design(sum(sizes[:q]), n, schedules[q]) for q, n in enumerate(sizes)]
    measured = [rng.normal(size=(len(d.series), len(d.times), len(kinds))) for d in parts]
    seen = [np.ones(y.shape, dtype=bool) for y in measured]
    for mask in seen:
        for gene in genes:
            mask[:, :, gene] = rng.random(mask.shape[:2]) > share
    n = len(kinds)
    choice = Choice(np.array(kinds), np.linspace(0.2, 0.3, n), np.ones(n), np.ones(n), 1.0, 0.0)
    made = Setting(
        parts,
        measured,
        KINDS,
        {-1: [basis(d, 0.0, 0.0) for d in parts], 0: [basis(d, RATE, 0.0) for d in parts]},
        choice,
        np.arange(n),
        np.concatenate([m.reshape(-1, n) for m in seen]).mean(axis=0),
        [np.zeros((len(d.series), len(d.grid), 0)) for d in parts],
        [np.eye(len(d.grid)) for d in parts],
        [Held(np.zeros(0, int), np.zeros(0, int), np.zeros((0, len(d.grid)))) for d in parts],
        [Gaps.of(m, np.array(genes)) for m in seen] if genes else [],
    )
    return made, seen


def states_of(made: Setting, *, deviate: bool = True) -> States:
    rng = np.random.default_rng(5)
    states = States.start(made.designs, len(made.observed))
    states.estimate = [rng.normal(size=x.shape) for x in states.estimate]
    if deviate:
        states.deviations = [
            Deviations(
                np.stack([a @ a.T for a in rng.normal(size=(3, len(d.grid), len(d.grid)))]),
                [Deviation(np.array([j, (j + 1) % 3]), rng.normal(size=(2, len(d.grid), 2))) for j in range(2)],
            )
            for d in made.designs
        ]
    return states


def covariance(part: Deviations, a: int, b: int) -> np.ndarray:
    """Of two regulators' deviations."""
    out: np.ndarray = part.alone[a] if a == b else 0.0 * part.alone[a]
    for one in part.together:
        for j, k in product(*2 * [range(len(one.regulators))]):
            if (one.regulators[j], one.regulators[k]) == (a, b):
                out = out + one.root[j] @ one.root[k].T
    return out


def precision(made: Setting, kind: int, q: int) -> np.ndarray:
    return np.asarray(made.basis(kind, q).covariance(*made.levels(kind)))

"""Fixed effects: what the genes of one kind have in all series, which is no evidence of regulation."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag

from grn_l0._typing import Float, ndarray
from grn_l0.posterior.response import MANY, Design
from grn_l0.posterior.setting import Setting

#: Directions with less than this share of the largest squared size are not in the data.
_ABSENT = 1e-9


def centred(design: Design) -> bool:
    """Whether each time is a fixed effect of its own: with 30 series or more of one schedule."""
    return len(design.series) >= MANY


def shared_effects(setting: Setting, kind: int) -> list[Float[ndarray, "times effects"]]:
    """Initial state and offset (m, b), per design, and a common trend, as columns; 0 where each time is centred.

    The trend, linear between knots, does for series with times of their own what centring does for the others: a clock
    or a batch moves genes together, and regulates none.
    """
    knots = trend_knots(setting.designs)
    out = []
    for q, design in enumerate(setting.designs):
        hats = [np.interp(design.times, knots, hat) for hat in np.eye(len(knots))]
        effects = np.column_stack([setting.basis(kind, q).means[design.at], *hats])
        effects[:, 2:] *= not design.steady
        out.append(effects * (not centred(design)))
    return out


def trend_knots(designs: list[Design]) -> Float[ndarray, " knots"]:
    """Times between which the common trend of series that are not centred is linear; none for fewer than 30 of them.

    They are quantiles of the times of all observations, so many that each rests on as many of these as a centred time.
    """
    rare = [d for d in designs if not d.steady and not centred(d)]
    if sum(len(d.series) for d in rare) < MANY:
        return np.zeros(0)
    times = np.concatenate([np.repeat(d.times, len(d.series)) for d in rare])
    return np.unique(np.quantile(times, np.linspace(0.0, 1.0, len(times) // MANY)))


def all_effects(setting: Setting, kind: int) -> list[Float[ndarray, "times effects"]]:
    """The same, then the times of designs that are centred, one column each."""
    eyes = [np.eye(len(d.times))[:, : len(d.times) if centred(d) else 0] for d in setting.designs]
    ends = np.cumsum([len(e) for e in eyes])[:-1]
    own = np.split(block_diag(*eyes), ends)
    return [np.concatenate(pair, axis=1) for pair in zip(shared_effects(setting, kind), own, strict=True)]


def orthonormal(effects: Float[ndarray, "rows effects"]) -> Float[ndarray, "rows some"]:
    """An orthonormal basis of what columns span, without directions that are not in the data."""
    value, vector = np.linalg.eigh(effects.T @ effects)
    there = value > _ABSENT * max(value[-1], 1e-300)
    out: Float[ndarray, "rows some"] = effects @ (vector[:, there] / np.sqrt(value[there]))
    return out

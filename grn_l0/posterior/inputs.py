"""What acts on genes from outside: stimuli that are known, and one that is found in the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grn_l0._typing import Float, ndarray
from grn_l0.posterior.response import MANY, Design, with_jumps
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.start import Inputs
from grn_l0.posterior.states import Smoother, States
from grn_l0.timeseries import TimeSeries

#: Prior widths of a stimulus' effect in scaled units, and the shares of affected genes tried in the search.
_WIDTHS = np.array([0.1, 0.3, 0.9, 2.7])
_SHARES = np.array([0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5])

#: Nats per gene and series that a stimulus must bring to be worth a trial, and from how many series on.
_WORTH, _FEWEST_SERIES = 0.1, 3

#: Share of the times in which the transients of all genes meet.
_EARLY = 0.2


def unit_levels(series: TimeSeries) -> Float[ndarray, " stimuli"]:
    """The largest level of each stimulus over series and steady samples, 1 where there is none: the posterior's unit.

    See `in_given_units`.
    """
    levels = [np.zeros((1, series.n_stimuli))]
    if series.stimuli is not None:
        levels.append(series.stimuli.reshape(-1, series.n_stimuli))
    if series.steady is not None:
        levels.append(np.asarray(series.steady.stimuli))
    largest = np.abs(np.concatenate(levels)).max(axis=0)
    out: Float[ndarray, " stimuli"] = np.where(largest > 0, largest, 1.0)
    return out


def known(series: TimeSeries, parts: list[Design]) -> tuple[list[Design], list[Float[ndarray, "series grid stimuli"]]]:
    """Designs whose grids hold the jumps of the known stimuli, and the levels on them, in units of the largest.

    Weights of inputs have one prior width: without a common unit what is found would depend on that of the dose.
    """
    if series.stimuli is None:
        return parts, [np.zeros((len(d.series), len(d.grid), 0)) for d in parts]
    unit = unit_levels(series)
    out, levels = [], []
    for part in parts:
        if part.steady and series.steady is not None:
            out.append(part)
            levels.append(np.asarray(series.steady.stimuli)[part.series - series.n_series][:, None, :] / unit)
            continue
        given = series.stimuli[part.series, : len(part.times)]
        changes = (np.diff(given, axis=1) != 0).any(axis=(0, 2))
        design = with_jumps(part, part.times[1:][changes])
        # The limit from the left at an observation, that of the right just after it.
        segment = np.maximum(np.searchsorted(design.at, np.arange(len(design.grid)), side="left") - 1, 0)
        out.append(design)
        levels.append(given[:, segment] / unit)
    return out, levels


def switched_off(
    parts: list[Design], levels: list[Float[ndarray, "series grid stimuli"]], n_series: int, end: float
) -> tuple[list[Design], list[Float[ndarray, "series grid stimuli"]]]:
    """A further input per series, on from its first time to `end`: whom it hits differs between series."""
    out, more = [], []
    for part, level in zip(parts, levels, strict=True):
        design = with_jumps(part, np.array([end]))
        near = int(np.argmin(np.abs(design.grid - end)))
        # Old grid positions: a repeated point has the same levels on both sides.
        source = np.arange(len(design.grid))
        if len(design.grid) > len(part.grid):
            source[near + 1 :] -= 1
        on = np.zeros((len(design.series), len(design.grid), n_series))
        if not design.steady:
            on[np.arange(len(design.series)), :, design.series] = (np.arange(len(design.grid)) <= near).astype(float)
        out.append(design)
        more.append(np.concatenate([level[:, source], on], axis=2))
    return out, more


def in_given_units(inputs: Inputs, series: TimeSeries) -> Inputs:
    """Effects per unit of level as the data give it, of inputs whose known levels are in units of the largest."""
    unit = np.ones(len(inputs.effect))
    unit[: series.n_stimuli] = unit_levels(series)
    return replace(
        inputs,
        effect=inputs.effect / unit[:, None],
        width=inputs.width / unit[:, None],
        level=inputs.level * unit,
    )


def between(
    parts: list[Design], levels: list[Float[ndarray, "series grid inputs"]], times: Float[ndarray, "series times"]
) -> Float[ndarray, "series intervals inputs"]:
    """Levels between each observation and the next, in the order of the data; 0 in the padding."""
    out = np.zeros((len(times), times.shape[1] - 1, levels[0].shape[2]))
    for part, level in zip(parts, levels, strict=True):
        if not part.steady:
            # The point after an observation: the limit from the right where the grid holds its time twice.
            out[part.series, : len(part.times) - 1] = level[:, part.at[:-1] + 1]
    return out


def candidate_end(setting: Setting) -> float | None:
    r"""When a stimulus that nobody told of ends, if the trajectories without any regulation speak of one.

    For every observed time the response of each gene in each series to a production that is on until then is weighed
    against the gene's noise kind; the evidence that a share of them responds is summed,
    :math:`\max_\pi \sum_{is} \log(1 - \pi + \pi B_{is})`. A switch that all genes and series share stands far above
    other times. The transients of single genes do not meet at one time, but for the start: series that relax from
    their initial states look like a stimulus that is soon over, so none is taken from the first fifth of the times.
    Series of at most twelve times are not asked (`choose_variant`).
    """
    n_series = sum(len(d.series) for d in setting.designs if not d.steady)
    times = max((d.times for d in setting.designs), key=len)
    if not _FEWEST_SERIES <= n_series < MANY:
        return None
    smoother = Smoother(setting)
    residuals = smoother.residuals(States.start(setting.designs, setting.measured[0].shape[2]))
    inner = times[1:-1]
    evidence = np.array([_evidence(smoother, residuals, float(end)) for end in inner])
    best = int(np.argmax(evidence))
    if best + 1 < _EARLY * len(times) or evidence[best] < _WORTH * n_series * setting.measured[0].shape[2]:
        return None
    return float(inner[best])


def _evidence(
    smoother: Smoother, residuals: dict[tuple[int, int], Float[ndarray, "series times some"]], end: float
) -> float:
    factors: list[Float[ndarray, " some"]] = []
    for (kind, q), group in smoother.groups.items():
        rate = smoother.kinds.rate(kind)
        if rate == 0.0 or smoother.designs[q].steady:
            continue
        times = smoother.designs[q].times
        step = np.exp(-rate * np.maximum(times - end, 0.0)) - np.exp(-rate * times)
        variance = smoother.choice.variance[group.genes]
        weighed = group.precision @ step
        g = float(step @ weighed) / variance
        r = np.einsum("sti,t->si", residuals[kind, q], weighed) / variance
        wide = _WIDTHS[:, None] ** 2 * g
        terms = -0.5 * np.log1p(wide)[:, None, :] + 0.5 * r**2 * (wide / (g * (1.0 + wide)))[:, None, :]
        factors.append((np.logaddexp.reduce(terms, axis=0) - np.log(len(_WIDTHS))).ravel())
    if not factors:
        return 0.0
    log_factor = np.minimum(np.concatenate(factors), 500.0)
    return max(float(np.log(1.0 - p + p * np.exp(log_factor)).sum()) for p in _SHARES)

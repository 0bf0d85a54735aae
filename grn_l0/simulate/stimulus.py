"""Experiments that change a system from the outside: stimuli that come and go, knock-outs, many weak changes."""

from __future__ import annotations

from typing import Literal

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, ndarray
from grn_l0.simulate.designs import check, named_series
from grn_l0.simulate.system import Change, System
from grn_l0.timeseries import SteadyStates, TimeSeries


def wild_type(system: System) -> Float[ndarray, "1 variables"]:
    """The state at rest that is reached from 1/2 everywhere, shape (1, `System.n_variables`)."""
    return system.steady_states(np.full((1, len(system.genes)), 0.5))


def strong_change(system: System, n: int, share: float, rng: np.random.Generator) -> Change:
    r"""A new basal production for a random subset of genes, another one in each of n experiments.

    .. math:: s_{si} = z_{si} (u_{si} - f_i(0)), \quad z_{si} \sim \text{Bernoulli}(share), \ u_{si} \sim U(0, 1)

    As `multifactorialStrong` in GeneNetWeaver. Inputs are left alone.
    """
    genes = len(system.genes)
    basal = system.production(np.zeros((1, genes)))
    chosen = (rng.random((n, genes)) < share) & ~system.inputs
    return Change(shift=np.where(chosen, rng.random((n, genes)) - basal, 0.0))


def stimulated(
    system: System,
    n: int = 10,
    times: int = 21,
    *,
    duration: float = 1000.0,
    share: float = 1 / 3,
    until: float = 0.5,
    noise: float = 0.1,
    additive: float = 0.0,
    seed: int = 0,
) -> TimeSeries:
    r"""Series that start at the wild type, are stimulated at time 0 and let go half-way, as in DREAM4.

    In each series another random subset of the genes gets a new basal production (`strong_change`), which is taken
    back at ``until * duration``. Nothing in the result says which genes those were, nor that there was a stimulus.

    .. math:: y = x \, (1 + \sigma_m \epsilon) + \sigma_a \epsilon', \quad \epsilon, \epsilon' \sim N(0, 1)

    Parameters
    ----------
    system
        With half-lives of some 30 units of time where `duration` is 1000; `insilico_system` makes such.
    n
        Number of series.
    times
        Number of equally spaced times in each, the first of them 0.
    duration
        Length of a series.
    share
        Probability that a gene is among those stimulated.
    until
        Share of the duration for which the stimulus lasts; 1: to the end.
    noise, additive
        Standard deviations of the multiplicative and the additive noise.
    seed
        Decides everything; the same stimuli at every level of noise.

    Raises
    ------
    OptionError
        If an option is outside its range.

    References
    ----------
    Marbach et al. (2010), PNAS 107, 6286-6291. Schaffter, Marbach & Floreano (2011), Bioinformatics 27, 2263-2270.
    DREAM4 took a third of the genes, until half-time, 21 times from 0 to 1000.
    """
    check(n, min(noise, additive))
    if times < 2 or not duration > 0 or not 0 <= share <= 1 or not 0 < until <= 1:
        raise OptionError(
            f"stimulated series have at least 2 times, a positive duration, a share in [0, 1] and an end of the "
            f"stimulus in (0, 1], not {times}, {duration}, {share} and {until}"
        )
    rng = np.random.default_rng(seed)
    at = np.linspace(0.0, duration, times)
    change = strong_change(system, n, share, rng)
    begin = np.repeat(wild_type(system), n, axis=0)
    switch = until * duration
    # The switch itself need not be a time of observation: the path is solved to it and on from it.
    early, late = at[at <= switch], at[at > switch]
    path = system.states(begin, np.union1d(early, [switch]), change=change, rtol=1e-6, atol=1e-8)
    values = path[:, : len(early)]
    if len(late):
        rest = system.states(path[:, -1], np.concatenate([[switch], late]), rtol=1e-6, atol=1e-8)
        values = np.concatenate([values, rest[:, 1:]], axis=1)
    return named_series(system, measure(values[:, :, : len(system.genes)], noise, additive, rng), at)


def measure(
    values: Float[ndarray, ...], noise: float, additive: float, rng: np.random.Generator
) -> Float[ndarray, ...]:
    """Values with multiplicative and additive Gaussian noise."""
    made: Float[ndarray, ...] = values * (1 + noise * rng.standard_normal(values.shape))
    return made + additive * rng.standard_normal(values.shape)


def steady_samples(
    system: System,
    kind: Literal["wild type", "knock-out", "knock-down", "multifactorial"] = "knock-out",
    n: int | None = None,
    *,
    noise: float = 0.1,
    additive: float = 0.0,
    strength: float = 0.33,
    seed: int = 0,
) -> SteadyStates:
    r"""Samples at rest after a lasting change, one series each in DREAM4's steady-state files.

    Parameters
    ----------
    system
        Every sample starts at its wild type.
    kind
        "knock-out" and "knock-down" multiply one gene's production by 0 and 1/2, gene by gene; an input, which has
        none, is set to that share of its level. "multifactorial" adds :math:`N(0, strength^2)` to the basal
        production of every gene at once. "wild type" changes nothing.
    n
        Number of samples; for knock-outs and knock-downs the first so many genes. As many as genes by default; 1 for
        the wild type.
    noise, additive
        As in `stimulated`.
    strength
        Of multifactorial changes.
    seed
        Decides everything.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Returns
    -------
    SteadyStates
        With the changed gene marked as held in every knock-out and knock-down.

    References
    ----------
    Schaffter, Marbach & Floreano (2011), Bioinformatics 27, 2263-2270.
    """
    if kind not in {"wild type", "knock-out", "knock-down", "multifactorial"}:
        raise OptionError(f"kind {kind!r} is not wild type, knock-out, knock-down or multifactorial")
    genes = len(system.genes)
    count = (1 if kind == "wild type" else genes) if n is None else n
    check(count, min(noise, additive, strength))
    one_by_one = kind in {"knock-out", "knock-down"}
    if one_by_one and count > genes:
        raise OptionError(f"{count} genes cannot be changed one by one: there are {genes}")
    rng = np.random.default_rng(seed)
    begin = np.repeat(wild_type(system), count, axis=0)
    change = Change()
    if kind == "multifactorial":
        change = Change(shift=np.where(system.inputs, 0.0, strength * rng.standard_normal((count, genes))))
    elif one_by_one:
        scale = np.ones((count, genes))
        scale[np.arange(count), np.arange(count)] = 0.0 if kind == "knock-out" else 0.5
        change = Change(scale=scale)
        begin[:, :genes] = np.where(system.inputs, scale, 1.0) * begin[:, :genes]
    values = system.steady_states(begin, change=change)[:, :genes]
    names = [f"{kind} {system.genes[k]}" if one_by_one else f"{kind} {k}" for k in range(count)]
    held = np.zeros((count, genes), dtype=bool)
    if one_by_one:
        held[np.arange(count), np.arange(count)] = True
    return SteadyStates(names=tuple(names), values=measure(values, noise, additive, rng), knockouts=held)

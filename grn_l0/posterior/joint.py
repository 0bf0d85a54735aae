"""The posterior start: which way of inference these data call for, and what decoys say of its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grn_l0._typing import Bool, Int, Progress, ndarray
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.decoys import decoy, screen
from grn_l0.posterior.grams import MANY
from grn_l0.posterior.prior_classes import Prior, as_priors
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.rounds import Run, choose_variant
from grn_l0.posterior.start import Start
from grn_l0.posterior.transitions import by_transitions, infer_transitions
from grn_l0.timeseries import TimeSeries

#: Fastest rates, per step, of the runs that are averaged for one or two long series. A gene that answers within a step
#: cannot be told from one that it drives: with faster rates edges point from regulated genes to their regulators.
_FASTEST = (0.6, 0.85, 1.2)


def infer_start(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    *,
    prior: Prior | Sequence[Prior] | None = None,
    config: PosteriorConfig | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Start:
    """Posterior of the gates of a linear gated ODE, over noise, rates, states and weights.

    Every gene answers its production with one rate; measurements, initial states and misfit have a covariance that
    each gene picks from a dictionary by restricted likelihood. Given those, edges are sampled (spike and slab, Gibbs;
    George and McCulloch 1993) at a price per regulator that the data set; given the edges, states are smoothed, each
    regulator from its own measurements and those of its targets.

    Parameters
    ----------
    series
        S trajectories of N genes.
    regulators
        Positions of the R candidate regulators among the genes.
    prior
        Edges with an inclusion rate of their own; several priors are classes of their own.
    config
        Settings.
    seed
        Of the chain. The same seed gives the same bits, on any number of threads.
    progress
        Called after each round.
    """
    config = config or PosteriorConfig()
    regulators = np.asarray(regulators, dtype=np.int64)
    if by_transitions(series):
        return infer_transitions(series, regulators, prior=prior, config=config, seed=seed, progress=progress)
    whole = _sampled(series, regulators, prior, config, seed, progress)
    if config.false_share is None or (series.n_series >= MANY and config.decoys == "few"):
        return whole
    given = as_priors(prior)
    exempt = np.any([p.listed for p in given], axis=0) if given else None
    nothing = _sampled(decoy(series, seed), regulators, None, config, seed, None)
    gate, verdict = screen(whole, nothing, config.false_share, exempt)
    return replace(whole, gate=gate, note=verdict.sentence())


def _sampled(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    prior: Prior | Sequence[Prior] | None,
    config: PosteriorConfig,
    seed: int,
    progress: Progress | None,
) -> Start:
    """The general posterior; of one or two long series, what three runs agree on."""
    if series.n_series >= 3 or int(series.lengths.max()) <= 12:
        problem = choose_variant(Problem.of(series, regulators), prior, config, seed)
        return Run.of(problem, prior, config, seed).run(progress)
    runs = []
    for k, fastest in enumerate(_FASTEST):
        problem = Problem.of(series, regulators, fastest=fastest)
        runs.append(Run.of(problem, prior, config, seed + k).run(progress))
    return agreed(runs)


def agreed(runs: Sequence[Start]) -> Start:
    """The second of several runs, with what they make of the edges together.

    Weights are those given that the gate is open: each run counts by how often it was.
    """
    # The chain has several modes here: what only one run finds is not to be trusted.
    inclusion = np.array([r.inclusion for r in runs])
    gate = np.min([r.opening for r in runs], axis=0)
    total, effect = inclusion.sum(axis=0), (inclusion * np.array([r.weight for r in runs])).sum(axis=0)
    weight = np.divide(effect, total, out=np.zeros_like(total), where=total > 1e-12)
    return replace(runs[1], inclusion=inclusion.mean(axis=0), gate=gate, weight=weight)


def constant_genes(start: Start) -> Bool[ndarray, " genes"]:
    """Genes that the posterior found to stay where they start."""
    out: Bool[ndarray, " genes"] = start.rate == 0.0
    return out

"""The posterior start: which way of inference these data call for, and what decoys say of its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grn_l0._journal import Journal
from grn_l0._random import sequence
from grn_l0._typing import Float, Int, Progress, ndarray
from grn_l0.posterior.calibrate import calibrated, overconfident
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.decoys import Decoys, screen
from grn_l0.posterior.fixed_effects import centred
from grn_l0.posterior.prior_classes import Prior, as_priors
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.request import Request
from grn_l0.posterior.response import LONG, MANY, designs
from grn_l0.posterior.resume import RUN, fill, filled
from grn_l0.posterior.rounds import LOOK, Follow, Run, choose_variant, may_lag
from grn_l0.posterior.start import Start
from grn_l0.posterior.transitions import by_transitions, infer_transitions
from grn_l0.posterior.workers import InProcess, Workers
from grn_l0.timeseries import TimeSeries

#: Fastest rates, per step, of the runs that are averaged for one or two long series. A gene that answers within a step
#: cannot be told from one that it drives: with faster rates edges point from regulated genes to their regulators.
_FASTEST = (0.6, 0.85, 1.2)

#: Candidate edges up to which so many runs are averaged. Of two seeds' networks of 50 and 100 genes (48 own systems,
#: seeds from 9500 on, 5 and 10 % noise) one run each had .83 of their edges in common, two .88; AUPRC of one, two and
#: four runs was .80, .82 and .83, and of the edges above .98 95, 97 and 99 % were true.
_CHAINS = ((2**14, 4), (2**16, 2))

#: One false edge of so many targets is one in a hundred, which is what data without regulation may show.
_MANY_TARGETS = 100


def infer_start(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    *,
    prior: Prior | Sequence[Prior] | None = None,
    config: PosteriorConfig | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    follow: Follow | None = None,
    workers: Workers | None = None,
    journal: Journal | None = None,
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
    follow
        From a start to the trajectories of a model that has learned from it, on the grids of the designs it is given:
        `grn_l0.fit.ode_trajectories` with series and regulators bound. Where 30 or more series share every schedule,
        none is long, and no decoys are needed, the edges are looked at once more along these. None: no second look,
        whatever `config.second_look`.
    workers
        Where blocks of targets are worked on, see `open_workers`: in this process by default. No result depends on it.
    journal
        Keeps every round, and begins where it has left off. The result is the same, bit for bit.
    """
    request = Request(
        priors=as_priors(prior),
        config=config or PosteriorConfig(),
        seed=seed,
        workers=workers or InProcess(),
        journal=journal or Journal(),
    )
    regulators = np.asarray(regulators, dtype=np.int64)
    if by_transitions(series):
        return infer_transitions(series, regulators, request, progress)
    false_share = request.config.false_share
    if false_share is None or (request.config.decoys == "few" and _determined(series, len(regulators))):
        return _sampled(series, regulators, request, progress, follow=follow)[0]
    whole, decoys = _sampled(series, regulators, request, progress, decoys=True)
    exempt = np.any([p.listed for p in request.priors], axis=0) if request.priors else None
    gate, verdict = screen(whole.opening, decoys, false_share, exempt)
    found = replace(whole, gate=gate, note=verdict.sentence())
    # The order of listed edges among the others is what the prior was given for.
    if request.priors or not overconfident(series):
        return found
    note = f"{found.note} Scores are tempered, so that they hold on average over systems, not in each."
    return replace(found, score=calibrated(whole.inclusion, regulators), note=note)


def _determined(series: TimeSeries, n_regulators: int) -> bool:
    """Whether the data, and not the prior alone, keep false edges out, so that decoys can be done without.

    Each time must be centred over 30 series or more: of schedules that fewer share, only the fixed effects of a gene's
    own equation are taken out, or of many such series a coarse trend, and genes may agree in what stays. And what is
    left of the measurements after that must outnumber the candidate regulators, or some weights fit any target. Even so
    an edge or two come through: among fewer than 100 targets that is more than one in a hundred.
    """
    parts = [d for d in designs(series) if not d.steady]
    left = sum((len(d.series) - 1) * len(d.times) for d in parts)
    return all(centred(d) for d in parts) and left > n_regulators and series.n_genes >= _MANY_TARGETS


def _sampled(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    request: Request,
    progress: Progress | None,
    *,
    decoys: bool = False,
    follow: Follow | None = None,
) -> tuple[Start, Float[ndarray, "decoys genes"]]:
    """The general posterior; of one or two long series, what three runs agree on. With it, what decoys have."""
    config, seed = request.config, request.seed
    several = series.n_series < 3 and int(series.lengths.max()) > LONG
    if several:
        problems = [Problem.of(series, regulators, fastest=fastest) for fastest in _FASTEST]
        if config.search and config.lag is None and may_lag(problems[1], request, progress):
            problems[2] = problems[2].variant(1.0 / problems[2].step, None)
    else:
        problems = [Problem.of(series, regulators)]
        if config.search:
            problems = [choose_variant(problems[0], request, progress)]
    if config.lag:
        problems = [problem.variant(1.0 / config.lag, None) for problem in problems]
    beside = Decoys.of(series, regulators, problems[0].noise, seed) if decoys else None
    n_chains = 1 if several else config.chains or _n_chains(series, len(regulators))
    problems *= n_chains
    given = filled(problems[0].scaled) if n_chains > 1 else []
    runs, others = [], [np.ones((0, series.n_genes))] if beside is None else []
    for k, problem in enumerate(problems):
        own = replace(request, seed=seed + k if several else _seed_of(seed, k))
        if n_chains > 1:
            # Gaps are filled as a run goes; the next one starts from what was measured.
            fill(problem.scaled, given)
        watched = _part(progress, k, len(problems), len(config.rounds) + LOOK)
        if beside is None:
            run = Run.of(problem, own, f"{RUN}{k}")
            if follow is not None and _followed(problem, config):
                runs.append(run.second_look(run.run(watched, more=LOOK), follow, watched))
            else:
                runs.append(run.run(watched))
            continue
        run = Run.of(problem.with_decoys(beside), own, f"{RUN}{k}")
        one, other = beside.split(run.run(watched))
        runs.append(one)
        others.append(other)
    if several:
        return agreed(runs), np.min(others, axis=0)
    return averaged(runs), np.mean(others, axis=0)


def _part(progress: Progress | None, k: int, n: int, steps: int) -> Progress | None:
    """Progress of the k-th of n runs as a part of one stage; all of them count as so many steps."""
    if progress is None or n == 1:
        return progress

    def watched(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        progress(stage, k * steps + round(steps * done / total), n * steps, figures)

    return watched


def _n_chains(series: TimeSeries, n_regulators: int) -> int:
    """How many runs are averaged where nobody asks for a number: few seconds are spent on small systems."""
    if series.n_series < MANY:
        return 1
    edges = series.n_genes * n_regulators
    return next((n for most, n in _CHAINS if edges <= most), 1)


def _seed_of(seed: int, k: int) -> int:
    """Of the k-th run; runs of two seeds share no random numbers."""
    return int(sequence(seed, "posterior/chain", k).generate_state(1)[0]) if k else seed


def _followed(problem: Problem, config: PosteriorConfig) -> bool:
    """Whether edges are looked at once more: of many short series."""
    moving = [d for d in problem.designs if not d.steady]
    return config.second_look > 0 and all(centred(d) and len(d.times) <= LONG for d in moving)


def agreed(runs: Sequence[Start]) -> Start:
    """The second of several runs, with what they make of the edges together.

    Weights are those given that the gate is open: each run counts by how often it was.
    """
    # The chain has several modes here: what only one run finds is not to be trusted.
    return _together(runs, runs[1], np.min([r.opening for r in runs], axis=0))


def averaged(runs: Sequence[Start]) -> Start:
    """The first of several runs of one model, with the mean of what all make of the edges."""
    if len(runs) == 1:
        return runs[0]
    gate = None if all(r.gate is None for r in runs) else np.mean([r.opening for r in runs], axis=0)
    return _together(runs, runs[0], gate)


def _together(runs: Sequence[Start], one: Start, gate: Float[ndarray, "regulators genes"] | None) -> Start:
    """One of several runs with the mean probabilities and weights of all, and these gates."""
    inclusion = np.array([r.inclusion for r in runs])
    total, effect = inclusion.sum(axis=0), (inclusion * np.array([r.weight for r in runs])).sum(axis=0)
    weight = np.divide(effect, total, out=np.zeros_like(total), where=total > 1e-12)
    return replace(one, inclusion=inclusion.mean(axis=0), gate=gate, weight=weight)

"""Rounds of smoothing, noise kinds and gates; short ones choose between variants of the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from grn_l0._errors import DivergenceError
from grn_l0._typing import Float, Progress, ndarray
from grn_l0.posterior.blocks import confirmed
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.gates import Chain, Summary, candidate_edges
from grn_l0.posterior.grams import Grams
from grn_l0.posterior.inputs import candidate_end
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.prior_classes import Prior, PriorClasses, as_priors
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.response import LONG, MANY, Design
from grn_l0.posterior.start import Start
from grn_l0.posterior.states import States

#: Rounds of a trial, and rates of the lag that are tried, slower and slower, per time between observations.
_TRIAL, _LAGS = 3, (2.5, 1.25, 0.6)

#: One or two long series: a rate so slow that it would be seen, and the nats by which it must then be worse.
_SLOW, _CONTRADICTED = 0.4, 150.0

#: A model's trajectories after it has learned from a start: one array (series, grid, N), expression units, per design.
Follow = Callable[[Start, list[Design]], list[Float[ndarray, "series grid genes"]]]

#: Steps that a second look counts as, for whoever watches: training the model, and the chain.
LOOK = 2

#: A model's trajectories must explain the measurements as well as smoothed states do, but for so many nats per
#: measurement. Where they helped they lost up to .022 (15 and 20 % noise), where they harmed .08 and more (2 % and
#: none); between, at 5 %, they made no difference (own systems of 200 genes, 100 series).
_LOSS = 0.025


@dataclass(eq=False)
class Run:
    """Rounds of smoothing, noise kinds and gates."""

    problem: Problem
    chain: Chain
    config: PosteriorConfig
    states: States
    rounds: list[Summary] = field(default_factory=list)
    likelihood: float = -np.inf
    choice: Choice | None = None
    grams: Grams | None = None

    @classmethod
    def of(cls, problem: Problem, prior: Prior | Sequence[Prior] | None, config: PosteriorConfig, seed: int) -> Run:
        """Nothing known yet."""
        n_genes = problem.series.n_genes
        n_decoys = len(problem.decoy_of)
        candidates = candidate_edges(n_genes, problem.regulators, problem.n_inputs, problem.decoy_of)
        padded = [
            replace(p, listed=np.pad(p.listed, ((0, n_decoys + problem.n_inputs), (0, n_decoys))))
            for p in as_priors(prior)
        ]
        judge = problem.series.n_series > 1
        classes = PriorClasses.of(padded, candidates, believed=config.listed_rate, judge=judge)
        chain = Chain(candidates, classes, config, seed, problem.n_inputs)
        return cls(problem, chain, config, States.start(problem.designs, n_genes))

    def round(self, sweeps: int, *, zoom: bool) -> bool:
        """One round; whether the model of the residuals has settled."""
        last = self.rounds[-1] if self.rounds else None
        if zoom and self.choice is not None:
            self.problem = self.problem.zoomed(self.choice)
        choice = self.problem.choose(self.states, last, self.config)
        self.problem.estimate(self.states, choice, last, self.config)
        self.choice = choice
        self.grams = self.problem.grams(self.states, choice, last if self.config.curvature else None)
        self.rounds.append(self.chain.run(self.grams, choice, sweeps))
        gained, self.likelihood = choice.log_likelihood - self.likelihood, choice.log_likelihood
        return gained < self.config.settled * int(self.problem.series.mask.sum())

    def run(self, progress: Progress | None = None, *, more: int = 0) -> Start:
        """All rounds; `progress` counts so many more steps, which come later."""
        config = self.config
        most = len(config.rounds) + config.more
        for k in range(most):
            settled = self.round(config.rounds[min(k, len(config.rounds) - 1)], zoom=k >= config.zoom)
            done = k + 1 == most or (k + 1 >= len(config.rounds) and settled)
            self._report(progress, k + 1, more + (k + 1 if done else max(len(config.rounds), k + 2)))
            if done:
                break
        return self.finish()

    @property
    def density(self) -> float:
        """Share of the candidate edges that are likelier open than closed."""
        return float((self.rounds[-1].inclusion > 0.5).sum() / max(self.chain.candidates.sum(), 1))

    def finish(self) -> Start:
        """Average the last rounds, and estimate the states once more."""
        if self.choice is None or self.grams is None:
            raise ValueError("there was no round")
        final = Summary.averaged(self.rounds[-self.config.averaged :])
        sure = None
        if self.config.blocks and self.problem.series.n_series < MANY:
            # Before the states are estimated once more: the last draws belong to these.
            sure = confirmed(self.problem.setting(self.choice), self.states, self.grams, self.rounds[-1], self.chain)
        self.problem.estimate(self.states, self.choice, final, self.config)
        start = self.problem.start(self.states, self.choice, self.grams, final, self.chain)
        if sure is None:
            return start
        return replace(start, gate=np.minimum(start.inclusion, sure.T[: len(self.problem.regulators)]))

    def second_look(self, start: Start, follow: Follow, progress: Progress | None = None) -> Start:
        """Look at the edges once more, along the trajectories of a model that has learned from `start`.

        Smoothed states lean on the measurements of their own gene, a model's on its edges and initial states only:
        their errors are others, and the probabilities of both are averaged. Where the model cannot be followed, or
        explains the measurements worse than smoothed states do, `start` stays as it is.
        """
        done = len(self.rounds)
        try:
            trajectories = follow(start, [d for d in self.problem.designs if not d.steady])
        except DivergenceError:
            trajectories = None
        self._report(progress, done + 1, done + LOOK)
        found = start if trajectories is None else self._looked_along(start, trajectories)
        self._report(progress, done + LOOK, done + LOOK)
        return found

    def _looked_along(self, start: Start, trajectories: list[Float[ndarray, "series grid genes"]]) -> Start:
        """The mean of both looks, or `start` where these trajectories miss the measurements."""
        if self.choice is None or self.grams is None:
            raise ValueError("there was no round")
        problem, last, following = self.problem, self.rounds[-1], iter(trajectories)
        held = problem.scaled.held_on(problem.designs)
        estimate = [
            x if d.steady else problem.scaled.standardised(next(following), h)
            for d, x, h in zip(problem.designs, self.states.estimate, held, strict=True)
        ]
        states = replace(self.states, estimate=estimate)
        choice = problem.choose(states, last, self.config)
        least = self.likelihood - _LOSS * int(problem.series.mask.sum())
        # Written so that a likelihood that is no number counts as a loss.
        if not choice.log_likelihood >= least:
            return start
        grams = problem.grams(states, choice, last if self.config.curvature else None)
        # A gene that was found to be constant has no rate, and so no edges.
        grams = replace(grams, index=np.where(self.grams.index >= 0, grams.index, -1))
        looked = self.chain.run(grams, choice, self.config.second_look)
        before = Summary.averaged(self.rounds[-self.config.averaged :])
        both = Summary.averaged([before, looked]).where(grams.index >= 0, before)
        return problem.start(self.states, self.choice, self.grams, both, self.chain)

    def _report(self, progress: Progress | None, done: int, total: int) -> None:
        if progress is not None:
            progress("posterior", done, total, {"density": self.density})


def choose_variant(
    problem: Problem, prior: Prior | Sequence[Prior] | None, config: PosteriorConfig, seed: int
) -> Problem:
    """Whether a stimulus ends in the middle, and whether proteins lag behind, by short runs.

    A variant is judged by the restricted log-likelihood of its residuals less 5 nats per expected edge and 3 per
    expected effect of a stimulus. Series of at most twelve times (`LONG`) are too short to tell a lag.
    """
    if max(len(d.times) for d in problem.designs) <= LONG:
        return problem
    states = States.start(problem.designs, problem.series.n_genes)
    end = candidate_end(problem.setting(problem.choose(states, None, config)))
    best = _judged(problem, prior, config, seed)
    if end is not None:
        best = max(best, _judged(problem.variant(np.inf, end), prior, config, seed), key=lambda t: t[0])
    for steps in _LAGS if config.lag is None else ():
        trial = _judged(best[1].variant(steps / problem.step, None), prior, config, seed)
        if trial[0] <= best[0]:
            break
        best = trial
    return best[1]


def may_lag(problem: Problem, prior: Prior | Sequence[Prior] | None, config: PosteriorConfig, seed: int) -> bool:
    """Whether one or two long series leave it open that proteins lag behind.

    They cannot tell that there is a lag, nor that there is none. Judged as in `choose_variant`, slow proteins were
    between 82 nats worse and 68 better in fluctuating systems that have proteins (178 times, seeds 10 to 15), up to
    184 worse in such systems without, and up to 244 better in driven ones of 24 times without. Where inputs drive
    many times without a lag they are hundreds to thousands of nats worse: only that is taken for an answer.
    """
    slow = problem.variant(_SLOW / problem.step, None)
    return _judged(slow, prior, config, seed)[0] > _judged(problem, prior, config, seed)[0] - _CONTRADICTED


def _judged(
    problem: Problem, prior: Prior | Sequence[Prior] | None, config: PosteriorConfig, seed: int
) -> tuple[float, Problem]:
    run = Run.of(problem, prior, config, seed)
    for k in range(_TRIAL):
        run.round(config.rounds[min(k, len(config.rounds) - 1)], zoom=False)
    expected = run.rounds[-2].inclusion
    edges, effects = expected[:, : len(problem.regulators)].sum(), expected[:, len(problem.regulators) :].sum()
    return run.likelihood - 5.0 * float(edges) - 3.0 * float(effects), problem

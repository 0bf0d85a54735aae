"""Rounds of smoothing, noise kinds and gates; short ones choose between variants of the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from grn_l0._typing import Float, Progress, ndarray
from grn_l0.posterior.blocks import confirmed
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.gates import Chain, Summary, candidate_edges
from grn_l0.posterior.grams import MANY, Grams
from grn_l0.posterior.inputs import candidate_end
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.prior_classes import Prior, PriorClasses, as_priors
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.response import LONG, Design
from grn_l0.posterior.setting import Held
from grn_l0.posterior.start import Start
from grn_l0.posterior.states import States

#: Rounds of a trial, and rates of the lag that are tried, slower and slower, per time between observations.
_TRIAL, _LAGS = 3, (2.5, 1.25, 0.6)

#: Courses of a model's states, one array (series, grid, N) in expression units per design.
Follow = Callable[[Start, list[Design]], list[Float[ndarray, "series grid genes"]]]

#: A model's courses must explain the measurements as well as smoothed states do, but for so many nats per measurement.
#: Where they help they lose .02 or less, with little noise, where they harm, .09 or more (own systems and SIM350).
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

    def run(self, progress: Progress | None = None) -> Start:
        """All rounds."""
        config = self.config
        most = len(config.rounds) + config.more
        for k in range(most):
            settled = self.round(config.rounds[min(k, len(config.rounds) - 1)], zoom=k >= config.zoom)
            done = k + 1 == most or (k + 1 >= len(config.rounds) and settled)
            if progress is not None:
                total = k + 1 if done else max(len(config.rounds), k + 2)
                progress("posterior", k + 1, total, {"density": self.density})
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
        final = _mean(self.rounds[-1], self.rounds[-self.config.averaged :])
        sure = None
        if self.config.blocks and self.problem.series.n_series < MANY:
            # Before the states are estimated once more: the last draws belong to these.
            sure = confirmed(self.problem.setting(self.choice), self.states, self.grams, self.rounds[-1], self.chain)
        self.problem.estimate(self.states, self.choice, final, self.config)
        start = self.problem.start(self.states, self.choice, self.grams, final, self.chain)
        if sure is None:
            return start
        return replace(start, gate=np.minimum(start.inclusion, sure.T[: len(self.problem.regulators)]))

    def again(self, start: Start, follow: Follow) -> Start:
        """Look at the edges once more, along the courses of a model that has learned from `start`.

        Smoothed states lean on the measurements of their own gene, a model's on its edges and initial states only:
        their errors are others, and the probabilities of both are averaged. Where the model explains the measurements
        worse than smoothed states do, `start` stays as it is.
        """
        if self.choice is None or self.grams is None:
            raise ValueError("there was no round")
        problem, last = self.problem, self.rounds[-1]
        courses = iter(follow(start, [d for d in problem.designs if not d.steady]))
        held = problem.scaled.held_on(problem.designs)
        estimate = [
            x if d.steady else self._standard(next(courses), h)
            for d, x, h in zip(problem.designs, self.states.estimate, held, strict=True)
        ]
        states = replace(self.states, estimate=estimate)
        choice = problem.choose(states, last, self.config)
        if choice.log_likelihood < self.likelihood - _LOSS * int(problem.series.mask.sum()):
            return start
        grams = problem.grams(states, choice, last if self.config.curvature else None)
        looked = self.chain.run(grams, choice, self.config.again)
        before = _mean(last, self.rounds[-self.config.averaged :])
        return problem.start(self.states, self.choice, self.grams, _mean(looked, [before, looked]), self.chain)

    def _standard(self, course: Float[ndarray, "series grid genes"], held: Held) -> Float[ndarray, "series grid genes"]:
        standard: Float[ndarray, "series grid genes"] = (course - self.problem.scaled.mean) / self.problem.scaled.scale
        standard[held.series, :, held.genes] = held.course
        return standard


def _mean(last: Summary, rounds: Sequence[Summary]) -> Summary:
    """The last of several rounds with the probabilities and weights of all."""
    # A gene that has come to be constant has no edges any more.
    still = np.isfinite(last.log_odds)
    inclusion = still * np.mean([r.inclusion for r in rounds], axis=0)
    weight = still * np.mean([r.weight for r in rounds], axis=0)
    return replace(last, inclusion=inclusion, weight=weight, draws=[weight])


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
    for steps in _LAGS:
        trial = _judged(best[1].variant(steps / problem.step, None), prior, config, seed)
        if trial[0] <= best[0]:
            break
        best = trial
    return best[1]


def _judged(
    problem: Problem, prior: Prior | Sequence[Prior] | None, config: PosteriorConfig, seed: int
) -> tuple[float, Problem]:
    run = Run.of(problem, prior, config, seed)
    for k in range(_TRIAL):
        run.round(config.rounds[min(k, len(config.rounds) - 1)], zoom=False)
    expected = run.rounds[-2].inclusion
    edges, effects = expected[:, : len(problem.regulators)].sum(), expected[:, len(problem.regulators) :].sum()
    return run.likelihood - 5.0 * float(edges) - 3.0 * float(effects), problem

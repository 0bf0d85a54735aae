"""Rounds of smoothing, noise kinds and gates; short ones choose between variants of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from grn_l0._errors import DivergenceError
from grn_l0._journal import Journal
from grn_l0._typing import Float, Progress, ndarray
from grn_l0.posterior.blocks import confirmed
from grn_l0.posterior.chain import Chain, candidate_edges
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.inputs import candidate_end
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.prior_classes import PriorClasses
from grn_l0.posterior.problem import Problem
from grn_l0.posterior.request import Request
from grn_l0.posterior.response import LONG, MANY, Design
from grn_l0.posterior.resume import TRIAL, fill, filled, restored_run, run_state
from grn_l0.posterior.start import Start
from grn_l0.posterior.states import States
from grn_l0.posterior.summary import Summary

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
    """Rounds of smoothing, noise kinds and gates; the journal keeps under `key` where they stand."""

    problem: Problem
    chain: Chain
    request: Request
    states: States
    key: str = "run"
    rounds: list[Summary] = field(default_factory=list)
    n_rounds: int = 0
    likelihood: float = -np.inf
    choice: Choice | None = None
    ended: bool = False

    @classmethod
    def of(cls, problem: Problem, request: Request, key: str = "run") -> Run:
        """Nothing known yet but what the journal has kept under this key."""
        config, n_genes, n_decoys = request.config, problem.series.n_genes, len(problem.decoy_of)
        candidates = candidate_edges(n_genes, problem.regulators, problem.n_inputs, problem.decoy_of)
        padded = [
            replace(p, listed=np.pad(p.listed, ((0, n_decoys + problem.n_inputs), (0, n_decoys))))
            for p in request.priors
        ]

        def begun() -> Run:
            judge = problem.series.n_series > 1
            classes = PriorClasses.of(padded, candidates, believed=config.listed_rate, judge=judge)
            chain = Chain(candidates, classes, config, request.seed, problem.n_inputs, request.workers)
            return cls(problem, chain, request, States.start(problem.designs, n_genes), key)

        return request.journal.restore(key, lambda state: restored_run(begun(), state)) or begun()

    @property
    def config(self) -> PosteriorConfig:
        """Settings."""
        return self.request.config

    def round(self, sweeps: int, *, zoom: bool) -> bool:
        """One round; whether the model of the residuals has settled."""
        last = self.rounds[-1] if self.rounds else None
        if zoom and self.choice is not None:
            self.problem = self.problem.zoomed(self.choice)
        choice = self.problem.choose(self.states, last, self.config)
        self.problem.estimate(self.states, choice, last, self.config)
        self.choice = choice
        bent = last if self.config.curvature else None
        self.rounds.append(self.chain.run(self.problem.grams(self.states, choice, bent), choice, sweeps))
        del self.rounds[: -max(self.config.averaged, 2)]
        if bent is not None:
            self.states.bend_by(self.rounds[-1])
        self.n_rounds += 1
        gained, self.likelihood = choice.log_likelihood - self.likelihood, choice.log_likelihood
        return gained < self.config.settled * int(self.problem.series.mask.sum())

    def run(self, progress: Progress | None = None, *, more: int = 0) -> Start:
        """All rounds; `progress` counts so many more steps, which come later."""
        config = self.config
        most = len(config.rounds) + config.more
        if self.n_rounds:
            self._report(progress, self.n_rounds, more + self._expected, {"resumed": 1.0})
        while not self.ended:
            k = self.n_rounds
            settled = self.round(config.rounds[min(k, len(config.rounds) - 1)], zoom=k >= config.zoom)
            self.ended = k + 1 == most or (k + 1 >= len(config.rounds) and settled)
            self.request.journal.keep(self.key, lambda: run_state(self))
            self._report(progress, self.n_rounds, more + self._expected)
        return self.finish()

    @property
    def _expected(self) -> int:
        """How many rounds there will be, as far as one can tell."""
        return self.n_rounds if self.ended else max(len(self.config.rounds), self.n_rounds + 1)

    @property
    def density(self) -> float:
        """Share of the candidate edges that are likelier open than closed."""
        return float((self.rounds[-1].inclusion > 0.5).sum() / max(self.chain.candidates.sum(), 1))

    def finish(self) -> Start:
        """Average the last rounds, and estimate the states once more."""
        if self.choice is None:
            raise ValueError("there was no round")
        final = Summary.averaged(self.rounds[-self.config.averaged :])
        sure = None
        if self.config.blocks and self.problem.series.n_series < MANY:
            # Before the states are estimated once more: the last draws belong to these.
            sure = confirmed(self.problem.setting(self.choice), self.states, self.rounds[-1], self.chain)
        self.problem.estimate(self.states, self.choice, final, self.config)
        start = self.problem.start(self.states, self.choice, final, self.chain)
        if sure is None:
            return start
        return replace(start, gate=np.minimum(start.inclusion, sure.T[: len(self.problem.regulators)]))

    def second_look(self, start: Start, follow: Follow, progress: Progress | None = None) -> Start:
        """Look at the edges once more, along the trajectories of a model that has learned from `start`.

        Smoothed states lean on the measurements of their own gene, a model's on its edges and initial states only:
        their errors are others, and the probabilities of both are averaged. Where the model cannot be followed, or
        explains the measurements worse than smoothed states do, `start` stays as it is.
        """
        done = self.n_rounds
        trajectories = self.request.journal.value(f"{self.key}-followed", lambda: self._followed(start, follow))
        self._report(progress, done + 1, done + LOOK)
        found = start if trajectories is None else self._looked_along(start, trajectories)
        self._report(progress, done + LOOK, done + LOOK)
        return found

    def _followed(self, start: Start, follow: Follow) -> list[Float[ndarray, "series grid genes"]] | None:
        try:
            return follow(start, [d for d in self.problem.designs if not d.steady])
        except DivergenceError:
            return None

    def _looked_along(self, start: Start, trajectories: list[Float[ndarray, "series grid genes"]]) -> Start:
        """The mean of both looks, or `start` where these trajectories miss the measurements."""
        if self.choice is None:
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
        # A gene that was found to be constant has no rate, and so no edges.
        grams = problem.grams(states, choice, last if self.config.curvature else None, last.changing)
        looked = self.chain.run(grams, choice, self.config.second_look)
        before = Summary.averaged(self.rounds[-self.config.averaged :])
        both = Summary.averaged([before, looked]).where(looked.changing, before)
        return problem.start(self.states, self.choice, both, self.chain)

    def _report(
        self, progress: Progress | None, done: int, total: int, more: Mapping[str, float] | None = None
    ) -> None:
        if progress is not None:
            progress("posterior", done, total, {"density": self.density, **(more or {})})


def choose_variant(problem: Problem, request: Request, progress: Progress | None = None) -> Problem:
    """Whether a stimulus ends in the middle, and whether proteins lag behind, by short runs.

    A variant is judged by the restricted log-likelihood of its residuals less 5 nats per expected edge and 3 per
    expected effect of a stimulus. Series of at most twelve times (`LONG`) are too short to tell a lag.
    """
    if max(len(d.times) for d in problem.designs) <= LONG:
        return problem
    states = States.start(problem.designs, problem.series.n_genes)
    end = candidate_end(problem.setting(problem.choose(states, None, request.config)))

    lags = _LAGS if request.config.lag is None else ()
    steps = iter(range(1, 9))

    def judged(variant: Problem) -> tuple[float, Problem]:
        found = _judged(variant, request), variant
        _tell(progress, next(steps), 1 + (end is not None) + len(lags))
        return found

    _tell(progress, 0, 1)
    best = judged(problem)
    if end is not None:
        best = max(best, judged(problem.variant(np.inf, end)), key=lambda t: t[0])
    for per_step in lags:
        trial = judged(best[1].variant(per_step / problem.step, None))
        if trial[0] <= best[0]:
            break
        best = trial
    return best[1]


def may_lag(problem: Problem, request: Request, progress: Progress | None = None) -> bool:
    """Whether one or two long series leave it open that proteins lag behind.

    They cannot tell that there is a lag, nor that there is none. Judged as in `choose_variant`, slow proteins were
    between 82 nats worse and 68 better in fluctuating systems that have proteins (178 times, seeds 10 to 15), up to
    184 worse in such systems without, and up to 244 better in driven ones of 24 times without. Where inputs drive
    many times without a lag they are hundreds to thousands of nats worse: only that is taken for an answer.
    """
    slow = problem.variant(_SLOW / problem.step, None)
    found = []
    for k, variant in enumerate((problem, slow)):
        _tell(progress, k, 2)
        found.append(_judged(variant, request))
    _tell(progress, 2, 2)
    return found[1] > found[0] - _CONTRADICTED


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress("variants", done, total, {})


def _judged(problem: Problem, request: Request) -> float:
    """What a short run makes of a variant; the journal keeps the result alone."""

    def trial() -> tuple[float, list[Float[ndarray, "series times genes"]] | None]:
        run, sweeps = Run.of(problem, replace(request, journal=Journal())), request.config.rounds
        for k in range(_TRIAL):
            run.round(sweeps[min(k, len(sweeps) - 1)], zoom=False)
        expected = run.rounds[-2].inclusion
        edges, effects = expected[:, : len(problem.regulators)].sum(), expected[:, len(problem.regulators) :].sum()
        # Variants share their measurements, of which gaps are filled as it goes.
        return run.likelihood - 5.0 * float(edges) - 3.0 * float(effects), filled(problem.scaled)

    lag = "none" if np.isinf(problem.lag_rate) else f"{problem.lag_rate:g}"
    score, values = request.journal.value(f"{TRIAL}{lag}-{'whole' if problem.end is None else 'part'}", trial)
    fill(problem.scaled, values)
    return float(score)

"""The posterior start: smoothing, noise kinds and gates in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grn_l0._typing import Bool, Float, Int, Progress, ndarray
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.covariance import Basis, Kinds, basis, dictionary
from grn_l0.posterior.gates import Chain, Summary
from grn_l0.posterior.grams import Grams, make_grams
from grn_l0.posterior.kinds import Choice, choose_kinds
from grn_l0.posterior.prior_classes import Prior, PriorClasses
from grn_l0.posterior.response import Design, designs, rate_grid
from grn_l0.posterior.scaling import Scaled, scale_genes
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.start import Covariance, Start
from grn_l0.posterior.states import Smoother, States
from grn_l0.posterior.transitions import by_transitions, infer_transitions
from grn_l0.posterior.uncertainty import production_covariance
from grn_l0.timeseries import TimeSeries

#: Above this many times per series noise is not handed on as whole matrices (N x T x T).
_LONGEST = 24


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
    problem = _Problem.of(series, regulators)
    n_genes = series.n_genes
    candidates = np.ones((n_genes, len(regulators)), dtype=bool)
    candidates[regulators, np.arange(len(regulators))] = False
    classes = PriorClasses.of(prior, candidates, believed=config.listed_rate, judge=series.n_series > 1)
    chain = Chain(candidates, classes, config, seed)
    states = States.start(problem.designs, n_genes)
    rounds: list[Summary] = []
    likelihood = -np.inf
    for k in range(len(config.rounds) + config.more):
        last = rounds[-1] if rounds else None
        choice = problem.choose(states, last, config)
        if k >= config.zoom:
            problem = problem.zoomed(choice)
            choice = problem.choose(states, last, config)
        problem.estimate(states, choice, last, config)
        grams = problem.grams(states, choice, last)
        rounds.append(chain.run(grams, choice, config.rounds[min(k, len(config.rounds) - 1)]))
        gained, likelihood = choice.log_likelihood - likelihood, choice.log_likelihood
        done = k + 1 >= len(config.rounds) and gained < config.settled * int(series.mask.sum())
        if progress is not None:
            density = float((rounds[-1].inclusion > 0.5).sum() / max(candidates.sum(), 1))
            progress("posterior", k + 1, k + 1 if done else max(len(config.rounds), k + 2), {"density": density})
        if done:
            break
    averaged = rounds[-config.averaged :]
    inclusion = np.mean([r.inclusion for r in averaged], axis=0)
    weight = np.mean([r.weight for r in averaged], axis=0)
    final = Summary(inclusion, weight, rounds[-1].square, [weight], rounds[-1].log_odds, rounds[-1].variance)
    problem.estimate(states, choice, final, config)
    return problem.start(states, choice, grams, final, chain)


@dataclass(frozen=True, eq=False)
class _Problem:
    """Data, designs and dictionary: what does not change between rounds."""

    series: TimeSeries
    regulators: Int[ndarray, " regulators"]
    designs: list[Design]
    kinds: Kinds
    bases: dict[int, list[Basis]]
    scaled: Scaled
    memory: float

    @classmethod
    def of(cls, series: TimeSeries, regulators: Int[ndarray, " regulators"]) -> _Problem:
        parts = designs(series)
        kinds = dictionary(rate_grid(parts), series.n_series)
        scaled = Scaled.of(series, parts)
        step = float(np.median(np.concatenate([np.diff(d.times) for d in parts])))
        # Drift of the production: white, or with a memory of four steps where the series are long enough to tell.
        memories = [0.0, 4.0 * step] if max(len(d.times) for d in parts) > 12 else [0.0]
        trials = []
        for memory in memories:
            bases = _bases(parts, kinds, memory)
            first = choose_kinds(
                kinds,
                bases,
                dict.fromkeys(bases, scaled.measured),
                scaled.scale,
                most=len(kinds),
                edge_cost=np.zeros(series.n_genes),
                observed=scaled.observed,
            )
            trials.append((first.log_likelihood, memory, bases, first))
        _, memory, bases, first = max(trials, key=lambda t: t[0])
        return cls(series, regulators, parts, kinds, bases, scale_genes(scaled, first), memory)

    def zoomed(self, choice: Choice) -> _Problem:
        """The same with rates spaced more finely over those that nine genes in ten have chosen.

        The range reaches one old step beyond them, so that nothing is lost where rates differ and a shared rate is
        found to a few per cent.
        """
        index = self.kinds.rate_index[choice.kind]
        index = index[index >= 0]
        if len(index) == 0:
            return self
        low, high = np.quantile(index, [0.05, 0.95], method="nearest")
        rates = self.kinds.rates
        ends = rates[max(int(low) - 1, 0)], rates[min(int(high) + 1, len(rates) - 1)]
        kinds = dictionary(np.geomspace(*ends, len(rates)), self.series.n_series)
        return replace(self, kinds=kinds, bases=_bases(self.designs, kinds, self.memory))

    def choose(self, states: States, last: Summary | None, config: PosteriorConfig) -> Choice:
        """Noise kinds from residuals, averaged over draws of the weights."""
        n_genes = self.series.n_genes
        draws = [np.zeros((n_genes, len(self.regulators)))] if last is None else last.draws
        production = [
            np.concatenate([x[:, :, self.regulators] @ w.T + bend for w in draws])
            for x, bend in zip(states.estimate, states.bend, strict=True)
        ]
        residuals = {
            index: [
                y if index < 0 else np.concatenate([y] * len(draws)) - part.response[part.design.at] @ f
                for y, part, f in zip(self.scaled.measured, parts, production, strict=True)
            ]
            for index, parts in self.bases.items()
        }
        doubt = None if last is None or not states.deviations else self._doubt(states, last)
        # What an edge costs: 5 nats, or less where a prior believes in it.
        cost = np.zeros(n_genes) if last is None else (last.inclusion * np.clip(-last.log_odds, 0.0, 5.0)).sum(axis=1)
        return choose_kinds(
            self.kinds,
            self.bases,
            residuals,
            self.scaled.scale,
            most=config.most_kinds,
            edge_cost=cost,
            observed=self.scaled.observed,
            doubt=doubt,
        )

    def _doubt(self, states: States, last: Summary) -> dict[int, list[Float[ndarray, "genes times times"]]]:
        r"""Residual covariance by regulators' states, :math:`\sum_j E[w_{ij}^2] H Q_j H^\top`, per rate and design."""
        totals = [
            production_covariance(parts, last.weight, last.square, len(design.grid))
            for design, parts in zip(self.designs, states.deviations, strict=True)
        ]
        out = {}
        for index, parts in self.bases.items():
            if index >= 0:
                rows = [part.response[part.design.at] for part in parts]
                out[index] = [h @ total @ h.T for h, total in zip(rows, totals, strict=True)]
        return out

    def estimate(self, states: States, choice: Choice, last: Summary | None, config: PosteriorConfig) -> None:
        """Smooth all genes, and every regulator with the help of its targets."""
        smoother = Smoother(self.setting(choice))
        if last is None:
            smoother.smooth(states)
        else:
            smoother.produce(states, last.weight)
            # One series cannot tell an error of a regulator's state from one of its targets.
            together = self.series.n_series > 1
            for _ in range(config.inner if together else 1):
                smoother.smooth(states)
                smoother.produce(states, last.weight)
                if together:
                    smoother.joint(states, last.inclusion, last.weight, last.square, config.parent)
                    smoother.produce(states, last.weight)
        self.scaled.fill(self.designs, states.estimate)

    def grams(self, states: States, choice: Choice, last: Summary | None = None) -> Grams:
        if last is None:
            return make_grams(self.setting(choice), states)
        return make_grams(self.setting(choice), states, last.inclusion, last.weight)

    def setting(self, choice: Choice) -> Setting:
        """What one round works with."""
        scaled = self.scaled
        return Setting(self.designs, scaled.measured, self.kinds, self.bases, choice, self.regulators, scaled.observed)

    def start(self, states: States, choice: Choice, grams: Grams, final: Summary, chain: Chain) -> Start:
        """Back to expression units."""
        scale, mean = self.scaled.scale, self.scaled.mean
        ratio = scale[None, :] / scale[self.regulators][:, None]
        inclusion = final.inclusion.T
        slope = np.divide(final.weight.T, inclusion, out=np.zeros_like(inclusion), where=inclusion > 1e-12)
        changing = grams.index >= 0
        offset = np.zeros(len(mean))
        for kind, effects in states.effects.items():
            offset[choice.kind == kind] = effects[-1]
        g = grams.diagonal()
        width = np.sqrt((chain.shares * chain.slabs**2).sum(axis=1))
        at = np.full((*self.series.times.shape, len(mean)), np.nan)
        initial = np.empty((self.series.n_series, len(mean)))
        for design, x in zip(self.designs, states.estimate, strict=True):
            raw = mean + scale * x
            at[design.series, : len(design.times)] = raw[:, design.at]
            initial[design.series] = raw[:, 0]
        return Start(
            inclusion=inclusion,
            weight=slope * ratio,
            center=mean[self.regulators],
            offset=mean + scale * np.where(changing, offset, 0.0),
            rate=np.array([self.kinds.rate(int(k)) for k in choice.kind]),
            initial=initial,
            states=at,
            noise=np.sqrt(choice.variance) * scale,
            penalty=-final.log_odds.T,
            curvature=(g / choice.variance[:, None]).T / ratio**2,
            slab=np.where(chain.classes.listed.T, width[1], width[0]) * ratio,
            covariances=self._covariances(choice),
            priors=chain.classes.verdicts(final.inclusion),
        )

    def _covariances(self, choice: Choice) -> tuple[Covariance, ...]:
        if max(len(d.times) for d in self.designs) > _LONGEST:
            return ()
        out = []
        for q, design in enumerate(self.designs):
            whitener = np.empty((len(self.scaled.mean), len(design.times), len(design.times)))
            for kind in np.unique(choice.kind):
                part = self.bases[int(self.kinds.rate_index[kind])][q]
                # The initial state is a parameter of the gated ODE: its spread is no noise there.
                sigma = part.covariance(0.0, self.kinds.offset[kind], self.kinds.drift[kind])
                whitener[choice.kind == kind] = np.linalg.inv(np.linalg.cholesky(sigma))
            sd = np.sqrt(choice.variance) * self.scaled.scale
            out.append(Covariance(series=design.series, whitener=whitener / sd[:, None, None]))
        return tuple(out)


def _bases(parts: list[Design], kinds: Kinds, memory: float) -> dict[int, list[Basis]]:
    """Components per rate index (-1: constant genes) and design."""
    rates = {-1: 0.0} | dict(enumerate(kinds.rates))
    return {index: [basis(d, float(rate), memory) for d in parts] for index, rate in rates.items()}


def constant_genes(start: Start) -> Bool[ndarray, " genes"]:
    """Genes that the posterior found to stay where they start."""
    out: Bool[ndarray, " genes"] = start.rate == 0.0
    return out

"""What the rounds of the posterior share: data, designs, the dictionary of noise, inputs and lag."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.chain import Chain
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.covariance import Basis, Kinds, basis, dictionary
from grn_l0.posterior.decoys import Decoys
from grn_l0.posterior.grams import SmoothedGrams
from grn_l0.posterior.inputs import between, in_given_units, known, switched_off
from grn_l0.posterior.kinds import Choice, choose_kinds
from grn_l0.posterior.residuals import Residuals
from grn_l0.posterior.response import LONG, Design, designs, lag, rate_grid, typical_step
from grn_l0.posterior.scaling import Scaled, scale_genes
from grn_l0.posterior.setting import Setting, regressors
from grn_l0.posterior.start import Covariance, Inputs, Start
from grn_l0.posterior.states import Smoother, States
from grn_l0.posterior.summary import Summary
from grn_l0.posterior.tables import edge_tables
from grn_l0.posterior.uncertainty import production_covariance
from grn_l0.timeseries import TimeSeries

#: Above this many times per series noise is not handed on as whole matrices (N x T x T).
_LONGEST = 24


@dataclass(frozen=True, eq=False)
class Problem:
    """Data, designs and dictionary: what does not change between rounds.

    `inputs` per design (series, grid, K) act from outside. `lag_rate` is that of the proteins between a regulator and
    its targets, infinite for none. `end` is when a stimulus ends that was found in the data, None without one. The last
    genes and regulators are decoys of the genes `decoy_of`. Rates reach up to `fastest` per step.
    """

    series: TimeSeries
    regulators: Int[ndarray, " regulators"]
    designs: list[Design]
    kinds: Kinds
    bases: dict[int, list[Basis]]
    scaled: Scaled
    memory: float
    inputs: list[Float[ndarray, "series grid inputs"]]
    fastest: float
    lag_rate: float = np.inf
    end: float | None = None
    decoy_of: Int[ndarray, " decoys"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @classmethod
    def of(cls, series: TimeSeries, regulators: Int[ndarray, " regulators"], *, fastest: float = 4.0) -> Problem:
        """Scale the data, and choose the memory of the drift; rates reach up to `fastest` per step."""
        parts, inputs = known(series, designs(series))
        kinds = dictionary(rate_grid(parts, fastest=fastest), series.n_series)
        scaled = Scaled.of(series, parts)
        step = typical_step(parts)
        # Drift of the production: white, or with a memory of four steps where the series are long enough to tell.
        memories = [0.0, 4.0 * step] if max(len(d.times) for d in parts) > LONG else [0.0]
        trials = []
        for memory in memories:
            bases = _bases(parts, kinds, memory)
            first = choose_kinds(
                kinds,
                bases,
                [Residuals(y) for y in scaled.measured],
                scaled.scale,
                most=len(kinds),
                edge_cost=np.zeros(series.n_genes),
                observed=scaled.observed,
                gaps=scaled.gaps,
            )
            trials.append((first.log_likelihood, memory, bases, first))
        _, memory, bases, first = max(trials, key=lambda t: t[0])
        return cls(series, regulators, parts, kinds, bases, scale_genes(scaled, first), memory, inputs, fastest)

    def variant(self, lag_rate: float, end: float | None) -> Problem:
        """The same with a lag between genes, or a stimulus that is on until `end`."""
        if end is None:
            return replace(self, lag_rate=lag_rate)
        parts, inputs = switched_off(self.designs, self.inputs, self.series.n_series, end)
        bases = _bases(parts, self.kinds, self.memory)
        return replace(self, designs=parts, inputs=inputs, bases=bases, lag_rate=lag_rate, end=end)

    def with_decoys(self, decoys: Decoys) -> Problem:
        """The same model of the series with decoys beside the genes."""
        out = Problem.of(decoys.series, decoys.regulators, fastest=self.fastest)
        out = replace(out, decoy_of=decoys.decoy_of)
        if self.end is not None:
            out = out.variant(np.inf, self.end)
        return replace(out, lag_rate=self.lag_rate)

    @property
    def noise(self) -> Float[ndarray, " genes"]:
        """Standard deviation of a measurement before any edge is known, expression units."""
        states = States.start(self.designs, self.series.n_genes)
        choice = self.choose(states, None, PosteriorConfig())
        return np.asarray(np.sqrt(choice.variance) * self.scaled.scale)

    @property
    def step(self) -> float:
        """Typical time between two observations."""
        return typical_step(self.designs)

    @property
    def n_inputs(self) -> int:
        """K."""
        return int(self.inputs[0].shape[2])

    def zoomed(self, choice: Choice) -> Problem:
        """The same with rates spaced more finely over those that nine genes in ten have chosen.

        The range reaches one old step beyond them, but not beyond the old range, so that a shared rate is found to a
        few per cent.
        """
        index = self.kinds.rate_index[choice.kind]
        index = index[index >= 0]
        if len(index) == 0:
            return self
        low, high = np.quantile(index, [0.05, 0.95], method="nearest")
        rates = self.kinds.rates
        ends = rates[max(int(low) - 1, 0)], rates[min(int(high) + 1, len(rates) - 1)]
        return self.with_rates(np.geomspace(*ends, len(rates)))

    def with_rates(self, rates: Float[ndarray, " rates"]) -> Problem:
        """The same with a dictionary of these rates."""
        kinds = dictionary(rates, self.series.n_series)
        return replace(self, kinds=kinds, bases=_bases(self.designs, kinds, self.memory))

    def choose(self, states: States, last: Summary | None, config: PosteriorConfig) -> Choice:
        """Noise kinds from residuals, averaged over draws of the weights."""
        n_genes = self.series.n_genes
        nothing = sparse.csr_array((n_genes, len(self.regulators) + self.n_inputs))
        draws = [nothing] if last is None else last.draws
        columns = regressors(states.estimate, self.regulators, self.inputs, self._lags())
        residuals = [
            Residuals.of(y, x, bend, draws, {index: parts[q] for index, parts in self.bases.items()})
            for q, (y, x, bend) in enumerate(zip(self.scaled.measured, columns, states.bend, strict=True))
        ]
        doubt = None if last is None or not states.deviations else self._doubt(states, last)
        # What an edge costs: 5 nats, or less where a prior believes in it.
        cost = np.zeros(n_genes) if last is None else last.cost(5.0)
        return choose_kinds(
            self.kinds,
            self.bases,
            residuals,
            self.scaled.scale,
            most=config.most_kinds,
            edge_cost=cost,
            observed=self.scaled.observed,
            doubt=doubt,
            gaps=self.scaled.gaps,
        )

    def _doubt(self, states: States, last: Summary) -> dict[int, list[Float[ndarray, "genes times times"]]]:
        r"""Residual covariance by regulators' states, :math:`\sum_j E[w_{ij}^2] H Q_j H^\top`, per rate and design."""
        inside = len(self.regulators)
        totals = [
            production_covariance(parts, last.weight[:, :inside], last.square[:, :inside], len(design.grid))
            for design, parts in zip(self.designs, states.deviations, strict=True)
        ]
        out = {}
        for index, parts in self.bases.items():
            if index >= 0:
                rows = [part.response[part.design.at] @ lag for part, lag in zip(parts, self._lags(), strict=True)]
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
            steps = config.inner if together else 1
            for k in range(steps):
                smoother.smooth(states)
                smoother.produce(states, last.weight)
                if together:
                    # Nobody asks how states may deviate before the last step.
                    smoother.joint(states, last, config.parent, config.generations if k == steps - 1 else None)
                    smoother.produce(states, last.weight)
        self.scaled.fill(self.designs, states.estimate, states.own)

    def grams(
        self,
        states: States,
        choice: Choice,
        last: Summary | None = None,
        changing: Bool[ndarray, " genes"] | None = None,
    ) -> SmoothedGrams:
        """Sufficient statistics of the round, curvature estimated from the last one's edges; see `SmoothedGrams`."""
        return SmoothedGrams(self.setting(choice), states, last, changing)

    def setting(self, choice: Choice) -> Setting:
        """What one round works with."""
        return Setting(
            designs=self.designs,
            measured=self.scaled.measured,
            kinds=self.kinds,
            bases=self.bases,
            choice=choice,
            regulators=self.regulators,
            observed=self.scaled.observed,
            inputs=self.inputs,
            lags=self._lags(),
            held=self.scaled.held_on(self.designs),
            gaps=self.scaled.gaps,
        )

    def _lags(self) -> list[Float[ndarray, "grid grid"]]:
        if np.isinf(self.lag_rate):
            return [np.eye(len(d.grid)) for d in self.designs]
        return [lag(d.grid, self.lag_rate) for d in self.designs]

    def start(self, states: States, choice: Choice, final: Summary, chain: Chain) -> Start:
        """Back to expression units."""
        scale, mean = self.scaled.scale, self.scaled.mean
        changing = final.changing
        offset = np.zeros(len(mean))
        for kind, effects in states.effects.items():
            offset[choice.kind == kind] = effects[-1]
        edges = edge_tables(final, self.regulators, scale, choice.variance, chain)
        at = np.full((*self.series.times.shape, len(mean)), np.nan)
        initial = np.empty((self.series.n_series, len(mean)))
        for design, x in zip(self.designs, states.estimate, strict=True):
            if design.steady:
                continue
            raw = mean + scale * x
            at[design.series, : len(design.times)] = raw[:, design.at]
            initial[design.series] = raw[:, 0]
        return Start(
            **edges,
            center=mean[self.regulators],
            offset=mean + scale * np.where(changing, offset, 0.0),
            rate=np.array([self.kinds.rate(int(k)) for k in choice.kind]),
            initial=initial,
            states=at,
            noise=np.sqrt(choice.variance) * scale,
            covariances=self._covariances(choice),
            priors=chain.classes.verdicts(final.inclusion),
            inputs=self._acting(final, float(chain.width[0])) if self.n_inputs else None,
            lag=1.0 / self.lag_rate,
        )

    def _acting(self, final: Summary, width: float) -> Inputs:
        """Inputs act by their levels as they are, so that the offset is that of level 0."""
        rest, scale = slice(len(self.regulators), None), self.scaled.scale
        acting = Inputs(
            names=self.series.stimulus_names,
            effect=final.weight.T[rest].toarray() * scale,
            width=width * np.sqrt(final.inclusion.T[rest]) * scale,
            level=between(self.designs, self.inputs, self.series.times),
        )
        return in_given_units(acting, self.series)

    def _covariances(self, choice: Choice) -> tuple[Covariance, ...]:
        if max(len(d.times) for d in self.designs) > _LONGEST:
            return ()
        out = []
        for q, design in enumerate(self.designs):
            if design.steady:
                continue
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

"""The posterior of a few long series: one transition from each time to the next is one observation.

With one or a few long series nothing is repeated: what a trajectory does beyond its model cannot be told from how
trajectories differ, and whole trajectories lose to single steps. Instead the states are denoised across genes (all
genes of a cell share a few time courses), and each step is regressed on the state it starts from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from grn_l0._journal import Journal
from grn_l0._typing import Bool, Float, Int, Progress, ndarray
from grn_l0.posterior.chain import Chain, candidate_edges
from grn_l0.posterior.denoise import autocorrelation_rate, denoise
from grn_l0.posterior.grams import FixedGrams, Gram, blocks
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.leave_out import choose_settings
from grn_l0.posterior.prior_classes import PriorClasses
from grn_l0.posterior.projection import Projection, make_projection
from grn_l0.posterior.ranking import marginal_evidence, rank_scores, trust
from grn_l0.posterior.request import Request
from grn_l0.posterior.response import LONG, Design, designs
from grn_l0.posterior.resume import STEPS, chain_state, restore_chain, restored_rounds, rounds_state
from grn_l0.posterior.scaling import Scaled
from grn_l0.posterior.start import Start
from grn_l0.posterior.steps import Rows, flat, make_rows
from grn_l0.posterior.summary import Summary
from grn_l0.posterior.tables import edge_tables
from grn_l0.timeseries import TimeSeries

#: Prior widths for standardised weights, and sweeps per round: the states do not change between rounds.
_SLABS = (0.1, 0.3, 0.9)
_ROUNDS = (40, 40, 60, 60, 60)


def by_transitions(series: TimeSeries) -> bool:
    """Whether fewer than five series of more than twelve times are better taken step by step.

    That is so with at least five genes per time, which denoise each other's states; and for series that were smoothed
    before they came here (successive differences correlate by more than .5; independent noise gives -.5), whose
    residuals say the same thing many times over. Otherwise the general posterior finds two to ten times as much
    (AUPRC .60 against .13 on one series of 120 times and 40 genes). Knock-outs, stimuli and samples at rest are for the
    general posterior only.
    """
    if series.knockouts is not None or series.stimuli is not None or series.steady is not None:
        return False
    if series.n_series >= 5 or int(series.lengths.max()) <= LONG:
        return False
    return series.n_genes >= 5 * int(series.lengths.sum()) or smoothness(series) > 0.5


def smoothness(series: TimeSeries) -> float:
    """Correlation between successive differences of standardised values, over all genes and series."""
    values = series.values[:, :, np.isfinite(series.values).any(axis=(0, 1))]
    spread = np.nanstd(values, axis=(0, 1))
    step = np.diff(values / np.where(spread > 0, spread, 1.0), axis=1)
    before, after = step[:, :-1], step[:, 1:]
    both = np.isfinite(before) & np.isfinite(after)
    size = float(np.sqrt((before[both] ** 2).sum() * (after[both] ** 2).sum()))
    return float((before[both] * after[both]).sum()) / size if size > 0 else 0.0


def infer_transitions(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    request: Request,
    progress: Progress | None,
) -> Start:
    r"""Posterior of the gates from single steps.

    With denoised states x̂ and one rate d for all genes, :math:`e_k = e^{-d \Delta_k}`:

    .. math:: x_{i,k+1} - e_k \hat x_{ik} = (1 - e_k) b_i
        + \sum_j z_{ji} w_{ji} \int_0^{\Delta_k} d\, e^{-d(\Delta_k - u)} \hat x_j(t_k + u)\,du + \epsilon

    Result as of `infer_start`.
    """
    steps, given, config = _Steps.of(series, regulators), request.priors, request.config
    candidates = candidate_edges(series.n_genes, regulators)
    choice, grams = steps.choice(), steps.grams()
    # With fewer independent steps than regulators, or in a single series, nobody can say how many listed edges are
    # right: priors whose trust was not given do not touch the gates then, and their edges are ranked first.
    judge = series.n_series > 1 and float(grams.freedom.max()) > len(regulators)
    every = PriorClasses.of(given, candidates, believed=config.listed_rate, judge=judge)
    apart = [p for p in given if p.trust is None and not judge]
    inside = [p for p in given if p.trust is not None or judge]
    classes = PriorClasses.of(inside, candidates, believed=config.listed_rate, judge=judge)
    chain = Chain(candidates, classes, replace(config, slabs=_SLABS), request.seed, workers=request.workers)
    rounds = _rounds(chain, grams, choice, progress, request.journal)
    summary = Summary.averaged(rounds[-config.averaged :])
    start = steps.start(summary, chain)
    score = rank_scores(start.inclusion, steps.evidence(), -start.penalty)
    if apart:
        ranked = np.any([p.listed for p in apart], axis=0) & candidates.T
        score = trust(score, ranked, config.listed_rate)
    note = "Taken step by step, where no decoys check the edges: believe none that nothing else speaks for."
    return replace(start, score=score, priors=every.verdicts(summary.inclusion), note=note)


def _rounds(
    chain: Chain, grams: FixedGrams, choice: Choice, progress: Progress | None, journal: Journal
) -> list[Summary]:
    """All rounds of the chain, of which the journal may have kept some."""
    averaged = chain.config.averaged

    def put(state: dict[str, Any]) -> list[Summary]:
        rounds = restored_rounds(state["rounds"], chain)
        restore_chain(chain, state["chain"])
        return rounds

    def report(more: dict[str, float]) -> None:
        if progress is not None:
            density = float((rounds[-1].inclusion > 0.5).mean())
            progress("posterior", chain.rounds, len(_ROUNDS), {"density": density, **more})

    rounds = journal.restore(STEPS, put) or []
    if rounds:
        report({"resumed": 1.0})
    for k in range(chain.rounds, len(_ROUNDS)):
        if k >= len(_ROUNDS) - averaged:
            chain.restart()
        rounds.append(chain.run(grams, choice, _ROUNDS[k]))
        journal.keep(STEPS, lambda: {"chain": chain_state(chain), "rounds": rounds_state(rounds, averaged)})
        report({})
    return rounds


@dataclass(frozen=True, eq=False)
class _Steps:
    """Data, denoised states and rows: what does not change between rounds."""

    series: TimeSeries
    regulators: Int[ndarray, " regulators"]
    parts: list[Design]
    scaled: Scaled
    states: list[Float[ndarray, "series times genes"]]
    noise: Float[ndarray, " genes"]
    rate: float
    rows: Rows
    changing: Bool[ndarray, " genes"]
    projection: Projection | None

    @classmethod
    def of(cls, series: TimeSeries, regulators: Int[ndarray, " regulators"]) -> _Steps:
        parts = designs(series)
        scaled = Scaled.of(series, parts)
        n_genes = series.n_genes
        whole, weights, name = flat(parts, scaled.measured)
        rate = autocorrelation_rate(parts, scaled.measured)
        chosen = None
        if n_genes >= 5 * len(whole):
            times = np.concatenate([np.tile(p.times, len(p.series)) for p in parts])
            chosen = choose_settings(whole, times, name, regulators)
        if chosen is None or chosen.rest == 1.0:
            states, noise = denoise(parts, scaled.measured)
            projection = None
        else:
            rate = chosen.rate
            states, noise = denoise(parts, scaled.measured, chosen.rank)
            projection = make_projection(
                np.concatenate([x.reshape(-1, n_genes) for x in states]),
                mean=scaled.mean,
                scale=scaled.scale,
                noise=float(noise.mean()),
                share=chosen.rest,
                weight=float(np.median(weights)),
            )
        rows = make_rows(parts, scaled.measured, states, rate, regulators)
        changing = np.ptp(whole, axis=0) > 1e-9
        return cls(series, regulators, parts, scaled, states, noise, rate, rows, changing, projection)

    def evidence(self) -> Float[ndarray, "regulators genes"]:
        """Of each regulator alone, in nats."""
        whole, weights, series = flat(self.parts, self.scaled.measured)
        return marginal_evidence(whole, weights, series, self.regulators)

    def choice(self) -> Choice:
        """One noise kind for all genes: the variance of single steps."""
        n_genes = self.series.n_genes
        variance = np.maximum((self.rows.target**2).mean(axis=0), 1e-9)
        level, strength = np.full(n_genes, float(np.median(variance))), 10.0
        if self.projection is not None:
            # Measurement noise prevails: what no state of low rank explains of the measurement, no edge should explain
            # of the step.
            level, strength = np.maximum(self.rows.noise * self.noise, 1e-9), 20.0
        return Choice(np.zeros(n_genes, dtype=np.int64), variance, level, np.full(n_genes, strength), 1.0, 0.0)

    def grams(self) -> FixedGrams:
        """Sufficient statistics, divided by how many rows carry the information of one."""
        rows = self.rows
        redundancy = rows.redundancy()
        genes = np.flatnonzero(self.changing)
        target = rows.target[:, genes]
        freedom = np.full(len(self.changing), max(len(rows.target) / redundancy - 1.0, 1.0)) * self.scaled.observed
        gram, score = (rows.features.T @ rows.features) / redundancy, (target.T @ rows.features) / redundancy
        square = (target**2).sum(axis=0) / redundancy
        parts = [
            Gram.plain(genes[at], gram, score[at], square[at], freedom[genes[at]])
            for at in blocks(np.arange(len(genes)), len(genes))
        ]
        return FixedGrams(parts, freedom)

    def start(self, summary: Summary, chain: Chain) -> Start:
        """Back to expression units."""
        rows, scale, mean = self.rows, self.scaled.scale, self.scaled.mean
        left = rows.raw_target - rows.raw_features @ summary.weight.T.toarray()
        offset = rows.unit @ left / (rows.unit @ rows.unit)
        at = np.full((*self.series.times.shape, len(mean)), np.nan)
        for part, x in zip(self.parts, self.states, strict=True):
            at[part.series, : len(part.times)] = mean + scale * x
        # Ranks tell candidates apart that single precision would not.
        edges = edge_tables(summary, self.regulators, scale, summary.variance, chain, double=True)
        return Start(
            **edges,
            center=mean[self.regulators],
            offset=mean + scale * offset,
            rate=np.where(self.changing, self.rate, 0.0),
            initial=at[:, 0],
            states=at,
            noise=np.sqrt(self.noise) * scale,
            covariances=(),
            redundancy=rows.redundancy(),
            projection=self.projection,
        )

"""The chain over the gates of all targets, with regulators' rates and slab shares learned from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.collect import Collected
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.grams import Grams
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.odds import Odds, OpenEdges
from grn_l0.posterior.prior_classes import PriorClasses
from grn_l0.posterior.sample import Task
from grn_l0.posterior.summary import Summary
from grn_l0.posterior.workers import InProcess, Workers
from grn_l0.sparsity.empirical_bayes import beta_binomial_fit


def candidate_edges(
    n_genes: int,
    regulators: Int[ndarray, " regulators"],
    n_inputs: int = 0,
    decoy_of: Int[ndarray, " decoys"] | None = None,
) -> Bool[ndarray, "genes columns"]:
    """Every regulator, then every input, on every gene; no gene on itself.

    The last D genes, which are the last D regulators too, may be decoys of the genes `decoy_of`: nothing but inputs
    acts on them, and they act on every gene but the one that they were made from.
    """
    n_regulators = len(regulators)
    out = np.ones((n_genes, n_regulators + n_inputs), dtype=bool)
    out[regulators, np.arange(n_regulators)] = False
    if decoy_of is not None and len(decoy_of):
        out[n_genes - len(decoy_of) :, :n_regulators] = False
        out[decoy_of, n_regulators - len(decoy_of) + np.arange(len(decoy_of))] = False
    return out


@dataclass(eq=False)
class Chain:
    """State of the sampler, kept between rounds.

    Attributes
    ----------
    candidates
        Edges that may open, shape (N, R).
    classes
        Edges of prior networks and the rates of their classes.
    n_inputs
        The last so many columns are inputs from outside, whose rates are a population of their own.
    believed
        How many edges of each regulator a held prior expects, before the first sweep; None for nothing.
    workers
        Where groups of targets are worked on; the result does not depend on it.
    """

    candidates: Bool[ndarray, "genes regulators"]
    classes: PriorClasses
    config: PosteriorConfig
    seed: int
    n_inputs: int = 0
    workers: Workers = field(default_factory=InProcess)
    edges: OpenEdges = field(init=False)
    believed: Float[ndarray, " regulators"] | None = None
    shape: tuple[float, float] = (0.1, 20.0)
    input_shape: tuple[float, float] = (0.5, 10.0)
    shift: float = 0.0
    slabs: Float[ndarray, "families slabs"] = field(init=False)
    present: Float[ndarray, "families slabs"] = field(init=False)
    shares: Float[ndarray, "families slabs"] = field(init=False)
    sweep: int = 0
    rounds: int = 0

    def __post_init__(self) -> None:
        self.edges = OpenEdges.none(*self.candidates.shape)
        width = max(len(self.config.slabs), len(self.config.slabs_listed))
        rows = [np.resize(s, width) for s in (self.config.slabs, self.config.slabs_listed)]
        self.slabs = np.array(rows)
        # The shorter family is padded with repeats that are never used.
        sizes = np.array([[len(self.config.slabs)], [len(self.config.slabs_listed)]])
        self.present = (np.arange(width) < sizes).astype(np.float64)
        self.shares = self.present / sizes

    @property
    def width(self) -> Float[ndarray, " families"]:
        """Prior standard deviation of an open edge's weight: of edges that no prior lists, and of the others."""
        out: Float[ndarray, " families"] = np.sqrt((self.shares * self.slabs**2).sum(axis=1))
        return out

    def run(self, grams: Grams, choice: Choice, sweeps: int) -> Summary:
        """Sweep, a third of it as burn-in; then learn rates and shares for the next round.

        Regulators' open edges are counted when the round begins, and after the burn-in. Between, no target waits for
        another: groups of them may be worked on in any order, and anywhere.
        """
        changing = grams.changing
        allowed = self.candidates & changing[:, None]
        self.edges.close(~changing)
        self.classes.limit(allowed, grams.freedom)
        self._judge_hubs(allowed)
        families, width = (2 if len(self.classes.rates) else 1), self.slabs.shape[1]
        if families == 1:
            width = int(self.present[0].sum())
        found, burn = Collected.of(allowed.shape), sweeps // 3
        usage = np.zeros((len(allowed), families, width))
        with self.workers.share(grams) as shared:
            for first, last, draws in ((0, burn, 0), (burn, sweeps, self.config.draws)):
                task = Task(
                    seed=self.seed, sweep=self.sweep + first, sweeps=last - first, draws=draws,
                    threads=self.config.threads, slabs=self.slabs[:families, :width].copy(),
                    shares=self.shares[:families, :width].copy(),
                )  # fmt: skip
                for sampled in shared.sample(task, self._odds(allowed), choice):
                    self.edges.put(sampled.genes, sampled.edges)
                    found.keep(sampled)
                    usage[sampled.genes] += sampled.usage
                choice = replace(choice, variance=found.variance.copy())
        self.sweep += sweeps
        self.believed = None
        summary = found.summary(changing, self._odds(allowed))
        # Added in the order of the genes, whichever came first.
        self._learn(summary, allowed, usage.sum(axis=0))
        return summary

    def restart(self) -> None:
        """Close all gates, so that what comes next does not lean on what was found before.

        Of several regulators with one time course a chain keeps whichever it opened first, for as long as it runs.
        """
        self.edges.close(np.ones(len(self.candidates), dtype=bool))

    def _judge_hubs(self, allowed: Bool[ndarray, "genes regulators"]) -> None:
        """A held prior says which regulators are hubs before the first sweep, not that every other edge is likelier."""
        if self.rounds > 0 or not len(self.classes.rates):
            return
        fixed = self.classes.fixed & allowed
        if fixed.any():
            base = self._odds(allowed).log()
            self.believed = np.where(fixed, 1.0 / (1.0 + np.exp(-base)), 0.0).sum(axis=0)
            a, b = self.shape
            self._shift_to(a / (a + b) * float(self._unlisted(allowed).sum()), allowed)

    def _odds(self, allowed: Bool[ndarray, "genes regulators"]) -> Odds:
        """Prior log odds of the edges, given those that are open."""
        inside = self._inside()
        a, b = (np.where(inside, self.shape[k], self.input_shape[k]) for k in range(2))
        _, column = self.edges.pairs()
        n_open = np.bincount(column, minlength=len(inside)).astype(np.float64)
        return Odds(
            allowed=allowed,
            edges=self.edges.of(np.arange(len(allowed))),
            n_allowed=allowed.sum(axis=0),
            n_open=n_open if self.believed is None else np.maximum(n_open, self.believed),
            a=a,
            b=b,
            price=np.log(inside.sum()) if self.config.uniform_price else None,
            inside=inside,
            shift=self.shift,
            # The rates are learned further while these odds are still asked for.
            classes=replace(self.classes, rates=self.classes.rates.copy()),
            unaided=self.rounds == 0,
        )

    def _learn(
        self, summary: Summary, allowed: Bool[ndarray, "genes regulators"], usage: Float[ndarray, "families slabs"]
    ) -> None:
        # Not after the first round: while states are rough, few edges open, and their rates would close the rest.
        if self.rounds > 0:
            inside = allowed.shape[1] - self.n_inputs
            open_ = summary.inclusion.sum(axis=0, dtype=np.float64)
            all_ = allowed.sum(axis=0).astype(np.float64)
            self.shape = beta_binomial_fit(open_[:inside], all_[:inside], self.shape)
            self.input_shape = beta_binomial_fit(open_[inside:], all_[inside:], self.input_shape)
        self.rounds += 1
        used = self.present.copy()
        used[: usage.shape[0], : usage.shape[1]] += usage
        self.shares = used / used.sum(axis=1, keepdims=True)
        if not len(self.classes.rates) or not (self.classes.listed & allowed).any():
            return
        self.classes.learn(summary.inclusion, summary.odds.log(), allowed)
        self._shift_to(float(summary.inclusion[self._unlisted(allowed)].sum(dtype=np.float64)) + 0.5, allowed)

    def _shift_to(self, wanted: float, allowed: Bool[ndarray, "genes regulators"]) -> None:
        """Bring the edges that no prior lists to their own expected number: regulators' rates count listed ones too."""
        self.shift = 0.0
        if self.config.uniform_price:
            return
        base = self._odds(allowed).log()[self._unlisted(allowed)].astype(np.float64)
        for _ in range(30):
            p = 1.0 / (1.0 + np.exp(-(base + self.shift)))
            self.shift += float(np.clip((wanted - p.sum()) / max((p * (1 - p)).sum(), 1e-9), -1.0, 1.0))
        self.shift = min(self.shift, 0.0)

    def _unlisted(self, allowed: Bool[ndarray, "genes regulators"]) -> Bool[ndarray, "genes regulators"]:
        """Edges between genes that no prior lists."""
        out: Bool[ndarray, "genes regulators"] = allowed & ~self.classes.listed & self._inside()
        return out

    def _inside(self) -> Bool[ndarray, " columns"]:
        """Which columns are regulators and no inputs."""
        n = self.candidates.shape[1]
        out: Bool[ndarray, " columns"] = np.arange(n) < n - self.n_inputs
        return out

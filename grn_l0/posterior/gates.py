"""The chain over the gates of all targets, with regulators' rates and slab shares learned from it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.grams import Grams
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.prior_classes import PriorClasses
from grn_l0.sparsity.empirical_bayes import beta_binomial_fit

#: Regulators' counts are renewed every so many sweeps; between, targets are independent and need no barrier.
_BLOCK = 5


@dataclass(frozen=True, eq=False)
class Summary:
    """What one round of the chain says: probabilities, and means over its recorded sweeps.

    All arrays but `variance` and `draws` (a list of arrays) have shape (N, R).
    """

    inclusion: Float[ndarray, "genes regulators"]
    weight: Float[ndarray, "genes regulators"]
    square: Float[ndarray, "genes regulators"]
    draws: list[Float[ndarray, "genes regulators"]]
    log_odds: Float[ndarray, "genes regulators"]
    variance: Float[ndarray, " genes"]

    @classmethod
    def averaged(cls, rounds: Sequence[Summary]) -> Summary:
        """The last of several rounds, with the probabilities and weights of all."""
        # A gene that has come to be constant has no edges any more.
        changing = np.isfinite(rounds[-1].log_odds)
        inclusion = changing * np.mean([r.inclusion for r in rounds], axis=0)
        weight = changing * np.mean([r.weight for r in rounds], axis=0)
        return replace(rounds[-1], inclusion=inclusion, weight=weight, draws=[weight])

    def where(self, kept: Bool[ndarray, " genes"], other: Summary) -> Summary:
        """Edges, weights and prices of the targets `kept`, and those of `other` for all other targets."""
        names = ("inclusion", "weight", "log_odds")
        chosen = {n: np.where(kept[:, None], getattr(self, n), getattr(other, n)) for n in names}
        return replace(self, **chosen, draws=[chosen["weight"]])


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
    """

    candidates: Bool[ndarray, "genes regulators"]
    classes: PriorClasses
    config: PosteriorConfig
    seed: int
    n_inputs: int = 0
    weight: Float[ndarray, "genes regulators"] = field(init=False)
    shape: tuple[float, float] = (0.1, 20.0)
    input_shape: tuple[float, float] = (0.5, 10.0)
    shift: float = 0.0
    slabs: Float[ndarray, "families slabs"] = field(init=False)
    present: Float[ndarray, "families slabs"] = field(init=False)
    shares: Float[ndarray, "families slabs"] = field(init=False)
    sweep: int = 0
    rounds: int = 0

    def __post_init__(self) -> None:
        self.weight = np.zeros(self.candidates.shape)
        width = max(len(self.config.slabs), len(self.config.slabs_listed))
        rows = [np.resize(s, width) for s in (self.config.slabs, self.config.slabs_listed)]
        self.slabs = np.array(rows)
        # The shorter family is padded with repeats that are never used.
        sizes = np.array([[len(self.config.slabs)], [len(self.config.slabs_listed)]])
        self.present = (np.arange(width) < sizes).astype(np.float64)
        self.shares = self.present / sizes

    def run(self, grams: Grams, choice: Choice, sweeps: int) -> Summary:
        """Sweep, a third of it as burn-in; then learn rates and shares for the next round."""
        allowed = self.candidates & (grams.index >= 0)[:, None]
        self.weight[~allowed] = 0.0
        self.classes.limit(allowed, grams.freedom)
        fixed = self.classes.fixed & allowed
        if self.rounds == 0 and fixed.any():
            # A held prior says which regulators are hubs, not that every other edge is likelier.
            believed = np.where(fixed, 1.0 / (1.0 + np.exp(-self.log_odds(allowed, fixed))), 0.0)
            a, b = self.shape
            self._shift_to(a / (a + b) * float(self._unlisted(allowed).sum()), allowed, believed)
        residual = grams.residual(self.weight)
        variance = choice.variance.copy()
        sums = [np.zeros(allowed.shape) for _ in range(2)]
        usage = np.zeros((len(allowed), *self.slabs.shape))
        group = self.classes.listed.astype(np.int64)
        burn, done, recorded = sweeps // 3, 0, 0
        every = max(_BLOCK, (sweeps - burn) // self.config.draws // _BLOCK * _BLOCK)
        draws: list[Float[ndarray, "genes regulators"]] = []
        variances: list[Float[ndarray, " genes"]] = []
        while done < sweeps:
            block = min(_BLOCK, burn - done if done < burn else sweeps - done)
            log_odds = self.log_odds(allowed, self.weight != 0.0)
            arguments = (
                grams.gram, grams.index, grams.factor, grams.bent, grams.used, residual, self.weight,
                log_odds, group, self.slabs, self.shares, variance, grams.square,
                grams.score, grams.freedom, choice.population, choice.strength,
                self.seed, self.sweep, block, done >= burn, *sums, usage,
            )  # fmt: skip
            self._sweep(arguments, len(allowed))
            self.sweep += block
            if done >= burn:
                recorded += block
                variances.append(variance.copy())
            done += block
            if recorded and recorded % every == 0:
                draws.append(self.weight.copy())
        draws = draws[-self.config.draws :] or [self.weight.copy()]
        inclusion = sums[0] / recorded
        self._learn(inclusion, log_odds, allowed, usage.sum(axis=0))
        mean = sums[1] / recorded
        # A few draws may miss what the average over all sweeps knows: E[w^2] is at least E[w]^2.
        square = np.maximum(np.mean([w**2 for w in draws], axis=0), mean**2)
        return Summary(inclusion, mean, square, draws, log_odds, np.mean(variances, axis=0))

    def restart(self) -> None:
        """Close all gates, so that what comes next does not lean on what was found before.

        Of several regulators with one time course a chain keeps whichever it opened first, for as long as it runs.
        """
        self.weight[:] = 0.0

    def log_odds(
        self, allowed: Bool[ndarray, "genes regulators"], is_open: Bool[ndarray, "genes regulators"]
    ) -> Float[ndarray, "genes regulators"]:
        r"""Prior log odds, :math:`\log (n_j + a)/(N_j - n_j + b)`, n_j the regulator's other open edges.

        Edges of a prior network have the rate of their class, all others a learned shift. Where the price is uniform
        the odds are one over the number of regulators, as in the extended BIC.
        """
        inside = self._inside()
        a, b = (np.where(inside, self.shape[k], self.input_shape[k]) for k in range(2))
        others = is_open.sum(axis=0) - is_open
        left = np.maximum(allowed.sum(axis=0) - 1 - others, 0)
        out = np.log((others + a) / (left + b))
        if self.config.uniform_price:
            out = np.where(inside, -np.log(inside.sum()), out)
        out = out + self.shift * inside
        out = self.classes.log_odds(out, unaided=self.rounds == 0)
        filled: Float[ndarray, "genes regulators"] = np.where(allowed, out, -np.inf)
        return filled

    def _learn(
        self,
        inclusion: Float[ndarray, "genes regulators"],
        log_odds: Float[ndarray, "genes regulators"],
        allowed: Bool[ndarray, "genes regulators"],
        usage: Float[ndarray, "families slabs"],
    ) -> None:
        # Not after the first round: while states are rough, few edges open, and their rates would close the rest.
        if self.rounds > 0:
            inside = allowed.shape[1] - self.n_inputs
            open_, all_ = inclusion.sum(axis=0), allowed.sum(axis=0).astype(np.float64)
            self.shape = beta_binomial_fit(open_[:inside], all_[:inside], self.shape)
            self.input_shape = beta_binomial_fit(open_[inside:], all_[inside:], self.input_shape)
        self.rounds += 1
        used = usage + self.present
        self.shares = used / used.sum(axis=1, keepdims=True)
        listed = self.classes.listed & allowed
        if not listed.any():
            return
        self.classes.learn(inclusion, log_odds, allowed)
        self._shift_to(inclusion[self._unlisted(allowed)].sum() + 0.5, allowed, self.weight != 0.0)

    def _shift_to(
        self, wanted: float, allowed: Bool[ndarray, "genes regulators"], is_open: Float[ndarray, "genes regulators"]
    ) -> None:
        """Bring the edges that no prior lists to their own expected number: regulators' rates count listed ones too."""
        self.shift = 0.0
        if self.config.uniform_price:
            return
        base = self.log_odds(allowed, is_open)[self._unlisted(allowed)]
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

    def _sweep(self, arguments: tuple[Any, ...], n_targets: int) -> None:
        from grn_l0.posterior.gibbs import sweep_targets

        threads = min(self.config.threads, n_targets)
        if threads == 1:
            sweep_targets(0, n_targets, *arguments)
            return
        edges: Int[ndarray, " edges"] = np.linspace(0, n_targets, 4 * threads + 1).astype(int)
        with ThreadPoolExecutor(threads) as pool:
            jobs = [pool.submit(sweep_targets, int(a), int(b), *arguments) for a, b in pairwise(edges)]
            for job in jobs:
                job.result()

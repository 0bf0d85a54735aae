"""Short ways to the compiled chain, and to what a round of it would say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.chain import Chain
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.gibbs import sweep_targets
from grn_l0.posterior.grams import FixedGrams, Gram, Grams
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.odds import OpenEdges
from grn_l0.posterior.prior_classes import PriorClasses
from grn_l0.posterior.summary import Curvature, Summary

#: Widths and shares of slabs per family, and the family of every regulator; None where there is one family only.
Slabs = tuple[ndarray, ndarray, ndarray | None]
ONE: Slabs = np.array([[0.5]]), np.ones((1, 1)), None


@dataclass(frozen=True)
class Swept:
    """Means over the sweeps of every target, and where the chain stands."""

    inclusion: Float[ndarray, "targets regulators"]
    effect: Float[ndarray, "targets regulators"]
    second: Float[ndarray, "targets regulators"]
    weight: Float[ndarray, "targets regulators"]
    variance: Float[ndarray, " targets"]
    count: Int[ndarray, " targets"]


@dataclass(frozen=True)
class Case:
    """`copies` targets that are all the same, so that their spread is the Monte Carlo error.

    A noise variance known beforehand as if from 1e12 observations stays what it is. `low` (K, R): the targets' own
    Gram matrix is `gram` less low' low. More than `most` edges never open.
    """

    gram: Float[ndarray, "regulators regulators"]
    score: Float[ndarray, " regulators"]
    log_odds: Float[ndarray, " regulators"]
    copies: int
    slabs: Slabs = ONE
    variance: float = 1.0
    strength: float = 1e12
    square: float = 10.0
    freedom: float = 5.0
    low: Float[ndarray, "pairs regulators"] | None = None
    most: int | None = None
    level: float = field(default=0.0)

    def sweep(self, sweeps: int, *, record: bool = True) -> Swept:
        """From closed gates on."""
        n, r = self.copies, len(self.score)
        width, share, family = self.slabs
        group = np.zeros((0, r), np.uint8) if family is None else np.tile(family, (n, 1)).astype(np.uint8)
        factors, bent, used = np.zeros((0, 1, r)), np.full(n, -1), np.zeros(0, np.int64)
        if self.low is not None:
            # Padding must not count.
            padded = np.concatenate([self.low, np.full((2, r), 7.0)])
            factors, bent, used = np.tile(padded, (n, 1, 1)), np.arange(n), np.full(n, len(self.low))
        edges = OpenEdges.none(n, r if self.most is None else self.most)
        sums = [np.zeros((n, r), np.float32) for _ in range(3)]
        variance = np.full(n, self.variance)
        sweep_targets(
            0, n, np.arange(n), self.gram, factors, bent, used, np.tile(self.score, (n, 1)),
            np.tile(np.exp(self.log_odds), (n, 1)).astype(np.float32), group, width, share, variance,
            np.full(n, self.square), np.full(n, self.freedom), np.full(n, self.level or self.variance),
            np.full(n, self.strength), edges.at, edges.weight, edges.count, 0, 0, sweeps, record, *sums, np.zeros(n),
            np.zeros((n, *width.shape)),
        )  # fmt: skip
        means = [s.astype(np.float64) / sweeps for s in sums]
        return Swept(*means, edges.matrix(r).toarray(), variance, edges.count)


def ready(
    x: Float[ndarray, "rows regulators"], y: Float[ndarray, "rows genes"], parts: list[Int[ndarray, " some"]]
) -> FixedGrams:
    """Statistics of plain regressions, with one Gram matrix object per part."""
    # Products of all targets at once: those of some may be rounded otherwise.
    rows, gram, score, square = float(len(x)), x.T @ x, y.T @ x, (y**2).sum(axis=0)
    made = [Gram.plain(p, gram, score[p], square[p], np.full(len(p), rows)) for p in parts]
    return FixedGrams(made, np.full(y.shape[1], rows))


def plain(x: Float[ndarray, "rows regulators"], y: Float[ndarray, "rows genes"]) -> FixedGrams:
    """All targets share one Gram matrix."""
    return ready(x, y, [np.arange(y.shape[1])])


def choice_of(n: int, strength: float = 10.0) -> Choice:
    """Noise of variance 1 beforehand."""
    return Choice(np.zeros(n, int), np.ones(n), np.ones(n), np.full(n, strength), 1.0, 0.0)


def chain_of(candidates: Bool[ndarray, "genes regulators"], config: PosteriorConfig, seed: int = 0) -> Chain:
    """Without priors."""
    return Chain(candidates, PriorClasses.of(None, candidates), config, seed)


def believing(weight: Float[ndarray, "genes regulators"]) -> Summary:
    """Edges of these weights are certain, all others are not there."""
    every, n = np.ones(weight.shape, dtype=bool), len(weight)
    mean = sparse.csr_array(weight)
    return Summary(
        inclusion=(weight != 0).astype(np.float32),
        weight=mean,
        square=mean.power(2),
        draws=[mean],
        odds=chain_of(every, PosteriorConfig())._odds(every),
        variance=np.ones(n),
        changing=np.ones(n, dtype=bool),
        curvature=Curvature(
            index=np.full(n, -1), diagonal=np.zeros((0, weight.shape[1])), less=sparse.csr_array(weight.shape)
        ),
        bends={},
    )


def by_gene(grams: Grams) -> Iterator[tuple[int, Gram, int]]:
    """Every target with its statistics, and its row in them."""
    for genes in grams.groups():
        for gram in grams.of(genes):
            for row, gene in enumerate(gram.genes):
                yield int(gene), gram, row


def own_gram(gram: Gram, row: int) -> Float[ndarray, "regulators regulators"]:
    """Gram matrix of one target."""
    if gram.bent[row] < 0:
        return gram.gram
    low = gram.factor[gram.bent[row]][: gram.used[gram.bent[row]]]
    return gram.gram - low.T @ low


def same(one: Summary, other: Summary) -> None:
    """Bit for bit."""
    np.testing.assert_array_equal(one.inclusion, other.inclusion)
    np.testing.assert_array_equal(one.variance, other.variance)
    np.testing.assert_array_equal(*(s.curvature.of(np.arange(len(s.variance))) for s in (one, other)))
    np.testing.assert_array_equal(one.odds.log(), other.odds.log())
    for a, b in zip([one.weight, one.square, *one.draws], [other.weight, other.square, *other.draws], strict=True):
        np.testing.assert_array_equal(a.toarray(), b.toarray())
    assert one.bends.keys() == other.bends.keys()
    for gene, parts in one.bends.items():
        for a, b in zip(parts, other.bends[gene], strict=True):
            np.testing.assert_array_equal(a, b)

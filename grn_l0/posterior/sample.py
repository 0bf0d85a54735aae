"""The chain over the gates of some targets, apart from all others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from grn_l0._parallel import on_threads
from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.grams import Gram
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.odds import Odds, OpenEdges

#: Weights of edges less likely than this are taken as 0.
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """So many sweeps from the one numbered `sweep`, of which `draws` are kept; nothing is recorded where that is 0."""

    seed: int
    sweep: int
    sweeps: int
    draws: int
    threads: int
    slabs: Float[ndarray, "families slabs"]
    shares: Float[ndarray, "families slabs"]

    @property
    def parts(self) -> list[tuple[int, int]]:
        """First and last sweep of pieces, at the end of each of which a draw is kept."""
        ends = np.unique(np.linspace(0, self.sweeps, max(self.draws, 1) + 1).astype(int))
        return [(int(a), int(b)) for a, b in pairwise(ends)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Record:
    """Means over the sweeps of n targets.

    `inclusion` (n, R) is in single precision; `weight`, E[zw], `square`, E[zw^2], and `draws` are sparse, (n, R).
    `curvature` (R,) is that of the likelihood of any of these targets in each weight, times its noise variance, and
    `less` (n, R) what a target's own bends take from it, at edges that `weight` has. `bends` as in `Gram`.
    """

    inclusion: Float[ndarray, "targets regulators"]
    weight: sparse.csr_array
    square: sparse.csr_array
    draws: list[sparse.csr_array]
    variance: Float[ndarray, " targets"]
    curvature: Float[ndarray, " regulators"]
    less: sparse.csr_array
    bends: dict[int, list[Float[ndarray, "series grid"]]]

    @classmethod
    def of(
        cls,
        task: Task,
        gram: Gram,
        sums: list[Float[ndarray, "targets regulators"]],
        variances: Float[ndarray, " targets"],
        draws: list[sparse.csr_array],
    ) -> Record:
        """From sums over the sweeps: of probabilities, of P E[w | open], of w^2, and of the noise variance."""
        share, shape = np.float32(1.0 / task.sweeps), sums[0].shape
        inclusion = sums[0] * share
        row, column = np.nonzero((inclusion > _NEGLIGIBLE) & (sums[1] != 0))
        mean = (sums[1][row, column] * share).astype(np.float64)
        # Recorded squares are of draws only, which may miss what the average knows: E[zw^2] is at least E[zw]^2.
        square = np.maximum((sums[2][row, column] * share).astype(np.float64), mean**2)
        less, bent = np.zeros(len(row)), gram.bent[row] >= 0
        less[bent] = (gram.factor[gram.bent[row[bent]], :, column[bent]] ** 2).sum(axis=1)
        return cls(
            inclusion=inclusion,
            weight=sparse.csr_array((mean, (row, column)), shape=shape),
            square=sparse.csr_array((square, (row, column)), shape=shape),
            draws=draws,
            variance=variances / task.sweeps,
            curvature=np.diag(gram.gram).copy(),
            less=sparse.csr_array((less, (row, column)), shape=shape),
            bends=gram.bends,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampled:
    """Where the chain of n targets stands after some sweeps, how often each slab was used, and what was recorded."""

    genes: Int[ndarray, " targets"]
    edges: OpenEdges
    variance: Float[ndarray, " targets"]
    usage: Float[ndarray, "targets families slabs"]
    record: Record | None


def sample(task: Task, gram: Gram, odds: Odds, choice: Choice) -> Sampled:
    """Run the sweeps of targets that share a Gram matrix, from `odds.edges` on."""
    genes, shape, edges, record = gram.genes, gram.score.shape, odds.edges, task.draws > 0
    listed = odds.classes.listed.astype(np.uint8) if len(task.slabs) > 1 else np.zeros((0, shape[1]), np.uint8)
    sums = [np.zeros(shape if record else (0, 0), np.float32) for _ in range(3)]
    variance, variances = choice.variance[genes], np.zeros(len(genes))
    usage, draws = np.zeros((len(genes), *task.slabs.shape)), []
    prior = np.exp(odds.log())
    for first, last in task.parts:
        arguments = (
            genes, gram.gram, gram.factor, gram.bent, gram.used, gram.score, prior, listed, task.slabs, task.shares,
            variance, gram.square, gram.freedom, choice.population[genes], choice.strength[genes], edges.at,
            edges.weight, edges.count, task.seed, task.sweep + first, last - first, record, *sums, variances, usage,
        )  # fmt: skip
        _sweep(arguments, len(genes), task.threads)
        draws.append(edges.matrix(shape[1]))
    return Sampled(
        genes=genes,
        edges=edges,
        variance=variance,
        usage=usage,
        record=Record.of(task, gram, sums, variances, draws) if record else None,
    )


def _sweep(arguments: tuple[Any, ...], n_targets: int, threads: int) -> None:
    from grn_l0.posterior.gibbs import sweep_targets

    threads = max(min(threads, n_targets), 1)
    ends = np.linspace(0, n_targets, 1 + (4 * threads if threads > 1 else 1)).astype(int).tolist()
    for _ in on_threads(lambda part: sweep_targets(*part, *arguments), pairwise(ends), threads):
        pass

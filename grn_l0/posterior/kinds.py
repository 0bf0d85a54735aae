"""Which noise model each gene has: restricted likelihood of its residuals, with populations over rates and noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.covariance import Basis, Kinds
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.kind_shares import best_kinds, learn_shares
from grn_l0.posterior.observed import from_observed
from grn_l0.posterior.residuals import Residuals
from grn_l0.posterior.response import MANY

#: Steps of expectation-maximisation for the population of kinds, each time the noise's population has moved, of many
#: series. Few tell their kinds so badly that a population which learned from itself would end at slow rates and large
#: drift, which explain everything: one step of rates only.
_STEPS = 8

#: Genes are judged in groups of so many.
_GENES = 512

#: So few genes tell a population of rates, but not of kinds.
_FEW = 50


@dataclass(frozen=True, eq=False)
class Choice:
    """The kind of every gene, its noise variance (scaled units) and the population it comes from.

    `slope` is that of log noise variance on log variance over genes, in expression units.
    """

    kind: Int[ndarray, " genes"]
    variance: Float[ndarray, " genes"]
    population: Float[ndarray, " genes"]
    strength: Float[ndarray, " genes"]
    slope: float
    log_likelihood: float


def choose_kinds(
    kinds: Kinds,
    bases: dict[int, list[Basis]],
    residuals: list[Residuals],
    scale: Float[ndarray, " genes"],
    *,
    most: int,
    edge_cost: Float[ndarray, " genes"],
    observed: Float[ndarray, " genes"],
    doubt: dict[int, list[Float[ndarray, "genes times times"]]] | None = None,
    gaps: list[Gaps] | None = None,
) -> Choice:
    """Pick a kind per gene.

    Parameters
    ----------
    kinds
        The dictionary.
    bases
        Components per rate index (-1 for constant genes) and design.
    residuals
        Per design: y - C F (standardised) in one or more posterior draws.
    scale
        Standard deviation of each gene, by which it was standardised.
    most
        At most this many kinds are kept; genes of the others take the best of those.
    edge_cost
        Nats that the open edges of each gene cost; a constant gene has none, so it is compared without them.
    observed
        Share of each gene's values that were measured.
    doubt
        Per rate index and design: covariance of a residual that comes from the regulators' uncertain states. The
        states were fitted to the same data, so their residuals alone would make the model look better than it is.
    gaps
        Per design: genes of which values are missing, of whose residuals only the observed count.
    """
    table = _Table.of(kinds, bases, residuals, observed, doubt or {}, gaps or [], edge_cost)
    many = sum(len(part.design.series) for part in next(iter(bases.values()))) >= MANY
    log_share = _evenly(kinds.rate_index)
    _, group, sizes = np.unique(kinds.rate_index, return_inverse=True, return_counts=True)
    best = np.argmax(table.log_lik, axis=0)
    for _ in range(3):
        center, spread, slope = noise_population(np.exp(table.log_v[best, table.genes]), scale, table.free(best))
        now = table.log_lik, table.log_v, table.freedom, center, spread
        used = log_share
        best, value = best_kinds(*now, used)
        # Genes of one system were measured in one way and may share a rate: see `_population`.
        log_share = np.log(learn_shares(*now, group, sizes, np.exp(used), *_population(len(scale), many=many)))
    kept, counts = np.unique(best, return_counts=True)
    if len(kept) > most:
        kept = kept[np.argsort(-counts, kind="stable")[:most]]
        only = np.full(len(kinds), -np.inf)
        only[kept] = used[kept]
        best, value = best_kinds(*now, only)
    precision = 0.5 * table.free(best)
    log_variance = (precision * table.log_v[best, table.genes] + center / spread) / (precision + 1.0 / spread)
    strength = np.full(len(scale), 2.0 / spread)
    return Choice(best, np.exp(log_variance), np.exp(center), strength, slope, float(value.sum()))


def noise_population(
    variance: Float[ndarray, " genes"], scale: Float[ndarray, " genes"], freedom: Float[ndarray, " genes"]
) -> tuple[Float[ndarray, " genes"], float, float]:
    """Centre (log v, scaled units) and variance of log v over genes, and b: log(v sd^2) = a + b log sd^2 + noise.

    b = 0 is additive noise of one size, b = 1 noise in proportion to the signal. Fitted by weighted least squares with
    Tukey's biweight; with fewer than 20 genes b is 1 (each gene is judged on its own scale).
    """
    x, y = np.log(scale**2), np.log(np.maximum(variance, 1e-12) * scale**2)
    free = len(x) >= 20 and np.ptp(x) > 1e-6
    slope, keep = 1.0, np.ones(len(x))
    for _ in range(10):
        xm, ym = np.average(x, weights=keep), np.average(y, weights=keep)
        if free:
            slope = float(np.sum(keep * (x - xm) * (y - ym)) / max(np.sum(keep * (x - xm) ** 2), 1e-12))
            slope = min(max(slope, 0.0), 1.0)
        fitted = ym + slope * (x - xm)
        miss = y - fitted
        size = max(1.4826 * float(np.median(np.abs(miss))), 1e-3)
        keep = np.maximum(1.0 - (miss / (4.685 * size)) ** 2, 0.0) ** 2 + 1e-9
    spread = max(size**2 - float(np.mean(2.0 / freedom)), 0.02)
    return fitted - x, spread, slope


def _evenly(rate: Int[ndarray, " kinds"]) -> Float[ndarray, " kinds"]:
    """Log share of each kind where all rates have the same, and all kinds of a rate."""
    _, group, sizes = np.unique(rate, return_inverse=True, return_counts=True)
    out: Float[ndarray, " kinds"] = -np.log(len(sizes) * sizes[group])
    return out


def _population(n_genes: int, *, many: bool) -> tuple[float, int]:
    """Weight of the kinds in the population of genes, and steps of expectation-maximisation from the last shares.

    Genes of one system were measured in one way and may share a rate, so what most of them say tells the rest. Of
    `many` series, up to half of the population is that of the kinds where there are many genes, and the rest that of
    the rates (one gene added to each), evenly over the kinds of a rate: that leaves a kind to genes that alone have it.
    """
    return (0.5 * max(n_genes - _FEW, 0) / n_genes, _STEPS) if many else (0.0, 1)


@dataclass(frozen=True, eq=False)
class _Table:
    """Restricted log likelihood of every kind for every gene, the noise it estimates, and degrees of freedom.

    The first two have shape (kinds, N), in single precision; the last has one column where it is the same for all.
    """

    log_lik: Float[ndarray, "kinds genes"]
    log_v: Float[ndarray, "kinds genes"]
    freedom: Float[ndarray, "kinds some"]

    @property
    def genes(self) -> Int[ndarray, " genes"]:
        """Positions of all genes."""
        return np.arange(self.log_lik.shape[1])

    def free(self, kind: Int[ndarray, " genes"]) -> Float[ndarray, " genes"]:
        """Degrees of freedom of each gene at its kind."""
        out: Float[ndarray, " genes"] = self.freedom[kind, self.genes if self.freedom.shape[1] > 1 else 0]
        return out

    @classmethod
    def of(
        cls,
        kinds: Kinds,
        bases: dict[int, list[Basis]],
        residuals: list[Residuals],
        observed: Float[ndarray, " genes"],
        doubt: dict[int, list[Float[ndarray, "genes times times"]]],
        gaps: list[Gaps],
        edge_cost: Float[ndarray, " genes"],
    ) -> _Table:
        n_genes, alike = len(observed), not gaps and bool((observed == 1).all())
        shape = (len(kinds), n_genes)
        out = cls(
            np.empty(shape, np.float32), np.empty(shape, np.float32), np.ones((len(kinds), 1 if alike else n_genes))
        )
        paid = kinds.rate_index >= 0

        def put(rows: Any, genes: Any, square: Any, log_det: Any, freedom: Any) -> None:
            log_v = np.log(np.maximum(square, 1e-12) / freedom)
            out.log_v[rows, genes] = log_v
            out.log_lik[rows, genes] = -0.5 * (log_det + freedom * (log_v + 1.0)) - paid[rows] * edge_cost[genes]

        rows = np.arange(len(kinds))[:, None]
        whole = np.setdiff1d(np.arange(n_genes), gaps[0].genes if gaps else [])
        for genes in np.array_split(whole, -(-len(whole) // _GENES)) if len(whole) else []:
            # One column where all genes have it.
            share = np.ones(1) if alike else observed[genes]
            for some, square, log_det, count, effects in _quadratics(kinds, bases, residuals, doubt, genes):
                freedom = np.broadcast_to(np.maximum(count * share - effects, 1.0), (len(some), len(share)))
                put(some[:, None], genes, square, log_det[:, None] * share, freedom)
                out.freedom[some[:, None], [0] if alike else genes] = freedom
        if gaps:
            apart = from_observed(kinds, bases, residuals, gaps, doubt)
            put(rows, gaps[0].genes, apart.square, apart.log_det, apart.freedom)
            out.freedom[:, gaps[0].genes] = apart.freedom
        return out


def _quadratics(
    kinds: Kinds,
    bases: dict[int, list[Basis]],
    residuals: list[Residuals],
    doubt: dict[int, list[Float[ndarray, "all times times"]]],
    genes: Int[ndarray, " genes"],
) -> Iterator[tuple[Int[ndarray, " some"], Float[ndarray, "some genes"], Float[ndarray, " some"], int, int]]:
    """Of some genes without gaps, kinds of one rate at a time: their positions, and what `_evaluate` says of them."""
    indices = list(bases)
    some = [r.of_genes(genes) for r in residuals]
    # Long series are fewer than times, and are looked at one by one.
    moments = [r.moments(indices) if r.n_rows >= r.measured.shape[1] else None for r in some]
    longest = max(len(part.design.times) for part in bases[indices[0]])
    for k, index in enumerate(indices):
        everything = np.flatnonzero(kinds.rate_index == index)
        data = [
            _Data(r.stacked(index), None, None, r.n_draws) if m is None else _Data(None, m[0][k], m[1][k], r.n_draws)
            for r, m in zip(some, moments, strict=True)
        ]
        unsure = [d[genes] for d in doubt[index]] if index in doubt else None
        # In pieces of at most 32 MiB of covariance matrices.
        for rows in np.array_split(everything, -(-len(everything) * longest**2 // 2**22)):
            yield rows, *_evaluate(kinds, rows, bases[index], data, unsure)


@dataclass(frozen=True, eq=False)
class _Data:
    """Residuals of one design and rate: as they are, or their moments."""

    stacked: Float[ndarray, "rows times genes"] | None
    moment: Float[ndarray, "times times genes"] | None
    total: Float[ndarray, "times genes"] | None
    draws: int


def _evaluate(
    kinds: Kinds,
    rows: Int[ndarray, " some"],
    per_design: list[Basis],
    residuals: list[_Data],
    doubt: list[Float[ndarray, "genes times times"]] | None,
) -> tuple[Float[ndarray, "some genes"], Float[ndarray, " some"], int, int]:
    """Quadratic forms and log determinants of some kinds of one rate, with the fixed effects projected out."""
    effects = per_design[0].means.shape[1]
    quad: Any = 0.0
    cross: Any = 0.0
    info, dets, count = np.zeros((len(rows), effects, effects)), np.zeros(len(rows)), 0
    for q, (part, data) in enumerate(zip(per_design, residuals, strict=True)):
        s, n = len(part.design.series), len(part.design.times)
        count += s * n
        sigma = part.covariance(kinds.initial[rows], kinds.offset[rows], kinds.drift[rows])
        inverse = np.linalg.inv(sigma)
        means = part.means[part.design.at]
        half = np.swapaxes(means, 0, 1) @ inverse
        dets += s * np.linalg.slogdet(sigma)[1]
        info += s * half @ means
        flat = inverse.reshape(len(rows), n * n)
        if data.moment is not None and data.total is not None:
            moment = data.moment if doubt is None else data.moment + s * np.moveaxis(doubt[q], 0, 2)
            quad = quad + flat @ moment.reshape(n * n, -1)
            cross = cross + (half.reshape(-1, n) @ data.total).reshape(len(rows), effects, -1)
        elif data.stacked is not None:
            cross = cross + half @ data.stacked.sum(axis=0) / data.draws
            row = data.stacked.transpose(1, 0, 2).reshape(n, -1)
            one = [((m @ row) * row).sum(axis=0).reshape(len(data.stacked), -1).sum(axis=0) for m in inverse]
            quad = quad + np.array(one) / data.draws
            if doubt is not None:
                quad = quad + s * flat @ doubt[q].reshape(-1, n * n).T
    solved = np.linalg.inv(info) @ cross
    return quad - (cross * solved).sum(axis=1), dets + np.linalg.slogdet(info)[1], count, effects

"""Which noise model each gene has: restricted likelihood of its residuals, with populations over rates and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.covariance import Basis, Kinds
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.observed import Observed, from_observed
from grn_l0.posterior.response import MANY

#: Steps of expectation-maximisation for the population of kinds, each time the noise's population has moved, of many
#: series. Few tell their kinds so badly that a population which learned from itself would end at slow rates and large
#: drift, which explain everything: one step of rates only.
_STEPS = 8

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
    residuals: dict[int, list[Float[ndarray, "series times genes"]]],
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
    bases, residuals
        Per rate index (-1 for constant genes) and design: components, and residuals y - C F (standardised) in one or
        more posterior draws stacked along the first axis.
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
    whole = np.ones(len(scale), dtype=bool)
    if gaps:
        whole[gaps[0].genes] = False
    table = _quadratics(kinds, bases, residuals, observed, doubt or {}, whole)
    if gaps:
        apart = from_observed(kinds, bases, residuals, gaps, doubt or {})
        for name in ("square", "log_det", "freedom"):
            getattr(table, name)[:, ~whole] = getattr(apart, name)
    variance = np.maximum(table.square, 1e-12) / table.freedom
    log_lik = -0.5 * (table.log_det + table.freedom * (np.log(variance) + 1.0))
    log_lik[kinds.rate_index >= 0] -= edge_cost
    many = sum(len(part.design.series) for part in next(iter(bases.values()))) >= MANY
    log_prior = _evenly(kinds.rate_index)
    best = np.argmax(log_lik, axis=0)
    genes = np.arange(len(scale))
    for _ in range(3):
        center, spread, slope = noise_population(variance[best, genes], scale, table.freedom[best, genes])
        miss = np.log(variance) - center
        total = log_lik - 0.5 * miss**2 / (spread + 2.0 / table.freedom) + log_prior[:, None]
        best = np.argmax(total, axis=0)
        log_prior = _population(total - log_prior[:, None], kinds.rate_index, log_prior, many=many)
    used, counts = np.unique(best, return_counts=True)
    if len(used) > most:
        kept = used[np.argsort(-counts, kind="stable")[:most]]
        best = kept[np.argmax(total[kept], axis=0)]
    precision = 0.5 * table.freedom[best, genes]
    log_v = (precision * np.log(variance[best, genes]) + center / spread) / (precision + 1.0 / spread)
    strength = np.full(len(scale), 2.0 / spread)
    return Choice(best, np.exp(log_v), np.exp(center), strength, slope, float(total[best, genes].sum()))


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


def _population(
    log_lik: Float[ndarray, "kinds genes"],
    rate: Int[ndarray, " kinds"],
    log_share: Float[ndarray, " kinds"],
    *,
    many: bool,
) -> Float[ndarray, " kinds"]:
    """Log share of each kind in the population of genes, by steps of expectation-maximisation from `log_share`.

    Genes of one system were measured in one way and may share a rate, so what most of them say tells the rest. Of
    `many` series, up to half of the population is that of the kinds where there are many genes, and the rest that of
    the rates (one gene added to each), evenly over the kinds of a rate: that leaves a kind to genes that alone have it.
    """
    _, group, sizes = np.unique(rate, return_inverse=True, return_counts=True)
    likelihood = np.exp(log_lik - log_lik.max(axis=0))
    n_genes, share = log_lik.shape[1], np.exp(log_share)
    weight = 0.5 * max(n_genes - _FEW, 0) / n_genes if many else 0.0
    for _ in range(_STEPS if many else 1):
        mixed = share * (likelihood @ (1.0 / (share @ likelihood))) / n_genes
        per_rate = (np.bincount(group, mixed) * n_genes + 1.0) / (n_genes + len(sizes))
        share = weight * mixed + (1.0 - weight) * (per_rate / sizes)[group]
    out: Float[ndarray, " kinds"] = np.log(share)
    return out


def _quadratics(
    kinds: Kinds,
    bases: dict[int, list[Basis]],
    residuals: dict[int, list[Float[ndarray, "series times genes"]]],
    observed: Float[ndarray, " genes"],
    doubt: dict[int, list[Float[ndarray, "genes times times"]]],
    whole: Bool[ndarray, " genes"],
) -> Observed:
    """Of the genes without gaps; the others are left as they are."""
    shape = (len(kinds), len(observed))
    square, log_det, freedom = np.ones(shape), np.zeros(shape), np.ones(shape)
    if not whole.any():
        return Observed(square, log_det, freedom)
    if not whole.all():
        residuals = {index: [r[:, :, whole] for r in parts] for index, parts in residuals.items()}
        doubt = {index: [d[whole] for d in parts] for index, parts in doubt.items()}
    longest = max(len(part.design.times) for part in next(iter(bases.values())))
    for index, per_design in bases.items():
        everything = np.flatnonzero(kinds.rate_index == index)
        # In pieces of at most 32 MiB of covariance matrices.
        for rows in np.array_split(everything, -(-len(everything) * longest**2 // 2**22)):
            at = np.ix_(rows, whole)
            square[at], dets, count, effects = _evaluate(kinds, rows, per_design, residuals[index], doubt.get(index))
            log_det[at] = dets[:, None] * observed[whole]
            freedom[at] = np.maximum(count * observed[whole] - effects, 1.0)
    return Observed(square, log_det, freedom)


def _evaluate(
    kinds: Kinds,
    rows: Int[ndarray, " some"],
    per_design: list[Basis],
    residuals: list[Float[ndarray, "series times genes"]],
    doubt: list[Float[ndarray, "genes times times"]] | None,
) -> tuple[Float[ndarray, "some genes"], Float[ndarray, " some"], int, int]:
    """Quadratic forms and log determinants of some kinds of one rate, with the fixed effects projected out."""
    effects, n_genes = per_design[0].means.shape[1], residuals[0].shape[2]
    quad, cross = np.zeros((len(rows), n_genes)), np.zeros((len(rows), effects, n_genes))
    info, dets, count = np.zeros((len(rows), effects, effects)), np.zeros(len(rows)), 0
    for q, (part, stacked) in enumerate(zip(per_design, residuals, strict=True)):
        s, n = len(part.design.series), len(part.design.times)
        draws = stacked.shape[0] // s
        count += s * n
        sigma = part.covariance(kinds.initial[rows], kinds.offset[rows], kinds.drift[rows])
        inverse = np.linalg.inv(sigma)
        means = part.means[part.design.at]
        half = np.swapaxes(means, 0, 1) @ inverse
        dets += s * np.linalg.slogdet(sigma)[1]
        info += s * half @ means
        cross += s * half @ stacked.mean(axis=0)
        if n <= stacked.shape[0]:
            moment = np.einsum("sti,sui->tui", stacked, stacked, optimize=True).reshape(n * n, n_genes)
            quad += inverse.reshape(len(rows), n * n) @ moment / draws
        else:
            flat = stacked.transpose(1, 0, 2).reshape(n, -1)
            for k in range(len(rows)):
                quad[k] += ((inverse[k] @ flat) * flat).sum(axis=0).reshape(-1, n_genes).sum(axis=0) / draws
        if doubt is not None:
            quad += s * inverse.reshape(len(rows), n * n) @ doubt[q].reshape(n_genes, n * n).T
    solved = np.linalg.solve(info, cross)
    return quad - (cross * solved).sum(axis=1), dets + np.linalg.slogdet(info)[1], count, effects

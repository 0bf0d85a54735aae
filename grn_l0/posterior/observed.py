"""Restricted likelihood of genes with missing values under every kind of noise, from what was observed of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.covariance import Basis, Kinds
from grn_l0.posterior.gaps import Gaps

#: Genes are done in pieces of at most this many values.
_PIECE = 2**22

#: What a fixed effect is known by at least, over what the best known is: a gene may be seen at time 0 only.
_UNKNOWN = 1e-9


@dataclass(frozen=True, eq=False)
class Observed:
    """Per kind and gene: residual quadratic form, log determinants, degrees of freedom; shape (kinds, genes)."""

    square: Float[ndarray, "kinds genes"]
    log_det: Float[ndarray, "kinds genes"]
    freedom: Float[ndarray, "kinds genes"]


def from_observed(
    kinds: Kinds,
    bases: dict[int, list[Basis]],
    residuals: dict[int, list[Float[ndarray, "series times genes"]]],
    gaps: list[Gaps],
    doubt: dict[int, list[Float[ndarray, "genes times times"]]],
) -> Observed:
    r"""Quadratic forms of the observed entries, with the fixed effects projected out.

    With B = D + q K_d of the observed times and U = (e, 1 - e), a kind's covariance is
    :math:`B + U \Lambda U^\top`, so that by Woodbury's identity all levels of initial states and offsets follow from
    :math:`U^\top B^{-1} U`, :math:`U^\top B^{-1} r` and :math:`r^\top B^{-1} r`.

    Parameters
    ----------
    kinds, bases, residuals, doubt
        As of `grn_l0.posterior.kinds.choose_kinds`, for all genes.
    gaps
        Per design: the genes in question, and what was observed of them.
    """
    genes = gaps[0].genes
    shape = (len(kinds), len(genes))
    out = Observed(np.empty(shape), np.empty(shape), np.empty(shape))
    largest = max(g.index.shape[0] * max(g.masks.shape[1] ** 2, 256) for g in gaps)
    for part in np.array_split(np.arange(len(genes)), min(-(-len(genes) * largest // _PIECE), len(genes))):
        own = [g.of_genes(genes[part])[1] for g in gaps]
        for index, bases_of in bases.items():
            moments = [
                _Moments.of(g, r, None if index not in doubt else doubt[index][q])
                for q, (g, r) in enumerate(zip(own, residuals[index], strict=True))
            ]
            of_rate = kinds.rate_index == index
            for level in np.unique(kinds.drift[of_rate]):
                rows = np.flatnonzero(of_rate & (kinds.drift == level))
                found = _likelihood(kinds, rows, float(level), bases_of, own, moments)
                for whole, some in zip((out.square, out.log_det, out.freedom), found, strict=True):
                    whole[np.ix_(rows, part)] = some
    return out


@dataclass(frozen=True, eq=False)
class _Moments:
    """Residuals of one design, summed over the series of a gene that have one pattern: what they say of any kind.

    Pairs of a gene and a pattern are ordered by gene; `first` (genes,) is where each gene begins, `pattern` and `count`
    (pairs,) are of each pair; `mean` and `moment` are sums of the residuals' means and second moments.
    """

    first: Int[ndarray, " genes"]
    pattern: Int[ndarray, " pairs"]
    count: Float[ndarray, " pairs"]
    mean: Float[ndarray, "pairs times"]
    moment: Float[ndarray, "pairs times times"]

    @classmethod
    def of(
        cls,
        gaps: Gaps,
        stacked: Float[ndarray, "series times genes"],
        doubt: Float[ndarray, "genes times times"] | None,
    ) -> _Moments:
        series, genes = gaps.index.shape
        rest = stacked[:, :, gaps.genes].reshape(-1, series, stacked.shape[1], genes)
        key = (np.arange(genes) * len(gaps.masks) + gaps.index).T.ravel()
        order = np.argsort(key, kind="stable")
        pair, start = np.unique(key[order], return_index=True)
        count = np.diff(np.append(start, len(key))).astype(np.float64)
        outer = np.einsum("dsti,dsui->istu", rest, rest, optimize=True).reshape(len(key), *2 * rest.shape[2:3])
        moment = np.add.reduceat(outer[order], start) / len(rest)
        mean = np.add.reduceat(rest.mean(axis=0).transpose(2, 0, 1).reshape(len(key), -1)[order], start)
        gene, pattern = np.divmod(pair, len(gaps.masks))
        if doubt is not None:
            moment += count[:, None, None] * doubt[gaps.genes[gene]]
        return cls(np.searchsorted(gene, np.arange(genes)), pattern, count, mean, moment)


def _likelihood(
    kinds: Kinds,
    rows: Int[ndarray, " some"],
    drift: float,
    bases: list[Basis],
    gaps: list[Gaps],
    moments: list[_Moments],
) -> tuple[Float[ndarray, "some genes"], Float[ndarray, "some genes"], Float[ndarray, " genes"]]:
    """Of some kinds of one rate and drift."""
    effects = bases[0].means.shape[1]
    shape = (len(rows), len(gaps[0].genes))
    square, log_det, seen = np.zeros(shape), np.zeros(shape), np.zeros(shape[1])
    info, cross = np.zeros((3, *shape)), np.zeros((2, *shape))
    for part, gap, m in zip(bases, gaps, moments, strict=True):
        at, first = part.design.at, m.first
        sigma = part.covariance(0.0, 0.0, drift)
        masked = gap.covariance(sigma)
        precision = np.linalg.inv(masked) * (gap.masks[:, :, None] & gap.masks[:, None, :])
        det = np.linalg.slogdet(masked)[1]
        u = np.zeros((len(at), 2))
        u[:, :effects] = part.means[at]
        size = (u**2).sum(axis=0)
        scale = [float(np.trace(c[np.ix_(at, at)])) for c in (part.initial, part.offset)]
        x, c = (
            (level[rows] * (s / n if n > 0 else 0.0))[:, None]
            for level, s, n in zip((kinds.initial, kinds.offset), scale, size, strict=True)
        )
        v = precision @ u
        g = u.T @ v
        g11, g12, g22 = g[:, 0, 0], g[:, 0, 1], g[:, 1, 1]
        # (1 / Lambda + G)^-1, which has a limit where a level is 0.
        inner = (1.0 + g11 * x) * (1.0 + g22 * c) - g12**2 * x * c
        c11, c12, c22 = x * (1.0 + g22 * c) / inner, -g12 * x * c / inner, c * (1.0 + g11 * x) / inner
        p = m.pattern
        vp = v[p]
        moved = np.swapaxes(vp, 1, 2) @ m.moment @ vp
        along = (m.mean[:, None, :] @ vp)[:, 0]
        whole = (precision[p] * m.moment).sum(axis=(1, 2))
        quad = whole - c11[:, p] * moved[:, 0, 0] - 2.0 * c12[:, p] * moved[:, 0, 1] - c22[:, p] * moved[:, 1, 1]
        # I - G C, and from it (I - G C) G and (I - G C) U' B^-1 r.
        k11, k12 = 1.0 - g11 * c11 - g12 * c12, -g11 * c12 - g12 * c22
        k21, k22 = -g12 * c11 - g22 * c12, 1.0 - g12 * c12 - g22 * c22
        known = (k11 * g11 + k12 * g12, k11 * g12 + k12 * g22, k21 * g12 + k22 * g22)
        pulled = (
            k11[:, p] * along[:, 0] + k12[:, p] * along[:, 1],
            k21[:, p] * along[:, 0] + k22[:, p] * along[:, 1],
        )
        square += np.add.reduceat(quad, first, axis=1)
        log_det += np.add.reduceat(m.count * (det + np.log(inner))[:, p], first, axis=1)
        seen += np.add.reduceat(m.count * gap.masks.sum(axis=1)[p], first)
        for total, one in zip(info, known, strict=True):
            total += np.add.reduceat(m.count * one[:, p], first, axis=1)
        for total, one in zip(cross, pulled, strict=True):
            total += np.add.reduceat(one, first, axis=1)
    least = _UNKNOWN * np.maximum(info[0] + info[2], 1e-12)
    a, b, d = info[0] + least, info[1], info[2] + least
    if effects == 1:
        b, d = 0.0 * b, np.ones_like(d)
    inside = np.maximum(a * d - b**2, least**2)
    square -= (d * cross[0] ** 2 - 2.0 * b * cross[0] * cross[1] + a * cross[1] ** 2) / inside
    return square, log_det + np.log(inside), np.maximum(seen - effects, 1.0)

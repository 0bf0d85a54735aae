"""Restricted likelihood of genes with missing values under every kind of noise, from what was observed of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.covariance import Basis, Kinds
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.residuals import Residuals

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
    residuals: list[Residuals],
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
    series = [g.index.shape[0] for g in gaps]
    largest = max(sum(series) * 256, *(n * g.masks.shape[1] ** 2 for n, g in zip(series, gaps, strict=True)))
    for part in np.array_split(np.arange(len(genes)), min(-(-len(genes) * largest // _PIECE), len(genes))):
        own = [g.of_genes(genes[part])[1] for g in gaps]
        for index, bases_of in bases.items():
            of_rate, left = kinds.rate_index == index, [r.stacked(index) for r in residuals]
            levels = np.unique(kinds.drift[of_rate])
            pieces = [
                _turned(b, g, r, None if index not in doubt else doubt[index][q], levels)
                for q, (b, g, r) in enumerate(zip(bases_of, own, left, strict=True))
            ]
            turned = _Turned.together(pieces)
            for k, level in enumerate(levels):
                rows = np.flatnonzero(of_rate & (kinds.drift == level))
                found = _likelihood(kinds.initial[rows], kinds.offset[rows], k, turned, bases_of[0].means.shape[1])
                for whole, some in zip((out.square, out.log_det, out.freedom), found, strict=True):
                    whole[np.ix_(rows, part)] = some
    return out


@dataclass(frozen=True, eq=False)
class _Moments:
    """Residuals of one design, summed over the series of a gene that have one pattern: what they say of any kind.

    `gene`, `pattern` and `count` (pairs,) are of each pair of a gene and a pattern that it has; `mean` and `moment` are
    sums of the residuals' means and second moments.
    """

    gene: Int[ndarray, " pairs"]
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
        return cls(gene, pattern, count, mean, moment)


@dataclass(frozen=True, eq=False)
class _Turned:
    r"""Patterns and pairs of all designs where B is diagonal, :math:`B = D^{1/2} V (1 + q \lambda) V^\top D^{1/2}`.

    Per pattern: `scale` of the initial and the offset level, and at every drift level q `info`, the three entries of
    :math:`U^\top B^{-1} U`, and `log_det` of B. Per pair: `cross`, :math:`U^\top B^{-1} r`, and `moved`, the three
    entries of :math:`U^\top B^{-1} r r^\top B^{-1} U`, summed over series. Per gene: `square`, r' B^-1 r, and `seen`.
    """

    scale: Float[ndarray, "two patterns"]
    info: Float[ndarray, "drifts three patterns"]
    log_det: Float[ndarray, "drifts patterns"]
    gene: Int[ndarray, " pairs"]
    pattern: Int[ndarray, " pairs"]
    count: Float[ndarray, " pairs"]
    cross: Float[ndarray, "drifts two pairs"]
    moved: Float[ndarray, "drifts three pairs"]
    square: Float[ndarray, "drifts genes"]
    seen: Float[ndarray, " genes"]

    @classmethod
    def together(cls, parts: list[_Turned]) -> _Turned:
        """All designs, pairs in order of their genes."""
        order = np.argsort(np.concatenate([p.gene for p in parts]), kind="stable")
        shift = np.cumsum([0, *(p.scale.shape[1] for p in parts[:-1])])

        def joined(name: str) -> Any:
            return np.concatenate([getattr(p, name) for p in parts], axis=-1)

        return cls(
            scale=joined("scale"),
            info=joined("info"),
            log_det=joined("log_det"),
            gene=joined("gene")[order],
            pattern=np.concatenate([p.pattern + s for p, s in zip(parts, shift, strict=True)])[order],
            count=joined("count")[order],
            cross=joined("cross")[..., order],
            moved=joined("moved")[..., order],
            square=np.sum([p.square for p in parts], axis=0),
            seen=np.sum([p.seen for p in parts], axis=0),
        )

    def over_pairs(
        self, value: Float[ndarray, " pairs"], of_pattern: Float[ndarray, "patterns some"]
    ) -> Float[ndarray, "some genes"]:
        """Sum, over the pairs of each gene, of a value of the pair times values of its pattern."""
        first = np.searchsorted(self.gene, np.arange(len(self.seen) + 1))
        whole = csr_array((value, self.pattern, first), shape=(len(self.seen), len(of_pattern)))
        out: Float[ndarray, "some genes"] = (whole @ of_pattern).T
        return out


def _turned(
    part: Basis,
    gaps: Gaps,
    residuals: Float[ndarray, "series times genes"],
    doubt: Float[ndarray, "genes times times"] | None,
    drifts: Float[ndarray, " drifts"],
) -> _Turned:
    """One design: one eigendecomposition per pattern serves all levels of drift."""
    at, m = part.design.at, _Moments.of(gaps, residuals, doubt)
    # Times that are missing have no residual, no fixed effect and no drift.
    root = gaps.masks / np.sqrt(part.design.variance)
    both = root[:, :, None] * root[:, None, :]
    value, vector = np.linalg.eigh(both * part.drift[np.ix_(at, at)])
    weight = 1.0 / (1.0 + drifts[:, None, None] * np.maximum(value, 0.0))
    means = np.zeros((len(at), 2))
    means[:, : part.means.shape[1]] = part.means[at]
    size = (means**2).sum(axis=0)
    mean_square = np.array([np.trace(c[np.ix_(at, at)]) for c in (part.initial, part.offset)])
    scale = np.divide(mean_square, size, out=np.zeros(2), where=size > 0)
    u = np.swapaxes(vector, 1, 2) @ (root[:, :, None] * means)
    v = weight[..., None] * u
    info = np.swapaxes(v, -1, -2) @ u
    of_pair = vector[m.pattern]
    turned = np.swapaxes(of_pair, 1, 2)
    cross = turned @ (root[m.pattern] * m.mean)[:, :, None]
    moment = turned @ (both[m.pattern] * m.moment) @ of_pair
    v = v[:, m.pattern]
    moved = np.swapaxes(v, -1, -2) @ moment @ v
    square = (weight[:, m.pattern] * np.einsum("ptt->pt", moment)).sum(axis=-1)
    genes = np.arange(len(gaps.genes))
    first = np.searchsorted(m.gene, genes)
    log_variance = gaps.masks @ np.log(part.design.variance)
    return _Turned(
        scale=np.repeat(scale[:, None], len(gaps.masks), axis=1),
        info=np.stack([info[..., 0, 0], info[..., 0, 1], info[..., 1, 1]], axis=1),
        log_det=log_variance - np.log(weight).sum(axis=-1),
        gene=m.gene,
        pattern=m.pattern,
        count=m.count,
        cross=np.moveaxis((np.swapaxes(v, -1, -2) @ cross)[..., 0], -1, 1),
        moved=np.stack([moved[..., 0, 0], moved[..., 0, 1], moved[..., 1, 1]], axis=1),
        square=np.add.reduceat(square, first, axis=1),
        seen=np.add.reduceat(m.count * gaps.masks.sum(axis=1)[m.pattern], first),
    )


def _likelihood(
    initial: Float[ndarray, " some"], offset: Float[ndarray, " some"], k: int, t: _Turned, effects: int
) -> tuple[Float[ndarray, "some genes"], Float[ndarray, "some genes"], Float[ndarray, " genes"]]:
    """Of some kinds of one rate and of the k-th level of drift."""
    g11, g12, g22 = t.info[k][:, :, None]
    x, c = t.scale[0][:, None] * initial, t.scale[1][:, None] * offset
    # (1 / Lambda + G)^-1, which has a limit where a level is 0.
    inner = (1.0 + g11 * x) * (1.0 + g22 * c) - g12**2 * x * c
    c11, c12, c22 = x * (1.0 + g22 * c) / inner, -g12 * x * c / inner, c * (1.0 + g11 * x) / inner
    # I - G C, and from it (I - G C) G and (I - G C) U' B^-1 r.
    k11, k12 = 1.0 - g11 * c11 - g12 * c12, -g11 * c12 - g12 * c22
    k21, k22 = -g12 * c11 - g22 * c12, 1.0 - g12 * c12 - g22 * c22
    known = (k11 * g11 + k12 * g12, k11 * g12 + k12 * g22, k21 * g12 + k22 * g22)
    counted = np.concatenate([t.log_det[k][:, None] + np.log(inner), *known], axis=1)
    log_det, a, b, d = np.split(t.over_pairs(t.count, counted), 4)
    moved = [t.over_pairs(m, w) for m, w in zip(t.moved[k], (c11, 2.0 * c12, c22), strict=True)]
    square = t.square[k] - moved[0] - moved[1] - moved[2]
    pulls = [
        t.over_pairs(r, np.concatenate(w, axis=1)) for r, w in zip(t.cross[k], ((k11, k21), (k12, k22)), strict=True)
    ]
    pull = np.split(pulls[0] + pulls[1], 2)
    least = _UNKNOWN * np.maximum(a + d, 1e-12)
    a, d = a + least, d + least
    if effects == 1:
        b, d = 0.0 * b, np.ones_like(d)
    inside = np.maximum(a * d - b**2, least**2)
    square -= (d * pull[0] ** 2 - 2.0 * b * pull[0] * pull[1] + a * pull[1] ** 2) / inside
    return square, log_det + np.log(inside), np.maximum(t.seen - effects, 1.0)

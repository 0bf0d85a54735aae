"""Which rate, rank and shrinkage forecast best what was left out of the training series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, Int, ndarray

#: Times held out together, and how many such blocks at most.
BLOCK, MOST_BLOCKS = 3, 8
#: Share of a deviation left after a typical step, ranks, ridge per feature's mean square, share of the rest kept.
_KEPT = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_RANKS = (1, 2, 3, 4, 5, 6, 8, 12, 16)
_RIDGES = (0.01, 0.1, 1.0)
_RESTS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Settings:
    """Rate d (1 / time), rank of the states, and the share of what lies outside that rank that is kept."""

    rate: float
    rank: int
    rest: float


def choose_settings(
    values: Float[ndarray, "rows genes"],
    times: Float[ndarray, " rows"],
    series: Int[ndarray, " rows"],
    regulators: Int[ndarray, " regulators"],
) -> Settings:
    r"""Settings by the one-step error inside blocks of three times that are left out of everything.

    A dense stand-in for the network is fitted to the rest, in closed form: states :math:`\hat x` of low rank, and
    ridge regression of :math:`(x_{k+1} - e_k \hat x_k)` on :math:`(1 - e_k)\,\hat x_k`, :math:`e_k = e^{-d\Delta_k}`.
    The blocks are then forecast from their own earlier values through :math:`U U^T x + \rho (x - U U^T x)`. Every
    forecast is a sum of rows of the data, so that all of this needs their inner products only.

    Parameters
    ----------
    values
        Standardised, one row per series and time.
    times, series
        Of the rows; the times of a series are neighbours and increase.
    regulators
        Positions of the candidate regulators.

    Returns
    -------
    The settings with the least mean error over the blocks.
    """
    gram, inner = values @ values.T, values[:, regulators] @ values[:, regulators].T
    follows = np.flatnonzero(series[1:] == series[:-1])
    typical = float(np.median(np.diff(times)[follows]))
    blocks = _blocks(series)
    if not blocks:
        return Settings(-np.log(0.6) / typical, 1, 1.0)
    ranks = [r for r in _RANKS if r <= max(1, (len(values) - BLOCK) // 2)]
    errors = np.zeros((len(_KEPT), len(ranks), len(_RIDGES), len(_RESTS), len(blocks)))
    for b, block in enumerate(blocks):
        kept = np.setdiff1d(np.arange(len(values)), block)
        states = _States.of(gram, inner, kept)
        known = [k for k in follows if k not in block and k + 1 not in block]
        asked = [k for k in follows if k in block and k + 1 in block]
        for r, rank in enumerate(ranks):
            projected = states.project(rank)
            for a, share in enumerate(_KEPT):
                decay = share ** (np.diff(times) / typical)
                errors[a, r, :, :, b] = projected.errors(np.array(known), np.array(asked), decay)
    a, r, _, rest = np.unravel_index(errors.mean(axis=-1).argmin(), errors.shape[:-1])
    return Settings(float(-np.log(_KEPT[a]) / typical), ranks[r], _RESTS[rest])


def _blocks(series: Int[ndarray, " rows"]) -> list[Int[ndarray, " times"]]:
    """Blocks that leave at least one time on either side; at most so many, evenly spread."""
    out = []
    for one in np.unique(series):
        rows = np.flatnonzero(series == one)
        out += [rows[k : k + BLOCK] for k in range(1, len(rows) - BLOCK, BLOCK)]
    step = max(1, -(-len(out) // MOST_BLOCKS))
    return out[::step]


@dataclass(frozen=True, eq=False)
class _States:
    """Inner products of all rows, and of their regulators, less the mean of the `kept` ones.

    `size` and `vectors` are the eigenvalues, largest first, and eigenvectors of `centred` among the kept rows.
    """

    centred: Float[ndarray, "rows rows"]
    inner: Float[ndarray, "rows rows"]
    kept: Int[ndarray, " kept"]
    size: Float[ndarray, " kept"]
    vectors: Float[ndarray, "kept kept"]

    @classmethod
    def of(
        cls, gram: Float[ndarray, "rows rows"], inner: Float[ndarray, "rows rows"], kept: Int[ndarray, " kept"]
    ) -> _States:
        n = len(gram)
        mean = np.zeros(n)
        mean[kept] = 1.0 / len(kept)
        centre = np.eye(n) - mean[None, :]
        centred = centre @ gram @ centre.T
        size, vectors = np.linalg.eigh(centred[np.ix_(kept, kept)])
        return cls(centred, centre @ inner @ centre.T, kept, size[::-1], vectors[:, ::-1])

    def project(self, rank: int) -> _Projected:
        """Coefficients (n, n) of each row's projection on the first components, over the centred rows."""
        rank = min(rank, int((self.size > 1e-9 * self.size[0]).sum()))
        u, s = self.vectors[:, :rank], self.size[:rank]
        low = np.zeros_like(self.centred)
        low[:, self.kept] = self.centred[:, self.kept] @ (u / s) @ u.T
        return _Projected(self.centred, self.inner, low)


@dataclass(frozen=True, eq=False)
class _Projected:
    centred: Float[ndarray, "rows rows"]
    inner: Float[ndarray, "rows rows"]
    low: Float[ndarray, "rows rows"]

    def errors(
        self, known: Int[ndarray, " steps"], asked: Int[ndarray, " asked"], decay: Float[ndarray, " rows"]
    ) -> Float[ndarray, "ridges rests"]:
        n = len(self.centred)
        unit = np.eye(n)
        e = decay[known][:, None]
        target = unit[known + 1] - e * self.low[known]
        design = (1.0 - e) * self.low[known]
        direction = (1.0 - e) / np.linalg.norm(1.0 - e)
        design, left = design - direction @ (direction.T @ design), target - direction @ (direction.T @ target)
        kernel = design @ self.inner @ design.T
        level = np.trace(kernel) / max(len(known), 1)
        out = np.zeros((len(_RIDGES), len(_RESTS)))
        ahead = decay[asked][:, None]
        for p, ridge in enumerate(_RIDGES):
            dual = np.linalg.solve(kernel + ridge * max(level, 1e-12) * np.eye(len(known)), left)
            fitted = ((1.0 - e) * self.low[known]) @ (self.inner @ (design.T @ dual))
            offset = ((1.0 - e) * (target - fitted)).sum(axis=0) / ((1.0 - e) ** 2).sum()
            network = self.inner @ design.T @ dual
            for q, rest in enumerate(_RESTS):
                state = self.low[asked] + rest * (unit[asked] - self.low[asked])
                production = state @ network + offset
                wrong = ahead * state + (1.0 - ahead) * production - unit[asked + 1]
                out[p, q] = ((wrong @ self.centred) * wrong).sum() / len(asked)
        return out

"""Whitened Gram matrices of the regulators' responses, one per noise kind and shared by its targets without gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import local
from typing import Any, Protocol

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.apart import Separate
from grn_l0.posterior.curvature import LIKELY, curvature_of
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.states import States
from grn_l0.posterior.summary import Summary
from grn_l0.posterior.uncertainty import add_products
from grn_l0.posterior.whitener import Whitener

#: Bytes that the Gram matrices of single targets may take. Beyond, they are those of their kind times the observed
#: share, to the nearest of so many steps.
_MEMORY, _STEPS = 2**30, 16

#: Targets of one kind are worked on in blocks of so many, or of this share of all targets where that is more. Blocks
#: depend on the data alone, and what is computed of one on nothing else, wherever that happens.
_BLOCK, _SHARE = 64, 1 / 16

#: Above so many regulators Gram matrices are in single precision, which halves the memory that a sweep runs through.
_SINGLE = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class Gram:
    """Sufficient statistics of the regressions of n targets on R regulators, which share a Gram matrix.

    `genes` (n,) are positions of the targets among all genes. `bent` (n,) is the position of a target in `factor`, -1
    if its production has no curvature: its own Gram matrix is ``gram - factor' factor``, of which the first `used` rows
    are not padding. `score` (n, R), `square` (n,) and `freedom` (n,) belong to the whitened targets. `bends` has what
    curvature adds to the production, on the grid of each design, of those targets of which it was found.
    """

    genes: Int[ndarray, " targets"]
    gram: Float[ndarray, "regulators regulators"]
    score: Float[ndarray, "targets regulators"]
    square: Float[ndarray, " targets"]
    freedom: Float[ndarray, " targets"]
    factor: Float[ndarray, "bent pairs regulators"]
    bent: Int[ndarray, " targets"]
    used: Int[ndarray, " bent"]
    bends: dict[int, list[Float[ndarray, "series grid"]]] = field(default_factory=dict)

    @classmethod
    def plain(
        cls,
        genes: Int[ndarray, " targets"],
        gram: Float[ndarray, "regulators regulators"],
        score: Float[ndarray, "targets regulators"],
        square: Float[ndarray, " targets"],
        freedom: Float[ndarray, " targets"],
    ) -> Gram:
        """Without curvature."""
        return cls(
            genes=genes, gram=gram, score=score, square=square, freedom=freedom,
            factor=np.zeros((0, 1, len(gram)), gram.dtype), bent=np.full(len(genes), -1),
            used=np.zeros(0, dtype=np.int64),
        )  # fmt: skip

    @property
    def nbytes(self) -> int:
        """Memory that its large arrays take."""
        return self.gram.nbytes + self.score.nbytes + self.factor.nbytes


class Grams(Protocol):
    """Where a chain gets the statistics of all targets from."""

    @property
    def changing(self) -> Bool[ndarray, " genes"]:
        """Genes that have regulators."""

    @property
    def freedom(self) -> Float[ndarray, " genes"]:
        """Independent observations of each gene, about."""

    def groups(self) -> Sequence[Int[ndarray, " targets"]]:
        """Targets that are worked on together, each of those that change in one group."""

    def of(self, genes: Int[ndarray, " targets"]) -> Iterable[Gram]:
        """The statistics of one group."""


@dataclass(frozen=True, eq=False)
class FixedGrams:
    """Statistics that are there as they are; `freedom` (N,) of all genes."""

    parts: list[Gram]
    freedom: Float[ndarray, " genes"]

    @property
    def changing(self) -> Bool[ndarray, " genes"]:
        """Genes that have regulators."""
        out = np.zeros(len(self.freedom), dtype=bool)
        for part in self.parts:
            out[part.genes] = True
        return out

    def groups(self) -> list[Int[ndarray, " targets"]]:
        """One per Gram matrix."""
        return [part.genes for part in self.parts]

    def of(self, genes: Int[ndarray, " targets"]) -> list[Gram]:
        """The Gram matrix of these targets."""
        return [part for part in self.parts if np.array_equal(part.genes, genes)]


def blocks(genes: Int[ndarray, " some"], n_targets: int) -> list[Int[ndarray, " block"]]:
    """Some of `n_targets` targets, in blocks."""
    size = max(_BLOCK, int(np.ceil(_SHARE * n_targets)))
    return [genes[a : a + size] for a in range(0, len(genes), size)]


class SmoothedGrams:
    """Whiten responses of smoothed states, remove the fixed effects, multiply; add what is not known of the states.

    Of a target only what was observed counts. Matrices are made when they are asked for, one kind at a time, so that
    no thread needs to hold two of them.

    Parameters
    ----------
    setting, states
        Data and noise models; smoothed states.
    last
        The last round: the curvature of each target's production is estimated on the way, and taken out. None: not
        done.
    changing
        Genes that may have regulators, shape (N,), beside those that have no rate; None for all.
    """

    def __init__(
        self,
        setting: Setting,
        states: States,
        last: Summary | None = None,
        changing: Bool[ndarray, " genes"] | None = None,
    ) -> None:
        self.setting, self.deviations = setting, states.deviations
        self.regressors = setting.regressors(states.estimate)
        self.weight = None if last is None else last.weight
        self.likely = None if last is None else last.likely(LIKELY)
        self.kind_of = setting.choice.kind
        rated: Bool[ndarray, " genes"] = setting.kinds.rate_index[self.kind_of] >= 0
        self.changing = rated if changing is None else rated & changing
        self.alone, self.count = rated & setting.gappy, np.ones(len(self.kind_of))
        if self.alone.sum() * self.regressors[0].shape[2] ** 2 * 8 > _MEMORY:
            self.alone = np.zeros_like(self.alone)
            self.count = np.where(setting.gappy, setting.observed, 1.0)
        rows = sum(len(d.series) * len(d.times) for d in setting.designs)
        #: What the fixed effects leave is known once a target is whitened; this is before.
        self.freedom: Float[ndarray, " genes"] = np.where(rated, rows * setting.observed, 1.0)
        self._last = local()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_last"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"_last": local()}

    def groups(self) -> list[Int[ndarray, " targets"]]:
        """Blocks of targets of one kind, those of one kind after each other."""
        of_kind = [np.flatnonzero(self.changing & (self.kind_of == k)) for k in np.unique(self.kind_of[self.changing])]
        return [block for genes in of_kind for block in blocks(genes, int(self.changing.sum()))]

    def of(self, genes: Int[ndarray, " targets"]) -> Iterator[Gram]:
        """The Gram matrices of a block of targets of one kind."""
        kind = int(self.kind_of[genes[0]])
        alone = self.alone[genes]
        if not alone.all():
            yield from self._shared(kind, genes[~alone])
        if alone.any():
            yield from self._single(kind, genes[alone])

    def _shared(self, kind: int, genes: Int[ndarray, " some"]) -> Iterator[Gram]:
        """One Gram matrix for targets of one kind, of which a part counts."""
        shared = self._of_kind(kind)
        whitener, features = shared.whitener, shared.features
        target = whitener.rows([y[:, :, genes] for y in self.setting.measured]).astype(features.dtype, copy=False)
        freedom = np.maximum((len(features) - whitener.lost) * self.setting.observed[genes], 1.0)
        level = np.maximum(np.ceil(self.count[genes] * _STEPS), 1.0) / _STEPS
        for share in np.unique(level):
            some = np.flatnonzero(level == share)
            gram = shared.gram if share == 1 else shared.gram * shared.gram.dtype.type(share)
            made = self._bent(genes[some], features, target[:, some], freedom[some], whitener.responses)
            yield made.gram(gram, share)

    def _of_kind(self, kind: int) -> _Kind:
        """What all targets of a kind share, if none of their values are missing; each thread keeps its last one."""
        last: dict[Any, _Kind] = self._last.__dict__
        if kind not in last:
            last.clear()  # two would be twice the memory
            last[kind] = self._make(kind)
        return last[kind]

    def _make(self, kind: int) -> _Kind:
        whitener = Whitener.of(self.setting, kind)
        features = whitener.responses(self.regressors)
        if features.shape[1] > _SINGLE:
            features = features.astype(np.float32)
        # One operand twice: half the arithmetic, which numpy knows.
        gram = features.T @ features
        size = [np.sqrt(len(d.series)) for d in self.setting.designs]
        self._add_deviations(gram, [size[q] * w @ whitener.response(q) for q, w in enumerate(whitener.matrices)])
        return _Kind(whitener, features, gram)

    def _single(self, kind: int, genes: Int[ndarray, " some"]) -> Iterator[Gram]:
        """A Gram matrix for each target of one kind, from what was observed of it."""
        separate = Separate(self.setting, kind, genes)
        moved = separate.respond(self.regressors)
        for i in genes:
            whitener = separate.of(int(i))
            features = whitener.rows(moved)
            target = whitener.rows([y[:, :, i : i + 1] for y in self.setting.measured])
            freedom = np.array([max(len(target) - whitener.lost, 1.0)])
            gram = features.T @ features
            self._add_deviations(gram, [whitener.white_response(q) for q in range(len(self.setting.designs))])
            yield self._bent(np.array([i]), features, target, freedom, whitener.responses).gram(gram, 1.0)

    def _bent(
        self,
        genes: Int[ndarray, " some"],
        features: Float[ndarray, "rows regulators"],
        target: Float[ndarray, "rows some"],
        freedom: Float[ndarray, " some"],
        responses: Callable[[list[Float[ndarray, "series grid pairs"]]], Float[ndarray, "rows pairs"]],
    ) -> _Targets:
        """Take the curvature of each target out."""
        score, square = target.T @ features, (target.astype(np.float64) ** 2).sum(axis=0)
        bent = np.full(len(genes), -1)
        out = _Targets(genes, score, square, freedom, bent)
        if self.likely is None or self.weight is None:
            return out
        for c, i in enumerate(genes):
            likely = self.likely.indices[self.likely.indptr[i] : self.likely.indptr[i + 1]]
            if not len(likely):
                continue
            some = slice(self.weight.indptr[i], self.weight.indptr[i + 1])
            at, weight = self.weight.indices[some], self.weight.data[some]
            left = target[:, c] - features[:, at] @ weight
            own = weight[np.searchsorted(at, likely)]
            found = curvature_of(self.regressors, likely, own, responses, left, float(freedom[c]))
            if found is None:
                continue
            factor = found.factor.astype(features.dtype)
            along = factor @ target[:, c]
            out.factors.append(factor @ features)
            score[c] -= along @ out.factors[-1]
            square[c] -= along @ along
            bent[c] = len(out.factors) - 1
            out.bends[int(i)] = found.production
        return out

    def _add_deviations(
        self, gram: Float[ndarray, "regulators regulators"], rows: list[Float[ndarray, "times grid"]]
    ) -> None:
        """Add what the states' deviations do; `rows` are the whitened response of all series of each design."""
        for q, parts in enumerate(self.deviations):
            add_products(gram, rows[q] @ self.setting.lags[q], parts)


@dataclass(frozen=True, eq=False)
class _Kind:
    """What targets of one kind share."""

    whitener: Whitener
    features: Float[ndarray, "rows regulators"]
    gram: Float[ndarray, "regulators regulators"]


@dataclass(eq=False)
class _Targets:
    """Targets of one kind, whitened."""

    genes: Int[ndarray, " some"]
    score: Float[ndarray, "some regulators"]
    square: Float[ndarray, " some"]
    freedom: Float[ndarray, " some"]
    bent: Int[ndarray, " some"]
    factors: list[Float[ndarray, "pairs regulators"]] = field(default_factory=list)
    bends: dict[int, list[Float[ndarray, "series grid"]]] = field(default_factory=dict)

    def gram(self, gram: Float[ndarray, "regulators regulators"], share: float) -> Gram:
        """With their Gram matrix; everything that was computed of whole series counts for this share of it."""
        used = np.array([len(f) for f in self.factors], dtype=np.int64)
        factor = np.zeros((len(used), max(used, default=1), gram.shape[0]), gram.dtype)
        for place, low in zip(factor, self.factors, strict=True):
            place[: len(low)] = np.sqrt(share) * low
        return Gram(
            genes=self.genes, gram=gram, score=self.score * self.score.dtype.type(share), square=self.square * share,
            freedom=self.freedom, factor=factor, bent=self.bent, used=used, bends=self.bends,
        )  # fmt: skip

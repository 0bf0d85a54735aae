"""Candidates from the surest down, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from grn_l0._typing import Array, Float, Int, ndarray
from grn_l0.network.matrix import LARGE, filled_at, row_blocks, rows_of, values_at

if TYPE_CHECKING:
    from grn_l0.network.network import Network

#: Edges that are handed on together.
BLOCK = 2**20
Pairs = tuple[Int[ndarray, " pairs"], Int[ndarray, " pairs"]]


def survivors(network: Network) -> Pairs:
    """Regulators and targets of the edges by descending score, then descending absolute weight, then position."""
    return _sorted(network, *filled_at(network.matrix("weights")))


def every_candidate(network: Network) -> Iterator[Pairs]:
    """Regulators and targets of all candidates in the same order, in blocks."""
    scores = network.matrix("scores")
    n_pairs = scores.shape[0] * scores.shape[1]
    if scores.dtype == np.float32 and LARGE < n_pairs < 2**32:
        yield from _by_keys(network)
        return
    rows, columns = _sorted(network, *np.nonzero(network.candidates))
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK], columns[start : start + BLOCK]


def _sorted(network: Network, rows: Int[ndarray, " pairs"], columns: Int[ndarray, " pairs"]) -> Pairs:
    score, weight = (values_at(network.matrix(name), rows, columns) for name in ("scores", "weights"))
    order = np.lexsort((-np.abs(weight), -score))
    return rows[order], columns[order]


def _by_keys(network: Network) -> Iterator[Pairs]:
    """One number of 8 bytes per closed gate, sorted in place: its score, and its position where scores are equal.

    Survivors, which are few, are put between them: of equal scores they come first, as only they have a weight.
    """
    scores, weights = network.matrix("scores"), network.matrix("weights")
    width = scores.shape[1]
    rows, columns = survivors(network)
    keys = np.empty(network.n_candidates - len(rows), dtype=np.uint64)
    end = 0
    for part in row_blocks(scores.shape):
        closed = np.flatnonzero(network.pairs.rows(part) & (rows_of(weights, part) == 0))
        high = _descending(rows_of(scores, part).ravel()[closed])
        keys[end : end + len(closed)] = high | (closed + part.start * width).astype(np.uint64)
        end += len(closed)
    keys.sort()
    place = np.searchsorted(keys, _descending(values_at(scores, rows, columns)))
    open_ = rows * width + columns
    for start in range(0, max(len(keys), 1), BLOCK):
        stop = start + BLOCK
        first, last = np.searchsorted(place, [start, stop])
        if stop >= len(keys):
            last = len(place)
        closed = (keys[start:stop] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        both = np.insert(closed, place[first:last] - start, open_[first:last])
        yield both // width, both % width


def _descending(score: Float[ndarray, " pairs"]) -> Array:
    """The bits of single-precision scores in the upper half of numbers that grow as the scores fall."""
    bits = np.ascontiguousarray(score, dtype=np.float32).view(np.uint32)
    # Of positive numbers the bits grow as they do, of negative ones they fall.
    falling = np.where(bits >> 31, bits, bits ^ np.uint32(0x7FFFFFFF))
    return falling.astype(np.uint64) << np.uint64(32)

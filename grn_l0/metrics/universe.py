"""A network and its reference on one universe of candidate edges."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from grn_l0._errors import GrnWarning, NameMatchError
from grn_l0._typing import Array, Bool, Float, ndarray
from grn_l0.metrics._align import aligned, positions, put
from grn_l0.metrics.edges import are_probabilities, known_names, reference_of, tidied
from grn_l0.network import Network, all_candidates


@dataclass(frozen=True, kw_only=True, eq=False)
class Universe:
    """Arrays of shape (R, N), rows regulators and columns genes, self-pairs excluded.

    Attributes
    ----------
    regulators, genes
        Names of rows and columns.
    scores
        Score of every candidate; those the result does not list rank below all others.
    selected
        True for surviving edges.
    sign
        Sign of each surviving edge (-1, 0 for unknown, 1).
    truth, true_sign
        True edges and, where the reference has signs, their sign.
    candidates
        The universe: what counts.
    probabilities
        Whether the result scores all of its candidates, each between 0 and 1, so that calibration can be asked of it.
        Pairs that are none of its candidates then count as 0.
    """

    regulators: tuple[str, ...]
    genes: tuple[str, ...]
    scores: Float[ndarray, "regulators genes"]
    selected: Bool[ndarray, "regulators genes"]
    sign: Float[ndarray, "regulators genes"]
    truth: Bool[ndarray, "regulators genes"]
    true_sign: Float[ndarray, "regulators genes"] | None
    candidates: Bool[ndarray, "regulators genes"]
    probabilities: bool


def align(
    result: Network | pd.DataFrame,
    truth: Any,
    regulators: Iterable[str] | None = None,
    genes: Iterable[str] | None = None,
) -> Universe:
    """Lay a network and a reference on one universe.

    Parameters
    ----------
    result
        A network, or a table source, target[, score, weight, sign] in which the rows whose weight is not 0 survive.
        Columns of tables are found under all the names of `grn_l0.network.read_edges`.
    truth
        A matrix genes × genes in the order of the result's genes (rows regulators; its signs count where there are
        negative values), or a table source, target[, sign].
    regulators, genes
        The universe: regulators × genes without self-pairs. By default that of the result; a table of survivors
        only does not say what its candidates were, and then all names in it and in the reference count.

    Raises
    ------
    OptionError
        If the matrix has a shape other than genes × genes.
    TableError
        If a table lacks source or target.
    NameMatchError
        If no true edge, or no true negative, lies inside the universe.
    """
    held = tidied(result, "the network")
    reference = reference_of(truth, held.targets if isinstance(held, Network) else None)
    rows, columns, known = _names(held, reference)
    rows = rows if regulators is None else tuple(dict.fromkeys(map(str, regulators)))
    columns = columns if genes is None else tuple(dict.fromkeys(map(str, genes)))
    if not known and (regulators is None or genes is None):
        warnings.warn(
            f"the network lists survivors only, so the universe is taken from the names in it and in the reference: "
            f"{len(rows)} regulators × {len(columns)} genes; give the regulators and genes, or a table of all scores",
            GrnWarning,
            stacklevel=3,
        )
    shape = (len(rows), len(columns))
    candidates = all_candidates(rows, columns)
    own, there = aligned(held, rows, columns), positions(reference, rows, columns)
    true = np.zeros(shape, dtype=bool)
    put(true, there, np.ones(len(reference), dtype=bool))
    true &= candidates
    true_sign = None
    if "sign" in reference:
        true_sign = np.zeros(shape, dtype=np.int8)
        put(true_sign, there, np.sign(np.asarray(reference["sign"], dtype=np.float64)))
    _check_inside(true, candidates, reference)
    return Universe(
        regulators=rows, genes=columns, scores=_ranked(own.scores), selected=own.selected & candidates, sign=own.sign,
        truth=true, true_sign=true_sign, candidates=candidates, probabilities=are_probabilities(held),
    )  # fmt: skip


def _ranked(scores: Array) -> Array:
    """Scores in which what is not listed, or not finite, ranks below all others."""
    finite = np.isfinite(scores)
    lowest = min((float(part[f].min(initial=0.0)) for part, f in zip(scores, finite, strict=True)), default=0.0)
    np.copyto(scores, lowest - 1.0, where=~finite)
    return scores


def _names(held: Network | pd.DataFrame, reference: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Rows and columns of the universe, and whether the result itself says what its candidates are."""
    if isinstance(held, Network):
        return held.regulators, held.targets, True
    known = known_names(held)
    if known is not None:
        return *known, True
    columns = [table[role].astype(object) for table in (held, reference) for role in ("source", "target")]
    everyone = tuple(pd.unique(pd.concat(columns)))
    return everyone, everyone, False


def _check_inside(true: np.ndarray, candidates: np.ndarray, reference: pd.DataFrame) -> None:
    inside, total = (
        int(true.sum()),
        int((reference["source"].astype(object) != reference["target"].astype(object)).sum()),
    )
    if inside == 0:
        names = ", ".join(map(str, reference["source"].head(3)))
        raise NameMatchError(
            f"none of the {total} true edges lies among the {int(candidates.sum())} candidates; check that names "
            f"are of one kind (the reference starts with {names or 'nothing'})"
        )
    if inside == int(candidates.sum()):
        raise NameMatchError(
            "every candidate is a true edge, so nothing can be ranked; give a larger universe of genes"
        )
    if inside < total:
        warnings.warn(
            f"{total - inside} of {total} true edges lie outside the universe and do not count",
            GrnWarning,
            stacklevel=4,
        )

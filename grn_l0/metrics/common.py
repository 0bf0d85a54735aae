"""Several networks on the candidate edges that they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from grn_l0._errors import NameMatchError, OptionError, nearest
from grn_l0._typing import Array, Bool, Float, ndarray
from grn_l0.metrics.edges import known_names, listed_scores, scores_everything, tidied
from grn_l0.network import Network, all_candidates


@dataclass(frozen=True, kw_only=True, eq=False)
class Laid:
    """One network on the common candidates; arrays of shape (R, N), rows regulators and columns genes.

    Attributes
    ----------
    selected
        Its edges.
    scores
        NaN where it gives none.
    signs
        Of its edges; 0 where not known.
    weights
        Of its edges; NaN where not known, 0 for all others.
    complete
        Whether it scores every candidate. A file of survivors scores those alone.
    outside
        Number of its edges that are no common candidates.
    """

    selected: Bool[ndarray, "regulators genes"]
    scores: Float[ndarray, "regulators genes"]
    signs: Float[ndarray, "regulators genes"]
    weights: Float[ndarray, "regulators genes"]
    complete: bool
    outside: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Common:
    """The common universe, and every network on it.

    Attributes
    ----------
    regulators, genes
        Names of rows and columns.
    candidates
        Shape (R, N): what counts.
    networks
        Each network by its name.
    open_universe
        Names of those that list survivors only, so that what they were chosen from had to be taken from the others.
    """

    regulators: tuple[str, ...]
    genes: tuple[str, ...]
    candidates: Bool[ndarray, "regulators genes"]
    networks: Mapping[str, Laid]
    open_universe: tuple[str, ...]


def lay_together(
    results: Mapping[str, Network | pd.DataFrame],
    regulators: Iterable[str] | None = None,
    genes: Iterable[str] | None = None,
) -> Common:
    """Lay networks on the candidate edges that all of them have.

    Parameters
    ----------
    results
        Two or more by name: networks, or tables source, target[, score, weight, sign] in which the rows whose weight
        is not 0 survive.
    regulators, genes
        The universe, regulators × genes without self-pairs. By default what is common to all that say what their
        candidates were; where none does, all names in any of them.

    Raises
    ------
    OptionError, TableError
        If one is no network, or there are fewer than two.
    NameMatchError
        If nothing is common, or a name that was asked for is in none of them.
    """
    if len(results) < 2:
        raise OptionError(f"{len(results)} network given; a comparison takes two or more")
    held = {name: tidied(result, name) for name, result in results.items()}
    edges = {name: result.all_edges() if isinstance(result, Network) else result for name, result in held.items()}
    known = {name: known_names(result) for name, result in held.items()}
    told = [names for names in known.values() if names is not None]
    _check_common({name: _names_in(edges[name], known[name]) for name in results})
    everyone = tuple(dict.fromkeys(str(g) for name in results for g in _names_in(edges[name], known[name])))
    rows = _intersection([r for r, _ in told]) if told else everyone
    columns = _intersection([t for _, t in told]) if told else everyone
    rows = rows if regulators is None else _asked(regulators, everyone, "regulators")
    columns = columns if genes is None else _asked(genes, everyone, "genes")
    candidates = all_candidates(rows, columns)
    for result in results.values():
        if isinstance(result, Network):
            candidates &= _onto(result, rows, columns)
    laid = {
        name: _lay(edges[name], rows, columns, candidates, scores_everything(result)) for name, result in held.items()
    }
    if not candidates.any():
        raise NameMatchError(
            f"{' and '.join(results)} have no candidate edge in common: {len(rows)} regulators and {len(columns)} "
            "genes are in all of them; compare networks of the same genes, or name regulators and genes"
        )
    return Common(
        regulators=rows,
        genes=columns,
        candidates=candidates,
        networks=laid,
        open_universe=tuple(name for name, names in known.items() if names is None),
    )


def _names_in(edges: pd.DataFrame, known: tuple[tuple[str, ...], tuple[str, ...]] | None) -> tuple[str, ...]:
    """All genes that a network names."""
    rows, columns = (edges["source"], edges["target"]) if known is None else known
    return tuple(dict.fromkeys((*columns, *rows)))


def _check_common(names: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse networks that name no gene of each other; one without any edge names none, which is no mistake."""
    (first, own), *others = [(name, genes) for name, genes in names.items() if genes] or [("", ())]
    for name, genes in others:
        if set(own).isdisjoint(genes):
            raise NameMatchError(
                f"{first} and {name} have no gene in common: {first} names {own[0]!r}, {name} {genes[0]!r}"
                f"{nearest(own[0], genes)}; do both use names of one kind?"
            )


def _intersection(names: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Names in all of these, in the order of the first."""
    rest = [set(one) for one in names[1:]]
    return tuple(name for name in names[0] if all(name in one for one in rest))


def _asked(names: Iterable[str], known: tuple[str, ...], what: str) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(map(str, names)))
    unknown = sorted(set(wanted).difference(known))
    if known and unknown:
        raise NameMatchError(
            f"{len(unknown)} of {len(wanted)} {what} are in none of the networks, such as {unknown[0]!r}"
            f"{nearest(unknown[0], known)}"
        )
    return wanted


def _onto(network: Network, rows: tuple[str, ...], columns: tuple[str, ...]) -> Bool[ndarray, "regulators genes"]:
    """Which of these pairs are candidates of the network."""
    at = pd.Index(network.regulators).get_indexer(pd.Index(rows))
    to = pd.Index(network.targets).get_indexer(pd.Index(columns))
    inside: Bool[ndarray, "regulators genes"] = network.candidates[np.ix_(at, to)] & (at >= 0)[:, None] & (to >= 0)
    return inside


def _lay(
    edges: pd.DataFrame,
    rows: tuple[str, ...],
    columns: tuple[str, ...],
    candidates: Bool[ndarray, "regulators genes"],
    complete: bool,
) -> Laid:
    at = pd.Index(rows).get_indexer(pd.Index(edges["source"]))
    to = pd.Index(columns).get_indexer(pd.Index(edges["target"]))
    inside = (at >= 0) & (to >= 0)

    def matrix(values: Any, fill: float) -> Array:
        out = np.full(candidates.shape, fill)
        out[at[inside], to[inside]] = np.broadcast_to(np.asarray(values, dtype=np.float64), len(edges))[inside]
        return out

    weighted = "weight" in edges
    open_ = np.asarray(edges["weight"], dtype=np.float64) != 0 if weighted else np.ones(len(edges), dtype=bool)
    selected = (matrix(open_, 0.0) != 0) & candidates
    sign = edges["sign"] if "sign" in edges else np.sign(edges["weight"]) if weighted else 0.0
    weight = matrix(edges["weight"] if weighted else np.nan, 0.0)
    scores = matrix(listed_scores(edges), np.nan)
    if not complete:
        scores = np.where(selected, scores, np.nan)
    return Laid(
        selected=selected,
        scores=scores,
        signs=np.where(selected, matrix(sign, 0.0), 0.0),
        weights=np.where(selected, weight, 0.0),
        complete=complete and not np.isnan(scores[candidates]).any(),
        outside=int(open_.sum()) - int(selected.sum()),
    )

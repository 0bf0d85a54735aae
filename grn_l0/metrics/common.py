"""Several networks on the candidate edges that they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grn_l0._errors import NameMatchError, OptionError, nearest
from grn_l0._typing import Bool, Float, ndarray
from grn_l0.metrics._align import Aligned, aligned
from grn_l0.metrics.edges import known_names, scores_everything, tidied
from grn_l0.network import Network, all_candidates


@dataclass(frozen=True, kw_only=True, eq=False)
class AlignedNetwork:
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
class Alignment:
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
    networks: Mapping[str, AlignedNetwork]
    open_universe: tuple[str, ...]


def align(
    results: Mapping[str, Network | pd.DataFrame],
    regulators: Iterable[str] | None = None,
    genes: Iterable[str] | None = None,
) -> Alignment:
    """Put networks on the candidate edges that all of them have.

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
    known = {name: known_names(result) for name, result in held.items()}
    told = [names for names in known.values() if names is not None]
    _check_common({name: _names_in(held[name], known[name]) for name in results})
    everyone = tuple(dict.fromkeys(str(g) for name in results for g in _names_in(held[name], known[name])))
    rows = _intersection([r for r, _ in told]) if told else everyone
    columns = _intersection([t for _, t in told]) if told else everyone
    rows = rows if regulators is None else _asked(regulators, everyone, "regulators")
    columns = columns if genes is None else _asked(genes, everyone, "genes")
    candidates = all_candidates(rows, columns)
    own = {name: aligned(result, rows, columns) for name, result in held.items()}
    for name, result in held.items():
        if isinstance(result, Network):  # which has a score for each of its candidates, and no other pair
            candidates &= ~np.isnan(own[name].scores)
    if not candidates.any():
        raise NameMatchError(
            f"{' and '.join(results)} have no candidate edge in common: {len(rows)} regulators and {len(columns)} "
            "genes are in all of them; compare networks of the same genes, or name regulators and genes"
        )
    return Alignment(
        regulators=rows,
        genes=columns,
        candidates=candidates,
        networks={name: _within(own[name], candidates, scores_everything(held[name])) for name in held},
        open_universe=tuple(name for name, names in known.items() if names is None),
    )


def _names_in(held: Network | pd.DataFrame, known: tuple[tuple[str, ...], tuple[str, ...]] | None) -> tuple[str, ...]:
    """All genes that a network names."""
    if isinstance(held, Network):
        return held.genes
    rows, columns = (held["source"], held["target"]) if known is None else known
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


def _within(own: Aligned, candidates: Bool[ndarray, "regulators genes"], complete: bool) -> AlignedNetwork:
    selected = own.selected & candidates
    # Of a file of survivors the others have no score.
    scores = own.scores if complete else np.where(selected, own.scores, own.scores.dtype.type(np.nan))
    return AlignedNetwork(
        selected=selected,
        scores=scores,
        signs=np.where(selected, own.sign, 0),
        weights=np.where(selected, own.weights(), 0),
        complete=complete and not np.isnan(scores[candidates]).any(),
        outside=own.n_edges - int(selected.sum()),
    )

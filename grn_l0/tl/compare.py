"""How much networks agree: of two seeds, two methods, two data sets."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from grn_l0 import metrics
from grn_l0._errors import OptionError
from grn_l0._typing import Array, PathLikeStr
from grn_l0.metrics.common import AlignedNetwork, Alignment, align
from grn_l0.network import Network, read_edges, read_network, read_universe
from grn_l0.tl.inference import Inference
from grn_l0.tl.inputs import names_of


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison:
    """Agreement of two or more networks.

    Attributes
    ----------
    table
        One row per pair, under the names of both (levels ``first`` and ``second``), with the columns of
        `grn_l0.metrics.edge_agreement`, then ``rank_correlation``, Spearman's over all common candidates (NaN unless
        both score every one of them), and ``rank_correlation_edges``, over the edges of either, where an edge without
        a score in the other ranks below all that have one.
    common
        The networks on their common candidates.
    """

    table: pd.DataFrame
    common: Alignment

    def __repr__(self) -> str:
        """The table as it can be read, a column per pair; the networks themselves are long."""
        return "\n".join([self.table.T.to_string(float_format="{:.3g}".format), *self.notes])

    @property
    def found_by(self) -> pd.Series[int]:
        """Number of edges that exactly k of the networks have, by k = 1, 2, …"""
        count = np.sum([one.selected for one in self.common.networks.values()], axis=0)[self.common.candidates]
        k = range(1, len(self.common.networks) + 1)
        return pd.Series([int((count == one).sum()) for one in k], index=pd.Index(k, name="networks"), name="edges")

    @property
    def notes(self) -> tuple[str, ...]:
        """What the figures leave out, a sentence each."""
        common, said = self.common, []
        if len(common.open_universe) == len(common.networks):
            said.append(
                "none of them says which candidates it was chosen from, so every pair of genes named in any of them "
                "counts; give regulators and genes, .graphml files, or tables of all scores"
            )
        elif common.open_universe:
            said.append(
                f"{_and(common.open_universe)}: survivors only, so the candidates are taken to be those of the others"
            )
        partial = tuple(name for name, one in common.networks.items() if not one.complete)
        if partial:
            said.append(
                f"{_and(partial)}: no score of every candidate, so the rank correlation is over the edges of either "
                "network alone; compare the files of --scores for one over all"
            )
        said += [
            f"{one.outside} edges of {name} are no candidates of the others and are left out"
            for name, one in common.networks.items()
            if one.outside
        ]
        return tuple(said)

    def differences(self, n: int = 10) -> pd.DataFrame:
        """The surest edges that one network of a pair has and the other has not.

        Parameters
        ----------
        n
            The most for each of a pair.

        Returns
        -------
        Columns ``only_in``, ``not_in``, ``source``, ``target``, ``score`` and ``weight`` in the one, ``other_score``
        in the other (NaN where it has none).

        Raises
        ------
        OptionError
            If n is negative.
        """
        if n < 0:
            raise OptionError(f"the number of differences must be 0 or more, not {n}")
        names = self.common.networks
        parts = [self._only(*pair, n) for a, b in itertools.combinations(names, 2) for pair in ((a, b), (b, a))]
        return pd.concat(parts, ignore_index=True)

    def _only(self, one: str, other: str, n: int) -> pd.DataFrame:
        has, lacks = self.common.networks[one], self.common.networks[other]
        rows, columns = np.nonzero(has.selected & ~lacks.selected)
        score = has.scores[rows, columns]
        best = np.argsort(-score, kind="stable")[:n]
        rows, columns = rows[best], columns[best]
        return pd.DataFrame(
            {
                "only_in": [one] * len(best),
                "not_in": [other] * len(best),
                "source": [self.common.regulators[k] for k in rows],
                "target": [self.common.genes[k] for k in columns],
                "score": score[best],
                "other_score": lacks.scores[rows, columns],
                "weight": has.weights[rows, columns],
            }
        )


def compare(
    first: Inference | Network | pd.DataFrame | PathLikeStr,
    second: Inference | Network | pd.DataFrame | PathLikeStr,
    *more: Inference | Network | pd.DataFrame | PathLikeStr,
    names: Sequence[str] | None = None,
    regulators: Iterable[str] | PathLikeStr | None = None,
    genes: Iterable[str] | PathLikeStr | None = None,
) -> Comparison:
    """How much two or more networks agree, over the candidate edges that all of them have.

    Parameters
    ----------
    first, second, *more
        What `infer` returned, networks, tables source, target[, score, weight, sign], or paths of .graphml, .tsv,
        .csv or .parquet files.
    names
        What to call them; by default paths are called by their file, the others A, B, …
    regulators, genes
        The universe, as names or paths of lists; by default what is common to all that say what their candidates were.

    Raises
    ------
    OptionError, TableError, FileFormatError, NameMatchError
        If one of them cannot be read, or nothing is common to all.
    """
    given = (first, second, *more)
    called = _default_names(given) if names is None else tuple(map(str, names))
    if len(called) != len(given) or len(set(called)) != len(called):
        raise OptionError(f"names are {', '.join(called)}; give {len(given)} different ones, one for each network")
    common = align(
        {name: _network(one) for name, one in zip(called, given, strict=True)},
        None if regulators is None else names_of(regulators, "regulators"),
        None if genes is None else names_of(genes, "genes"),
    )
    pairs = list(itertools.combinations(called, 2))
    rows = [_figures(common.networks[a], common.networks[b], common.candidates) for a, b in pairs]
    return Comparison(
        table=pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(pairs, names=["first", "second"])), common=common
    )


def _figures(a: AlignedNetwork, b: AlignedNetwork, candidates: Array) -> dict[str, float]:
    figures = metrics.edge_agreement(
        a.selected, b.selected, candidates, signs=(a.signs, b.signs), weights=(a.weights, b.weights)
    )
    everywhere = metrics.rank_agreement(a.scores, b.scores, candidates) if a.complete and b.complete else np.nan
    either = a.selected | b.selected
    return figures | {
        "rank_correlation": everywhere,
        "rank_correlation_edges": metrics.rank_agreement(_ranked(a.scores), _ranked(b.scores), either),
    }


def _ranked(scores: Array) -> Array:
    """Scores in which those that are missing rank below all others."""
    return np.where(np.isnan(scores), -np.inf, scores)


def _network(given: Any) -> Network | pd.DataFrame:
    if isinstance(given, str | os.PathLike):
        # A GraphML file of ours remembers the regulators and targets that its edges were chosen from.
        return read_edges(given) if read_universe(given) is None else read_network(given)
    if isinstance(given, Inference):
        return given.network
    if isinstance(given, Network | pd.DataFrame):
        return given
    raise OptionError(f"a network, a table of edges or a path is compared, not {type(given).__name__}")


def _default_names(given: Sequence[Any]) -> tuple[str, ...]:
    """Files by their stem, or where two have the same by their path; others by a letter."""
    paths = [Path(one) if isinstance(one, str | os.PathLike) else None for one in given]
    stems = [None if path is None else path.stem for path in paths]
    names = []
    for k, (path, stem) in enumerate(zip(paths, stems, strict=True)):
        names.append(chr(ord("A") + k) if path is None else str(path) if stems.count(stem) > 1 else str(stem))
    return tuple(names)


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)

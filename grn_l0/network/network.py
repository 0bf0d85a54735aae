"""The result that everything is for: which gene regulates which, how surely, how strongly."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from grn_l0._errors import DataError, GeneNameError, OptionError
from grn_l0._typing import Bool, Float, PathLikeStr, ndarray
from grn_l0.network.candidates import Candidates
from grn_l0.network.frame import edge_table
from grn_l0.network.matrix import Matrix, dense_of, hold, is_sparse
from grn_l0.network.write import write_network, write_scores

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Network:
    """A scored, signed, sparse network over R regulators and N targets. Matrices are regulators x targets.

    Arrays cannot be written to, and those given are copied (but for scores and effects that are read-only already).
    Whatever stands outside the candidates is set to 0. A genome fits: what is mostly 0 is kept as sparse rows, and
    dense only when asked for (`weights`, `effects`, `frequencies`, `candidates`, `selected`); beyond 16 million pairs
    numbers are kept in single precision.

    Parameters
    ----------
    regulators, targets
        Names, each unique. A regulator may be a target too.
    scores
        Shape (R, N): how sure each candidate edge is; larger is surer. Inclusion probabilities in [0, 1], or
        any real numbers. This, weights, effects and frequencies may be sparse matrices of scipy.
    weights
        Shape (R, N): strength of the edges, exactly 0 where the gate is closed.
    effects
        Shape (R, N), optional: signed effect of every candidate, open or not. The weights by default.
    candidates
        Shape (R, N), optional: the pairs that could be edges. All but those of a gene with itself by default;
        such pairs are never candidates.
    frequencies
        Shape (R, N), optional: share of resamples of the data that select the edge (`grn_l0.ensemble`). Tables and
        files have them in a column ``frequency`` where they are known.

    Raises
    ------
    GeneNameError
        If a name occurs twice among the regulators or the targets.
    OptionError
        If a shape does not fit.
    DataError
        If a score, weight, effect or frequency of a candidate is not a number, or one but a score is infinite.
    """

    regulators: tuple[str, ...]
    targets: tuple[str, ...]
    #: The candidates in little memory, for what goes through a genome in blocks (`grn_l0.metrics`, tables, files).
    pairs: Candidates

    def __init__(
        self,
        *,
        regulators: tuple[str, ...],
        targets: tuple[str, ...],
        scores: Matrix,
        weights: Matrix,
        effects: Matrix | None = None,
        candidates: Bool[ndarray, "regulators targets"] | None = None,
        frequencies: Matrix | None = None,
    ) -> None:
        for role, given in (("regulators", regulators), ("targets", targets)):
            names = tuple(str(name) for name in given)
            object.__setattr__(self, role, names)
            if len(set(names)) != len(names):
                twice = next(name for k, name in enumerate(names) if name in names[:k])
                raise GeneNameError(f"{twice!r} occurs more than once among the {role}; names must be unique")
        mask = None if candidates is None else self._shaped("candidates", np.asarray(candidates, dtype=bool))
        object.__setattr__(self, "pairs", Candidates(self.regulators, self.targets, mask))
        held = {name: self._checked(name, value) for name, value in (("scores", scores), ("weights", weights))}
        held["effects"] = held["weights"] if effects is None else self._checked("effects", effects)
        held["frequencies"] = None if frequencies is None else self._checked("frequencies", frequencies)
        object.__setattr__(self, "_held", held)

    def _shaped(self, name: str, array: Matrix) -> Matrix:
        shape = (len(self.regulators), len(self.targets))
        if array.shape != shape:
            raise OptionError(f"{name} have shape {array.shape}; expected {shape}, regulators x targets")
        return array

    def _checked(self, name: str, value: Matrix) -> Matrix:
        given = self._shaped(name, value if is_sparse(value) else np.asarray(value))
        # An infinite score still ranks (it may be a log odds); an infinite effect means nothing.
        matrix, wrong = hold(given, self.pairs, np.isnan if name == "scores" else lambda x: ~np.isfinite(x))
        if wrong.size:
            j, i, number = wrong
            raise DataError(
                f"{name} of {number} candidate edges are not finite numbers, such as "
                f"{self.regulators[j]} -> {self.targets[i]} ({given[j, i]})"
            )
        return matrix

    def __getstate__(self) -> dict[str, Any]:
        # What was made on demand is made again.
        return {name: self.__dict__[name] for name in ("regulators", "targets", "pairs", "_held")}

    def matrix(self, name: Literal["scores", "weights", "effects", "frequencies"]) -> Matrix:
        """A matrix as it is kept, dense or as sparse rows, whichever takes less memory; not to be changed.

        None for frequencies that are not known.
        """
        return self.__dict__["_held"][name]

    @cached_property
    def scores(self) -> Float[ndarray, "regulators targets"]:
        """How sure each candidate edge is, shape (R, N)."""
        return dense_of(self.matrix("scores"))

    @cached_property
    def weights(self) -> Float[ndarray, "regulators targets"]:
        """Strength of the edges, 0 where the gate is closed, shape (R, N)."""
        return dense_of(self.matrix("weights"))

    @cached_property
    def effects(self) -> Float[ndarray, "regulators targets"]:
        """Signed effect of every candidate, shape (R, N)."""
        return self.weights if self.matrix("effects") is self.matrix("weights") else dense_of(self.matrix("effects"))

    @cached_property
    def frequencies(self) -> Float[ndarray, "regulators targets"] | None:
        """Share of resamples that select each edge, shape (R, N); None where it is not known."""
        often = self.matrix("frequencies")
        return None if often is None else dense_of(often)

    def with_frequencies(self, frequencies: Matrix) -> Network:
        """The same network with these selection frequencies; all else is shared, not copied.

        Raises
        ------
        OptionError, DataError
            As for the network itself.
        """
        other = copy(self)
        held = {**self.__dict__["_held"], "frequencies": self._checked("frequencies", frequencies)}
        object.__setattr__(other, "_held", held)
        return other

    @cached_property
    def candidates(self) -> Bool[ndarray, "regulators targets"]:
        """The pairs that could be edges, shape (R, N)."""
        allowed = self.pairs.matrix()
        allowed.setflags(write=False)
        return allowed

    @property
    def genes(self) -> tuple[str, ...]:
        """All names: the targets, then the regulators that are not among them."""
        return tuple(dict.fromkeys((*self.targets, *self.regulators)))

    @cached_property
    def selected(self) -> Bool[ndarray, "regulators targets"]:
        """The edges whose gate is open, shape (R, N)."""
        weights = self.matrix("weights")  # 0 outside the candidates
        chosen = np.zeros(weights.shape, dtype=bool)
        chosen[weights.nonzero()] = True
        chosen.setflags(write=False)
        return chosen

    @cached_property
    def n_candidates(self) -> int:
        """Number of pairs that could be edges."""
        return self.pairs.count

    @cached_property
    def n_edges(self) -> int:
        """Number of edges whose gate is open."""
        weights = self.matrix("weights")
        return int(weights.nnz if is_sparse(weights) else np.count_nonzero(weights))

    @property
    def density(self) -> float:
        """Share of the candidates that are edges; 0 when there is no candidate."""
        return self.n_edges / self.n_candidates if self.n_candidates else 0.0

    @property
    def sparsity(self) -> float:
        """Share of the candidates whose gate is closed."""
        return 1.0 - self.density

    def edges(self) -> pd.DataFrame:
        """The edges that survived: source, target, score, weight, sign; the surest first, then the strongest.

        After resampling there is also a column ``frequency``.
        """
        return edge_table(self)

    def all_edges(self) -> pd.DataFrame:
        """Every candidate, same columns and order.

        Where the gate is closed the weight is exactly 0.0 (never -0.0), and the sign is that of the edge's effect in
        the posterior.
        """
        return edge_table(self, every=True)

    def to_networkx(self) -> nx.DiGraph[str]:
        """The surviving network.

        Returns
        -------
        A directed graph with every gene as a node (attributes ``name`` and ``regulator``, whether it is among the
        candidate regulators), also those without an edge. Edges carry ``score``, ``weight`` (float), ``sign`` (int)
        and ``interaction`` ("activates" or "represses"), and after resampling ``frequency``. The graph itself carries
        the numbers of ``candidates``, ``regulators`` and ``targets``, so that a GraphML file remembers what was chosen
        from.
        """
        from grn_l0.network.graphml import to_graph

        return to_graph(self)

    def write(self, path: PathLikeStr) -> None:
        """Write the edges that survived; the suffix says how: .graphml, .tsv, .csv or .parquet.

        Raises
        ------
        FileFormatError
            For another suffix, or for names that GraphML cannot hold.
        OutputError
            If the folder does not exist or cannot be written to. Nothing is left behind.
        """
        write_network(self, path)

    def write_scores(self, path: PathLikeStr) -> None:
        """Write every candidate edge as `all_edges` gives them; .tsv, .csv or .parquet. Errors as for `write`."""
        write_scores(self, path)

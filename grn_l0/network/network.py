"""The result that everything is for: which gene regulates which, how surely, how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grn_l0._errors import DataError, GeneNameError, OptionError
from grn_l0._typing import Array, Bool, Float, PathLikeStr, ndarray
from grn_l0.network.frame import edge_table
from grn_l0.network.write import write_network, write_scores

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


def all_candidates(regulators: tuple[str, ...], targets: tuple[str, ...]) -> Bool[ndarray, "regulators targets"]:
    """Every pair but those of a gene with itself.

    Returns
    -------
    Shape (R, N), False where regulator and target have the same name.
    """
    position = {name: k for k, name in enumerate(targets)}
    own = np.array([position.get(name, -1) for name in regulators], dtype=np.int64)
    allowed = np.ones((len(regulators), len(targets)), dtype=bool)
    rows = np.flatnonzero(own >= 0)
    allowed[rows, own[rows]] = False
    return allowed


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A scored, signed, sparse network over R regulators and N targets. Matrices are regulators x targets.

    The arrays are copied and cannot be written to. Whatever stands outside the candidates is set to 0.

    Parameters
    ----------
    regulators, targets
        Names, each unique. A regulator may be a target too.
    scores
        Shape (R, N): how sure each candidate edge is; larger is surer. Inclusion probabilities in [0, 1], or
        any real numbers.
    weights
        Shape (R, N): strength of the edges, exactly 0 where the gate is closed.
    effects
        Shape (R, N), optional: signed effect of every candidate, open or not. The weights by default.
    candidates
        Shape (R, N), optional: the pairs that could be edges. All but those of a gene with itself by default;
        such pairs are never candidates.

    Raises
    ------
    GeneNameError
        If a name occurs twice among the regulators or the targets.
    OptionError
        If a shape does not fit.
    DataError
        If a score, weight or effect of a candidate is not a number, or a weight or effect is infinite.
    """

    regulators: tuple[str, ...]
    targets: tuple[str, ...]
    scores: Float[ndarray, "regulators targets"]
    weights: Float[ndarray, "regulators targets"]
    effects: Float[ndarray, "regulators targets"] | None = None
    candidates: Bool[ndarray, "regulators targets"] | None = None

    def __post_init__(self) -> None:
        for role in ("regulators", "targets"):
            names = tuple(str(name) for name in getattr(self, role))
            object.__setattr__(self, role, names)
            if len(set(names)) != len(names):
                twice = next(name for k, name in enumerate(names) if name in names[:k])
                raise GeneNameError(f"{twice!r} occurs more than once among the {role}; names must be unique")
        candidates = all_candidates(self.regulators, self.targets)
        if self.candidates is not None:
            candidates &= self._shaped("candidates", np.asarray(self.candidates, dtype=bool))
        candidates.setflags(write=False)
        object.__setattr__(self, "candidates", candidates)
        for name in ("scores", "weights", "effects"):
            value = getattr(self, name)
            array = self.weights if value is None else self._checked(name, value)
            object.__setattr__(self, name, array)

    def _shaped(self, name: str, array: Array) -> Array:
        shape = (len(self.regulators), len(self.targets))
        if array.shape != shape:
            raise OptionError(f"{name} have shape {array.shape}; expected {shape}, regulators x targets")
        return array

    def _checked(self, name: str, value: Array) -> Array:
        array = np.asarray(value)
        if not np.issubdtype(array.dtype, np.floating):
            array = array.astype(np.float64)
        array = np.where(self.allowed, self._shaped(name, array), array.dtype.type(0))
        array += 0  # -0.0 becomes 0.0
        # An infinite score still ranks (it may be a log odds); an infinite effect means nothing.
        bad = np.isnan(array) if name == "scores" else ~np.isfinite(array)
        if bad.any():
            j, i = np.argwhere(bad)[0]
            raise DataError(
                f"{name} of {int(bad.sum())} candidate edges are not finite numbers, such as "
                f"{self.regulators[j]} -> {self.targets[i]} ({array[j, i]})"
            )
        array.setflags(write=False)
        return array

    @property
    def allowed(self) -> Bool[ndarray, "regulators targets"]:
        """`candidates`, filled in."""
        if self.candidates is None:  # only before __post_init__ has run
            raise OptionError("the network has no candidates yet")
        return self.candidates

    @property
    def genes(self) -> tuple[str, ...]:
        """All names: the targets, then the regulators that are not among them."""
        return tuple(dict.fromkeys((*self.targets, *self.regulators)))

    @cached_property
    def selected(self) -> Bool[ndarray, "regulators targets"]:
        """The edges whose gate is open, shape (R, N)."""
        chosen: Bool[ndarray, "regulators targets"] = self.weights != 0  # weights are 0 outside the candidates
        chosen.setflags(write=False)
        return chosen

    @cached_property
    def n_candidates(self) -> int:
        """Number of pairs that could be edges."""
        return int(self.allowed.sum())

    @cached_property
    def n_edges(self) -> int:
        """Number of edges whose gate is open."""
        return int(self.selected.sum())

    @property
    def density(self) -> float:
        """Share of the candidates that are edges; 0 when there is no candidate."""
        return self.n_edges / self.n_candidates if self.n_candidates else 0.0

    @property
    def sparsity(self) -> float:
        """Share of the candidates whose gate is closed."""
        return 1.0 - self.density

    def edges(self) -> pd.DataFrame:
        """The edges that survived: source, target, score, weight, sign; the surest first, then the strongest."""
        return edge_table(self, self.selected)

    def all_edges(self) -> pd.DataFrame:
        """Every candidate, same columns and order.

        Where the gate is closed the weight is exactly 0.0 (never -0.0), and the sign is that of the edge's effect in
        the posterior.
        """
        return edge_table(self, self.allowed)

    def to_networkx(self) -> nx.DiGraph[str]:
        """The surviving network.

        Returns
        -------
        A directed graph with every gene as a node (attributes ``name`` and ``regulator``, whether it is among the
        candidate regulators), also those without an edge. Edges carry ``score``, ``weight`` (float), ``sign`` (int)
        and ``interaction`` ("activates" or "represses"). The graph itself carries the numbers of ``candidates``,
        ``regulators`` and ``targets``, so that a GraphML file remembers what was chosen from.
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

"""Reference networks: a table of edges that also knows which pairs it could have listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from grn_l0._typing import PathLikeStr


def reference_table(edges: pd.DataFrame, regulators: Iterable[str], targets: Iterable[str] | None) -> pd.DataFrame:
    """`edges`, each once, with the universe in ``attrs["regulators"]`` and ``attrs["targets"]`` (tuples of names).

    ``attrs["targets"]`` is None where every gene of the genome could have been listed as a target.
    """
    table = edges.drop_duplicates(["source", "target"], ignore_index=True)
    columns = None if targets is None else tuple(dict.fromkeys(targets))
    table.attrs = {"regulators": tuple(dict.fromkeys(regulators)), "targets": columns}
    return table


def restrict(reference: pd.DataFrame, genes: Iterable[str], regulators: Iterable[str] | None = None) -> pd.DataFrame:
    """The part of a reference network that a panel of genes can show.

    Parameters
    ----------
    reference
        What one of the reference loaders returned.
    genes
        Genes that were measured.
    regulators
        Candidate regulators; all genes by default.

    Returns
    -------
    Table with the reference's columns, whose universe ``attrs["regulators"]`` and ``attrs["targets"]`` holds only
    names known to both sides, in the order of `genes`. Pairs of that universe that are not listed are false.
    """
    panel = tuple(genes)
    allowed = {*panel} if regulators is None else {*panel} & {*regulators}
    known_regulators = {*reference.attrs["regulators"]}
    known_targets = None if reference.attrs["targets"] is None else {*reference.attrs["targets"]}
    rows = tuple(g for g in panel if g in known_regulators and g in allowed)
    columns = panel if known_targets is None else tuple(g for g in panel if g in known_targets)
    inside = reference["source"].isin(rows) & reference["target"].isin(columns)
    return reference_table(reference[inside], rows, columns)


def edges_of_matrix(matrix: pd.DataFrame, *, column: str) -> pd.DataFrame:
    """Nonzero entries of a matrix regulators x targets as a table source, target, `column`."""
    values = matrix.to_numpy(dtype=np.float64)
    row, col = np.nonzero(values)
    return pd.DataFrame(
        {
            "source": matrix.index.to_numpy(dtype=object)[row],
            "target": matrix.columns.to_numpy(dtype=object)[col],
            column: values[row, col],
        }
    )


def read_prior_matrix(path: PathLikeStr, genes: Sequence[str]) -> pd.DataFrame:
    """Table source, target, weight from a CSV of numbers without names, regulators x targets."""
    matrix = pd.read_csv(path, header=None, dtype=np.float64)
    return edges_of_matrix(matrix.set_axis([*genes], axis=0).set_axis([*genes], axis=1), column="weight")

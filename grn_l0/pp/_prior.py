"""Prior networks matched with the genes of the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from grn_l0._errors import NameMatchError, TableError, warn
from grn_l0._typing import Float, ndarray
from grn_l0.network import find_columns
from grn_l0.pp._names import FEW, report
from grn_l0.pp._say import some

_COLUMNS = ("source", "target", "weight")


def match_prior(
    table: pd.DataFrame,
    genes: Sequence[str],
    regulators: Sequence[str] | None = None,
    gene_table: pd.DataFrame | None = None,
    *,
    what: str = "the prior",
) -> pd.DataFrame:
    """Edges of a prior between candidate regulators and genes of the data.

    Only the presence of an edge counts in inference: weights and signs are not used, but rows of weight 0 are dropped.

    Parameters
    ----------
    table
        Columns source (or TF, regulator, reg, gene1, from, TF_name), target (or gene, aff, gene2, to, Target_gene,
        gene_symbol) and, optionally, weight (or EdgeWeight, mor, score; any sign; 1 if absent), in upper or lower case.
        Other columns are ignored.
    genes
        Genes of the data, the possible targets.
    regulators
        Candidate regulators, the possible sources; all genes by default.
    gene_table
        ``adata.var``: its columns are tried when the names do not match.
    what
        What the prior is called in messages.

    Returns
    -------
    DataFrame
        source, target (str) and weight (float), one row per pair, sorted by the position of source and target in the
        data. Of a pair given twice the weight of larger magnitude counts. Pairs of a gene with itself, rows of weight
        0 and rows without a name are left out.

    Raises
    ------
    TableError
        If a column is missing (with those there are), a weight is not a finite number, or no row is left.
    NameMatchError
        If no row is between a candidate regulator and a gene.

    Warns
    -----
    GrnWarning
        If rows were left out as self-pairs or merged, if less than half of the rows are in the data, or if weights
        differ, which makes no difference.
    """
    edges = _edges(table, what)
    sources = genes if regulators is None else regulators
    inside = edges["source"].isin(set(sources)) & edges["target"].isin(set(genes))
    found = edges[inside]
    if found.empty:
        raise NameMatchError(_mismatch(edges, genes, sources, gene_table, what))
    notes = []
    if len(found) < FEW * len(edges):
        notes.append(_mismatch(edges, genes, sources, gene_table, what, len(found)))
    loops = found["source"] == found["target"]
    if loops.any():
        notes.append(f"{int(loops.sum()):,} edges of {what} from a gene to itself are left out")
        found = found[~loops]
        if found.empty:
            raise TableError(f"{what} holds no edge between two different genes of the data")
    strongest = found.iloc[np.argsort(-found["weight"].abs().to_numpy(), kind="stable")]
    unique = strongest.drop_duplicates(["source", "target"])
    if len(unique) < len(found):
        signs = found.groupby(["source", "target"])["weight"].agg(lambda w: len(set(np.sign(w))))
        against = int((signs > 1).sum())
        text = f"{len(found) - len(unique):,} repeated edges of {what} were merged (the largest weight counts)"
        notes.append(text + (f"; {against:,} of them have both signs" if against else ""))
    if edges["weight"].nunique() > 1:
        notes.append(f"only the presence of edges of {what} is used, not their weights or signs")
    for note in notes:
        warn(note)
    row = {name: k for k, name in enumerate(sources)}
    column = {name: k for k, name in enumerate(genes)}
    order = np.lexsort((unique["target"].map(column), unique["source"].map(row)))
    return unique.iloc[order].reset_index(drop=True)


def _edges(table: pd.DataFrame, what: str) -> pd.DataFrame:
    """The rows with names and a weight, columns source, target, weight."""
    if not isinstance(table, pd.DataFrame):
        raise TableError(
            f"{what} is a {type(table).__name__}; give a DataFrame with the columns source, target and, optionally, "
            "weight (grn_l0.pp.read_table reads one from a file)"
        )
    try:
        found = find_columns(table.columns, what)
    except TableError as error:
        if len(table.columns) > 10 and all(pd.api.types.is_numeric_dtype(d) for d in table.dtypes):
            raise TableError(
                f"{what} looks like a matrix; make it a table: m.rename_axis('source').reset_index().melt('source', "
                "var_name='target', value_name='weight')"
            ) from error
        raise
    if "weight" not in found and "score" in found:
        found["weight"] = found["score"]
    there = [name for name in _COLUMNS if name in found]
    named = table.iloc[:, [found[name] for name in there]].set_axis(there, axis=1)
    named = named[named["source"].notna() & named["target"].notna()]
    weight = _weights(named, what)
    edges = pd.DataFrame({c: [str(v).strip() for v in named[c]] for c in ("source", "target")} | {"weight": weight})
    edges = edges[edges["weight"] != 0]
    if edges.empty:
        raise TableError(f"{what} has no rows with a source, a target and a weight other than 0")
    return edges


def _weights(named: pd.DataFrame, what: str) -> Float[ndarray, " edges"]:
    if "weight" not in named.columns:
        return np.ones(len(named))
    weight = pd.to_numeric(named["weight"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(weight))
    if bad.size:
        raise TableError(
            f"the weight of {bad.size:,} edges of {what} is not a finite number (such as "
            f"{some(named['weight'].iloc[bad[:1]])}); give numbers, or leave the column out to give all edges weight 1"
        )
    return weight


def _mismatch(
    edges: pd.DataFrame,
    genes: Sequence[str],
    sources: Sequence[str],
    gene_table: pd.DataFrame | None,
    what: str,
    n_found: int = 0,
) -> str:
    count = f"{n_found:,}" if n_found else "none"
    text = f"{count} of {len(edges):,} edges of {what} are between candidate regulators and genes of the data"
    for side, known in (("source", sources), ("target", genes)):
        names = list(dict.fromkeys(edges[side]))
        text += f". {side}: {report(known, names, gene_table, 'names').message}"
        if set(names).isdisjoint(known) and not set(names).isdisjoint(genes):
            text += ", but some are genes: the list of regulators leaves them out"
    if not n_found and _exchanged(edges, genes, sources):
        text += ". Exchanged, they would match: rename(columns={'source': 'target', 'target': 'source'})"
    return text


def _exchanged(edges: pd.DataFrame, genes: Sequence[str], sources: Sequence[str]) -> bool:
    return bool((edges["target"].isin(set(sources)) & edges["source"].isin(set(genes))).any())

"""Names of regulators matched with the genes of the data."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from grn_l0._errors import NameMatchError, OptionError, warn
from grn_l0.pp._identifiers import kind_of, without_version
from grn_l0.pp._say import some

_log = logging.getLogger(__name__)

#: Below this share of names found, what may be wrong is said in a warning.
FEW = 0.5
#: Missing names for which a near one is looked up (each costs a comparison with every gene).
_LOOK_UP = 3


@dataclass(frozen=True, kw_only=True)
class NameMatch:
    """Which of the given names the data know.

    Attributes
    ----------
    found
        Names in the data, in the order of the data.
    missing
        Names that are not, in the order given.
    n_given, n_found
        Numbers of distinct names.
    message
        A sentence with both numbers and, where less than half was found, what may be wrong and how to mend it.
    """

    found: tuple[str, ...]
    missing: tuple[str, ...]
    n_given: int
    n_found: int
    message: str


def match_regulators(
    genes: Sequence[str], regulators: Iterable[str], gene_table: pd.DataFrame | None = None
) -> tuple[str, ...]:
    """Regulators that are genes of the data, in the order of the data.

    Names must agree exactly: what is near is proposed, never taken. How many were found is logged, and warned about
    if it is less than half.

    Parameters
    ----------
    genes
        Genes of the data (``adata.var_names``).
    regulators
        Names of the candidate regulators.
    gene_table
        ``adata.var``: its columns are tried when the names of the genes do not match.

    Raises
    ------
    NameMatchError
        If no name matches, or none was given.
    OptionError
        If `regulators` is not a list of names.

    Warns
    -----
    GrnWarning
        If less than half of the names are found.
    """
    match = find_regulators(genes, regulators, gene_table)
    if not match.found:
        raise NameMatchError(match.message)
    if match.n_found < FEW * match.n_given:
        warn(match.message)
    else:
        _log.info(f"{match.message}; not {some(match.missing)}" if match.missing else match.message)
    return match.found


def find_regulators(
    genes: Sequence[str], regulators: Iterable[str], gene_table: pd.DataFrame | None = None
) -> NameMatch:
    """What `match_regulators` does, as a report, without raising or warning about what is not found.

    Raises
    ------
    NameMatchError
        If no name was given.
    OptionError
        If `regulators` is not a list of names.
    """
    if isinstance(regulators, str):
        raise OptionError(
            f"regulators is the text {regulators!r}; give a list of names (grn_l0.pp.read_names reads one from a file)"
        )
    given = tuple(dict.fromkeys(str(r).strip() for r in regulators))
    if set(given) and set(given) <= {"True", "False"}:
        raise OptionError("regulators holds True and False; give names: adata.var_names[adata.var['is_regulator']]")
    given = tuple(g for g in given if g)
    if not given:
        raise NameMatchError("the list of regulators is empty; leave it out to let every gene be a regulator")
    return report(genes, given, gene_table, "regulators")


def report(genes: Sequence[str], given: Sequence[str], gene_table: pd.DataFrame | None, what: str) -> NameMatch:
    """Match distinct names, and say what may be wrong if less than half is found."""
    wanted = set(given)
    found = tuple(str(g) for g in genes if g in wanted)
    known = set(found)
    missing = tuple(g for g in given if g not in known)
    head = f"{len(found):,} of {len(given):,}" if found else f"none of {len(given):,}"
    message = f"{head} {what} {'are' if len(given) > 1 else 'is'} among the {len(genes):,} genes of the data"
    if len(found) < FEW * len(given):
        message += "".join(f"; {hint}" for hint in _hints(genes, missing, len(found), gene_table))
    return NameMatch(found=found, missing=missing, n_given=len(given), n_found=len(found), message=message)


def _hints(genes: Sequence[str], missing: Sequence[str], n_found: int, gene_table: pd.DataFrame | None) -> list[str]:
    hints = []
    in_list, in_data = kind_of(missing), kind_of(genes)
    if in_list != in_data and in_list is not None and in_data is not None:
        hints.append(f"the names given look like {in_list}, those of the data like {in_data}")
    # One difference explains most names that are missing: say it, rather than list neighbours.
    for change, text in ((str.casefold, "case"), (without_version, "the version after the dot")):
        there = {change(str(g)): str(g) for g in genes}
        pairs = [(m, there[change(m)]) for m in missing if change(m) in there]
        if len(pairs) > max(n_found, 0.1 * len(missing)):
            hints.append(f"{len(pairs):,} more match but for {text}: {pairs[0][0]!r} is {pairs[0][1]!r} in the data")
            return hints + _other_columns(gene_table, missing, n_found)
    columns = _other_columns(gene_table, missing, n_found)
    if columns:
        return hints + columns
    near = _near(genes, missing)
    hints.append(f"nearest: {near}" if near else f"not found: {some(missing)}")
    if not n_found:
        hints.append(f"the data hold {some(genes)}")
    return hints


def _near(genes: Sequence[str], missing: Sequence[str]) -> str:
    folded = {str(g).casefold(): str(g) for g in genes}
    pairs = []
    for name in missing[:_LOOK_UP]:
        close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.75)
        pairs += [f"{folded[c]!r} for {name!r}" for c in close]
    return ", ".join(pairs)


def _other_columns(gene_table: pd.DataFrame | None, missing: Sequence[str], n_found: int) -> list[str]:
    if gene_table is None:
        return []
    wanted = set(missing)
    best, number = None, n_found
    for position, key in enumerate(gene_table.columns):
        values = gene_table.iloc[:, position].dropna()
        if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype.kind in "OUiuf":
            # Ids that were read as floating point (7157.0) are whole numbers here.
            texts = {str(v).removesuffix(".0") if values.dtype.kind == "f" else str(v).strip() for v in values}
            if len(texts & wanted) > number:
                best, number = str(key), len(texts & wanted)
    if best is None:
        return []
    return [
        f"column {best!r} of adata.var matches {number:,}: adata.var_names = adata.var[{best!r}].astype(str), then "
        "adata.var_names_make_unique()"
    ]

"""Prior networks as they are given: one or several, as tables or paths, each with a trust."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from grn_l0 import pp
from grn_l0._errors import OptionError, nearest
from grn_l0.network import edges_to_matrix, name_of_file
from grn_l0.posterior import BELIEVED, Prior
from grn_l0.tl.inputs import prior_of

#: Instead of a number: hold the trust at its default.
KEEP = "keep"


def named_priors(given: Any) -> dict[str, pd.DataFrame]:
    """Tables of prior edges by name: of a mapping, a list, a single table, or paths (whose names are the files').

    Raises
    ------
    OptionError
        If it is none of these, or two priors have one name.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(name): prior_of(table) for name, table in given.items()}
    if isinstance(given, pd.DataFrame | str | os.PathLike):
        given = [given]
    if not isinstance(given, Iterable):
        prior_of(given)  # says what is expected
    tables: dict[str, pd.DataFrame] = {}
    items = list(given)
    for k, item in enumerate(items):
        number = "prior" if len(items) == 1 else f"prior {k + 1}"
        name = name_of_file(item) if isinstance(item, str | os.PathLike) else number
        if name in tables:
            raise OptionError(f"two priors are called {name!r}; name them: prior={{'motif': ..., 'chip': ...}}")
        tables[name] = prior_of(item)
    return tables


def trusts(given: Any, names: Iterable[str], believed: float = BELIEVED) -> dict[str, float | None]:
    """The trust in each prior: a share that is held, or None to learn it.

    Raises
    ------
    OptionError
        If a trust is no number between 0 and 1, nor "keep", nor None; if it is for a prior that there is not.
    """
    names = list(names)
    if given is not None and not names:
        raise OptionError(f"prior_trust is {given!r}, but there is no prior; give one, or leave prior_trust out")
    if not isinstance(given, Mapping):
        return {name: _trust(given, believed) for name in names}
    for name in given:
        if name not in names:
            known = ", ".join(map(repr, names))
            raise OptionError(f"prior_trust names {name!r}; the priors are {known}{nearest(str(name), names)}")
    return {name: _trust(given.get(name), believed) for name in names}


def _trust(value: Any, believed: float) -> float | None:
    if value is None:
        return None
    if value == KEEP:
        return believed
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 < number < 1:
        raise OptionError(
            f"prior_trust is {value!r}; it must be a share of the listed edges between 0 and 1 (neither included), "
            "'keep', or None to learn it from the data"
        )
    return number


def match_priors(
    given: Any,
    trust: Any,
    genes: tuple[str, ...],
    regulators: tuple[str, ...],
    gene_table: pd.DataFrame,
    believed: float = BELIEVED,
) -> tuple[Prior, ...]:
    """Priors over the candidate edges, matched by name.

    Raises
    ------
    OptionError, TableError, NameMatchError, FileFormatError
        For the first prior or trust that cannot be used.
    """
    tables = named_priors(given)
    held = trusts(trust, tables, believed)
    out = []
    for name, table in tables.items():
        what = "the prior" if len(tables) == 1 else f"prior {name!r}"
        edges = pp.match_prior(table, genes, regulators, gene_table, what=what)
        listed = edges_to_matrix(edges, list(regulators), list(genes), column="weight") != 0
        out.append(Prior(listed=listed, name=name, trust=held[name]))
    return tuple(out)

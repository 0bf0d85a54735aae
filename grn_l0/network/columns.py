"""Names under which tables of edges carry their columns: one list for every door, files and DataFrames alike."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from grn_l0._errors import TableError, nearest

#: In lower case, the preferred one first. Gene1, Gene2, EdgeWeight and Type are BEELINE's (Pratapa et al. 2020), reg
#: and aff PHOENIX's, mor (mode of regulation) decoupler's older name of the weight.
ALIASES = {
    "source": ("source", "tf", "regulator", "reg", "gene1", "from", "tf_name"),
    "target": ("target", "gene", "aff", "gene2", "to", "target_gene", "gene_symbol"),
    "score": ("score",),
    "weight": ("weight", "edgeweight", "mor"),
    "sign": ("sign", "type", "interaction"),
    "frequency": ("frequency",),
}
_SHOWN = 20


def find_columns(labels: Iterable[Hashable], origin: str) -> dict[str, int]:
    """Which of a table's labels are source, target, score, weight, sign and frequency, whatever their case and spaces.

    Parameters
    ----------
    labels
        Labels of the table's columns.
    origin
        Name of the table in messages.

    Returns
    -------
    The position of each of these that there is; source and target always are.

    Raises
    ------
    TableError
        If source or target is missing, with the columns there are and the line that renames them.
    """
    labels = list(labels)
    header: dict[str, int] = {}
    for position, label in enumerate(labels):
        header.setdefault(str(label).strip().casefold(), position)
    found = {
        name: next(header[alias] for alias in aliases if alias in header)
        for name, aliases in ALIASES.items()
        if not header.keys().isdisjoint(aliases)
    }
    missing = [name for name in ("source", "target") if name not in found]
    if not missing:
        return found
    what = " and ".join(f"{name!r} (nor {', '.join(ALIASES[name][1:])})" for name in missing)
    shown = ", ".join(repr(str(label)) for label in labels[:_SHOWN]) or "none"
    more = f" and {len(labels) - _SHOWN:,} more" if len(labels) > _SHOWN else ""
    message = f"{origin} has no column {what}; it has {shown}{more}"
    taken = set(found.values())
    free = [label for position, label in enumerate(labels) if position not in taken]
    if free:
        guess = nearest(missing[0], map(str, free))
        new = ", ".join(f"{label!r}: {name!r}" for name, label in zip(missing, free, strict=False))
        rename = f"ame them, such as with df.rename(columns={{{new}}})"
        if not found and not guess and len(free) > 1 and all(isinstance(label, str) for label in free):
            first = " and ".join(repr(label) for label in free[:2])
            message += f". No header? If {first} are an edge, put a line source, target first; else n{rename}"
        else:
            message += f"{guess}. N{rename}"
    raise TableError(message)

"""Options that name one of a few published variants."""

from __future__ import annotations

from collections.abc import Iterable

from grn_l0._errors import OptionError, nearest


def one_of(what: str, value: object, known: Iterable[object]) -> str:
    """`value` as text if it is one of the known ones.

    Raises
    ------
    OptionError
        Otherwise, listing them.
    """
    names = [str(k) for k in known]
    if str(value) not in names:
        raise OptionError(f"{what} {value!r} is unknown; choose one of {', '.join(names)}{nearest(str(value), names)}")
    return str(value)

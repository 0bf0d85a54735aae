"""Machine code of plain functions on numbers and arrays, kept on disk, and what it may do to their arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

import numba

F = TypeVar("F", bound=Callable[..., Any])

#: Every operation where it is written: draws of a chain must not depend on what a loop was compiled together with.
EXACT: frozenset[str] = frozenset()
#: Sums in any order, so that loops over arrays use vector units. NaN and infinity stay what they are: a solution that
#: leaves the finite numbers must be seen to.
ANY_ORDER = frozenset({"contract", "reassoc", "nsz"})
#: Also where no number can be NaN: a choice between two numbers is then one operation of a vector unit.
NO_NAN = ANY_ORDER | {"nnan"}


@overload
def compiled(function: F) -> F: ...
@overload
def compiled(*, fastmath: frozenset[str] = EXACT, inner: bool = False) -> Callable[[F], F]: ...
def compiled(
    function: F | None = None, *, fastmath: frozenset[str] = EXACT, inner: bool = False
) -> F | Callable[[F], F]:
    """Compile on the first call, and keep what was compiled for the next process; it runs beside other threads.

    Parameters
    ----------
    function
        To be compiled; left out where the decorator has arguments.
    fastmath
        What the compiler may assume: `EXACT`, `ANY_ORDER` or `NO_NAN`.
    inner
        It is only called by compiled functions, so what Python would call is not compiled as well.
    """

    def compile_it(plain: F) -> F:
        options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": set(fastmath)}
        if inner:
            options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        compiler = numba.njit(**options)
        return cast(F, compiler(plain))

    return compile_it if function is None else compile_it(function)

"""Import of packages that not every user has."""

from __future__ import annotations

import importlib
from types import ModuleType

from grn_l0._errors import GrnError


class MissingDependencyError(GrnError, ImportError):
    """A package that this feature needs is not installed, or does not load."""


def import_optional(name: str, *, extra: str | None = None, purpose: str | None = None) -> ModuleType:
    """The module `name`.

    Parameters
    ----------
    name
        Full name of the module, such as ``"matplotlib.pyplot"``.
    extra
        The extra of grn_l0 that brings it, such as ``"docs"``; none if the package is to be installed by itself.
    purpose
        What needs it, such as ``"reading parquet files"``.

    Raises
    ------
    MissingDependencyError
        With the command that installs it. A package that is installed but fails to load is told apart.
    """
    package = name.partition(".")[0]
    what = purpose if purpose is not None else "this"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise MissingDependencyError(f"{what} needs {package}, which fails to load: {error}") from error
        wanted = f"'grn_l0[{extra}]'" if extra else package
        raise MissingDependencyError(f"{what} needs {package}, which is not installed: pip install {wanted}") from error
    except ImportError as error:
        raise MissingDependencyError(
            f"{what} needs {package}, which is installed but fails to load ({error}); "
            f"pip install --force-reinstall {package} repairs most such cases"
        ) from error

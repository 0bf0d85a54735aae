"""Exceptions and warnings: one type per kind of mistake, each with a sentence that names the fix."""

from __future__ import annotations

import difflib
import os
import sys
import warnings
from collections.abc import Iterable


class GrnError(Exception):
    """Base of every exception that grn_l0 raises on purpose."""


class DataError(GrnError, ValueError):
    """The data cannot be used as they are."""


class MissingKeyError(DataError, KeyError):
    """A column, layer or entry that was asked for is not in the data."""

    # KeyError shows repr(message); people want to read the message itself.
    __str__ = Exception.__str__


class TimeError(DataError):
    """Times that are not finite numbers."""


class TrajectoryError(DataError):
    """A trajectory that cannot be used: one time point, or the same time twice."""


class StimulusError(DataError):
    """Levels of a stimulus that are missing, negative, not numbers, or change where they may not."""


class KnockoutError(DataError):
    """A knock-out that cannot be: of a gene by its flag, or in a part of a trajectory only."""


class ExpressionError(DataError):
    """Expression values that are infinite, not numeric, or absent throughout."""


class GeneNameError(DataError):
    """Gene names that are not unique."""


class NameMatchError(DataError):
    """Names of regulators, or of a prior, that match nothing in the data."""


class TableError(DataError):
    """A table (prior, truth, scores) without the columns or values it needs."""


class FileFormatError(GrnError, ValueError):
    """A file that is not what its name, or its place on the command line, says."""


class OutputError(GrnError, OSError):
    """A place that cannot be written to."""


class OptionError(GrnError, ValueError):
    """An option outside its range, or two options that exclude each other."""


class DatasetError(GrnError, OSError):
    """A published data set that can neither be found locally nor downloaded."""


class DivergenceError(GrnError, ArithmeticError):
    """A solution or a fit that left the finite numbers."""


class WorkerError(GrnError, RuntimeError):
    """Processes or machines that work for a fit died again and again, or cannot be reached any more."""


class BenchmarkError(GrnError, RuntimeError):
    """Parts of a benchmark that did not come to an end."""


class GrnWarning(UserWarning):
    """Something in the data or the fit that its user should know about."""


def warn(message: str) -> None:
    """Emit a `GrnWarning` at the line outside this package that called it, however deep inside we are."""
    here = os.path.join(os.path.dirname(__file__), "")
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, GrnWarning, stacklevel=level)


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the known name closest to `name`, or an empty string.

    Case is ignored, so ``Time`` finds ``time``.
    """
    folded = {str(k).casefold(): str(k) for k in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""

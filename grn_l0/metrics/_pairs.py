"""What every edge metric begins with: the candidate pairs, checked."""

from __future__ import annotations

import warnings

import numpy as np

from grn_l0._errors import DataError, GrnWarning, OptionError
from grn_l0._typing import Array, Bool, Float, ndarray


def candidate_mask(
    shape: tuple[int, ...], candidates: Bool[ndarray, "regulators targets"] | None
) -> Bool[ndarray, "regulators targets"]:
    """The candidates, all pairs by default, if they have the shape of the other arrays."""
    mask = np.ones(shape, dtype=bool) if candidates is None else np.asarray(candidates, dtype=bool)
    same_shape("candidates", mask, shape)
    return mask


def same_shape(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Refuse arrays that do not belong together."""
    if array.shape != shape:
        raise OptionError(f"{name} have shape {array.shape}, other arrays {shape}; all must be regulators x targets")


def truth_of(truth: Array, mask: Bool[ndarray, "regulators targets"]) -> Bool[ndarray, " candidates"]:
    """Which candidates are true edges (anything but 0: signed truths are welcome)."""
    array = np.asarray(truth)
    same_shape("truth", array, mask.shape)
    chosen = array[mask]
    if np.issubdtype(chosen.dtype, np.floating) and np.isnan(chosen).any():
        raise DataError("the truth has NaN among the candidates; use 0 for no edge, or leave pairs out of `candidates`")
    true: Bool[ndarray, " candidates"] = chosen != 0
    return true


def scores_of(
    scores: Float[ndarray, "regulators targets"], mask: Bool[ndarray, "regulators targets"]
) -> Float[ndarray, " candidates"]:
    """Scores of the candidates; each must have one."""
    given = np.asarray(scores)
    # Single precision stays: a genome has 125 million candidates.
    chosen: Float[ndarray, " candidates"] = given[mask]
    if not np.issubdtype(chosen.dtype, np.floating):
        chosen = chosen.astype(np.float64)
    missing = int(np.isnan(chosen).sum())
    if missing:
        raise DataError(
            f"{missing} of {chosen.size} candidates have no score (NaN); ranking metrics need one for each: "
            "give those that were not scored the lowest"
        )
    return chosen


def undecidable(true: int, total: int) -> bool:
    """Warn, and say so, when the truth cannot tell good from bad."""
    if 0 < true < total:
        return False
    what = "no candidate" if not total else "every candidate" if true else "none of the candidates"
    verb = "to be scored" if not total else "is a true edge"
    warnings.warn(
        f"{what} {verb} ({true} of {total}), so the ranking says nothing and its metrics are NaN; do truth and network "
        "name genes in the same way, and are the regulators the right ones?",
        GrnWarning,
        stacklevel=3,
    )
    return True

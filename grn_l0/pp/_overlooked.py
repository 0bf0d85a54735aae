"""Columns of ``adata.obs`` that were not named, but seem to say that samples should be kept apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0._errors import warn
from grn_l0._typing import Float, Int, ndarray
from grn_l0.pp._say import some

if TYPE_CHECKING:
    from anndata import AnnData

#: Words in the names of columns that tell donors apart.
_DONORS = frozenset(
    {"donor", "sample", "batch", "patient", "replicate", "rep", "subject", "subj", "individual", "mouse", "animal"}
    | {"orig", "library"}
)
#: Words in the names of columns that number what replicates differ in by definition.
_INDIVIDUAL = _DONORS | {"fish", "plant", "well", "plate", "lane", "biorep", "techrep", "run", "id", "culture"}
#: A treatment has at most so many levels, and there are at most so many individuals.
_TREATMENTS, _INDIVIDUALS = 10, 50


def warn_of_mixed(
    adata: AnnData,
    time: Float[ndarray, " cells"],
    group: Int[ndarray, " cells"],
    level: Float[ndarray, "cells stimuli"],
    used: set[str | None],
    replicates: str,
) -> None:
    """Warn where samples are taken as replicates that differ in a column of few levels, such as their treatment.

    Parameters
    ----------
    adata
        Observations.
    time, group, level
        Of each observation: time, position of the trajectory, levels of the stimuli.
    used
        Columns that were named.
    replicates
        What is done with them: "mean" or "separate".

    Warns
    -----
    GrnWarning
        For the first such column.
    """
    _, same = np.unique(np.column_stack([group, time, level]), axis=0, return_inverse=True)
    for key in map(str, adata.obs.columns):
        values = _levels(adata, key, _TREATMENTS, bools=True)
        if key in used or values is None or _words(key) & _INDIVIDUAL:
            continue
        if len(np.unique(np.stack([same.reshape(-1), values.codes]), axis=1).T) > len(np.unique(same)):
            warn(
                f"replicates={replicates!r} puts samples into one trajectory that differ in {key!r} "
                f"({some(values.categories)}). If that is a treatment, give it as a column of 0 and 1 (stimulus_key=), "
                f"or make it part of the trajectory's name (trajectory_key=)"
            )
            return


def warn_of_pooled(adata: AnnData, pseudotime_key: str) -> None:
    """Warn where cells of several donors are one trajectory, because no column of trajectories was named.

    Warns
    -----
    GrnWarning
        For the first column that looks like one of donors.
    """
    for key in map(str, adata.obs.columns):
        if key == pseudotime_key or not _words(key) & _DONORS:
            continue
        values = _levels(adata, key, _INDIVIDUALS, bools=False)
        if values is not None:
            warn(
                f"no trajectory column was named, so the cells of all {len(values.categories)} labels of {key!r} are "
                f"pooled along {pseudotime_key!r}; trajectory_key={key!r} keeps them apart, which tells far more about "
                "edges"
            )
            return


def _levels(adata: AnnData, key: str, most: int, *, bools: bool) -> pd.Categorical | None:
    """A column of labels with at least two and at most so many of them; None for any other."""
    found = adata.obs[key]
    if isinstance(found, pd.DataFrame) or (pd.api.types.is_bool_dtype(found.dtype) and not bools):
        return None
    numeric = pd.api.types.is_numeric_dtype(found.dtype) and not pd.api.types.is_bool_dtype(found.dtype)
    if (numeric and bools) or pd.api.types.is_float_dtype(found.dtype) or found.dtype.kind in "mMc":
        return None
    values = pd.Categorical(found.astype(str))
    return values if 2 <= len(values.categories) <= most else None


def _words(key: str) -> set[str]:
    """Words of a column's name: sampleID and donor_2 hold sample and donor."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).casefold()
    return {word.removesuffix("s") if len(word) > 3 else word for word in re.split(r"[^a-z]+", apart)}

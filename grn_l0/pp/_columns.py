"""Columns of ``adata.obs``: found by name, turned into numbers or labels, with an error that names the fix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0._errors import MissingKeyError, TimeError, TrajectoryError, nearest
from grn_l0._typing import Float, Int, ndarray
from grn_l0.pp._say import listed, some

if TYPE_CHECKING:
    from anndata import AnnData


#: How missing values look once they are text.
MISSING = frozenset({"", "nan", "na", "none", "<na>"})


def column(adata: AnnData, key: str, what: str) -> pd.Series:
    """``adata.obs[key]``.

    Raises
    ------
    MissingKeyError
        With the columns there are, the nearest one, and where else the name occurs.
    """
    if key in adata.obs.columns:
        found: pd.Series | pd.DataFrame = adata.obs[key]
        if isinstance(found, pd.DataFrame):
            raise MissingKeyError(f"{what} {key!r} names {found.shape[1]} columns of adata.obs; give each its own name")
        return found
    columns = [str(c) for c in adata.obs.columns]
    message = f"{what} {key!r} is not a column of adata.obs; {listed(columns)}{nearest(str(key), columns)}"
    if key == adata.obs.index.name:
        message += f". It is the index: adata.obs[{key!r}] = adata.obs.index makes it a column"
    elif key in adata.var.columns:
        message += ". It is a column of adata.var: if the genes stand in the rows, transpose first (adata = adata.T)"
    else:
        for name in ("uns", "obsm"):
            if key in getattr(adata, name):
                message += f". adata.{name} has an entry {key!r}, but one value per row of adata.obs is needed"
    raise MissingKeyError(message)


def plain(values: pd.Series) -> pd.Series:
    """Categories as the values that they stand for."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.astype(values.cat.categories.dtype)
    return values


def numbers(adata: AnnData, key: str, what: str, *, missing: bool = False) -> Float[ndarray, " cells"]:
    """``adata.obs[key]`` as float64; numeric texts and categories are converted.

    With ``missing=True`` NaN and inf are returned as they are.

    Raises
    ------
    MissingKeyError
        If there is no such column.
    TimeError
        If a value is not a number or, with ``missing=False``, not finite.
    """
    values = plain(column(adata, key, what))
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        raise TimeError(
            f"{what} {key!r} holds dates; make them numbers, such as hours: adata.obs['hours'] = "
            f"(adata.obs[{key!r}] - adata.obs[{key!r}].min()).dt.total_seconds() / 3600"
        )
    if pd.api.types.is_timedelta64_dtype(values.dtype):
        raise TimeError(
            f"{what} {key!r} holds durations; make them numbers, such as hours: adata.obs['hours'] = "
            f"adata.obs[{key!r}].dt.total_seconds() / 3600"
        )
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_complex_dtype(values.dtype):
        raise TimeError(f"{what} {key!r} holds values of type {values.dtype}; times must be real numbers")
    result = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    _refuse_text(values, result, key, what)
    bad = np.flatnonzero(~np.isfinite(result))
    if bad.size and not missing:
        kinds = "missing (NaN)" if np.isnan(result[bad]).all() else "missing or infinite"
        raise TimeError(
            f"{what} {key!r} is {kinds} in {bad.size:,} of {result.size:,} observations "
            f"({some(adata.obs_names[bad])}); fill it in, or drop them: "
            f"adata = adata[np.isfinite(adata.obs[{key!r}].astype(float))].copy()"
        )
    return result


def _refuse_text(values: pd.Series, result: Float[ndarray, " cells"], key: str, what: str) -> None:
    lost = np.flatnonzero(np.isnan(result) & values.notna().to_numpy())
    texts = [str(v).strip() for v in values.iloc[lost]]
    texts = [t for t in texts if t.casefold() not in MISSING]
    if not texts:
        return
    message = f"{what} {key!r} is not a number in {len(texts):,} observations (such as {some(dict.fromkeys(texts))})"
    if all(re.search(r"\d", t) for t in texts[:100]):
        message += (
            f"; adata.obs[{key!r}] = adata.obs[{key!r}].astype(str).str.extract(r'(-?[0-9.]+)')[0].astype(float) "
            "takes the number out of each text (all in one unit?)"
        )
    else:
        message += "; times must be numbers, all in one unit"
    raise TimeError(message)


def labels(adata: AnnData, key: str | None, what: str) -> tuple[tuple[str, ...], Int[ndarray, " cells"]]:
    """Names of the groups of ``adata.obs[key]``, and the position of each observation's group among them.

    The order is that of the categories, or the natural one of numbers and texts (s2 before s10); it does not depend
    on the order of the rows. Without a key all observations are one group.

    Raises
    ------
    MissingKeyError
        If there is no such column.
    TrajectoryError
        If a label is missing.
    """
    if key is None:
        return ("all",), np.zeros(adata.n_obs, dtype=np.int64)
    values = column(adata, key, what)
    absent = np.flatnonzero(values.isna().to_numpy())
    if absent.size:
        raise TrajectoryError(
            f"{what} {key!r} is missing in {absent.size:,} of {len(values):,} observations "
            f"({some(adata.obs_names[absent])}); fill it in, or drop them: "
            f"adata = adata[adata.obs[{key!r}].notna()].copy()"
        )
    names = [_label(v) for v in values]
    present = set(names)
    if isinstance(values.dtype, pd.CategoricalDtype):
        order = list(dict.fromkeys(n for n in map(_label, values.cat.categories) if n in present))
    else:
        order = sorted(present, key=_natural)
    position = {name: k for k, name in enumerate(order)}
    return tuple(order), np.array([position[n] for n in names], dtype=np.int64)


def natural_order(names: Iterable[str]) -> Int[ndarray, " names"]:
    """Positions that sort names as people do: s2 before s10."""
    keys = [_natural(str(name)) for name in names]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def _label(value: object) -> str:
    # A column of integers becomes floating point as soon as one of its values was missing: 11.0 is donor 11.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _natural(name: str) -> list[tuple[int, float, str]]:
    try:
        return [(0, float(name), name)]
    except ValueError:
        parts = re.split(r"([0-9]+)", name)
        return [(1, int(p), p) if p.isascii() and p.isdigit() else (2, 0, p) for p in parts]

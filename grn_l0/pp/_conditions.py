"""What was done to a sample, from columns of ``adata.obs``: stimuli, knock-outs, and whether it had settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0._errors import KnockoutError, NameMatchError, OptionError, StimulusError, TimeError, nearest
from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.pp._columns import MISSING, column, plain
from grn_l0.pp._say import some
from grn_l0.timeseries.timeseries import check_stimuli

if TYPE_CHECKING:
    from anndata import AnnData

#: Instead of the name of a column: that of the default name, if there is one.
AUTO = "auto"
#: Columns that are taken without being named.
KNOCKOUT, STEADY = "knockout", "steady_state"

_WILD_TYPE = MISSING | {"wt", "wild type", "wild-type", "wildtype"}
#: What may stand in a column of flags.
_FLAGS = {"true": True, "1": True, "1.0": True, "yes": True} | dict.fromkeys(("false", "0", "0.0", "no", ""), False)
#: Samples to which nothing was done go by these names: a column of 0 and 1 is not made of them.
CONTROLS = (
    MISSING
    | _WILD_TYPE
    | frozenset(
        {
            "ctrl",
            "ctl",
            "control",
            "controls",
            "vehicle",
            "veh",
            "dmso",
            "mock",
            "untreated",
            "unstimulated",
            "pbs",
            "no",
        }
    )
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """Of every observation: stimuli (cells, K), genes knocked out, whether it is a steady state.

    `knockouts` holds one row of genes per kind of sample, `kind` the row of each observation.
    """

    stimulus_names: tuple[str, ...]
    stimuli: Float[ndarray, "cells stimuli"]
    knockouts: Bool[ndarray, "kinds genes"]
    kind: Int[ndarray, " cells"]
    kinds: tuple[str, ...]
    steady: Bool[ndarray, " cells"]


def conditions(
    adata: AnnData,
    genes: tuple[str, ...],
    stimulus_key: str | Sequence[str] | None,
    knockout_key: str | None,
    steady_key: str | None,
) -> Conditions:
    """Read and check the columns.

    Raises
    ------
    MissingKeyError
        If a column that was named is not there.
    StimulusError
        If a level is not a number, missing or negative.
    NameMatchError
        If a gene that was knocked out is not in the data.
    KnockoutError
        If the knock-out column holds flags instead of names.
    OptionError
        If one stimulus is named twice, or the steady-state column holds something else than true and false.
    """
    names = stimulus_names(stimulus_key)
    if len(set(names)) < len(names):
        raise OptionError(f"stimulus {next(n for n in names if names.count(n) > 1)!r} is named twice")
    levels = [_levels(adata, name) for name in names]
    stimuli = np.stack(levels, axis=1) if levels else np.zeros((adata.n_obs, 0))
    check_stimuli(stimuli, names)
    kinds, kind, held = _knockouts(adata, genes, _found(adata, knockout_key, KNOCKOUT))
    return Conditions(
        stimulus_names=names,
        stimuli=stimuli,
        knockouts=held,
        kind=kind,
        kinds=kinds,
        steady=is_steady(adata, steady_key),
    )


def stimulus_names(key: str | Sequence[str] | None) -> tuple[str, ...]:
    """None, one column or several, as a tuple."""
    return () if key is None else (key,) if isinstance(key, str) else tuple(key)


def is_steady(adata: AnnData, key: str | None = AUTO) -> Bool[ndarray, " cells"]:
    """Which observations are steady states; see `to_timeseries` for the key.

    Raises
    ------
    MissingKeyError, OptionError
        If the column is not there, or holds something else than true and false.
    """
    key = _found(adata, key, STEADY)
    return np.zeros(adata.n_obs, dtype=bool) if key is None else _flags(adata, key)


def _found(adata: AnnData, key: str | None, default: str) -> str | None:
    if key != AUTO:
        return key
    return default if default in adata.obs.columns else None


def _levels(adata: AnnData, key: str) -> Float[ndarray, " cells"]:
    values = plain(column(adata, key, "the stimulus"))
    there = values.notna().to_numpy()
    texts = [str(v).strip().casefold() for v in values]
    if there.any() and all(text in _FLAGS and text for text, ok in zip(texts, there, strict=True) if ok):
        # Yes and no, and what flags become on their way through a text file.
        pairs = zip(texts, there, strict=True)
        return np.array([float(_FLAGS[text]) if ok else np.nan for text, ok in pairs])
    result = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    lost = np.flatnonzero(np.isnan(result) & there)
    if lost.size:
        seen = list(dict.fromkeys(str(v) for v in values.iloc[lost]))
        treated = [v for v in seen if v.strip().casefold() not in CONTROLS]
        level = (treated or seen)[0]
        several = len(treated) > 1
        raise StimulusError(
            f"stimulus {key!r} is not a number in {lost.size:,} observations (such as {some(seen)}); give 0 and 1, or "
            f"a dose, one column per stimulus: adata.obs[{level!r}] = (adata.obs[{key!r}] == {level!r}).astype(int)"
            + (f" and so on ({len(treated)} levels are no control)" if several else "")
        )
    return result


def _knockouts(
    adata: AnnData, genes: tuple[str, ...], key: str | None
) -> tuple[tuple[str, ...], Int[ndarray, " cells"], Bool[ndarray, "kinds genes"]]:
    if key is None:
        return ("wild type",), np.zeros(adata.n_obs, dtype=np.int64), np.zeros((1, len(genes)), dtype=bool)
    values = plain(column(adata, key, "the knock-out key"))
    if pd.api.types.is_bool_dtype(values.dtype):
        raise KnockoutError(
            f"the knock-out column {key!r} holds true and false; it must hold the name of the gene that was knocked "
            "out (empty for wild type)"
        )
    texts = ["" if pd.isna(v) else str(v).strip() for v in values]
    position = {gene: k for k, gene in enumerate(genes)}
    parsed = {text: _held(text, position, key) for text in dict.fromkeys(texts)}
    kinds = sorted(set(parsed.values()))
    held = np.zeros((len(kinds), len(genes)), dtype=bool)
    for row, some_genes in enumerate(kinds):
        held[row, list(some_genes)] = True
    place = {some_genes: k for k, some_genes in enumerate(kinds)}
    said = tuple(",".join(genes[i] for i in some_genes) or "wild type" for some_genes in kinds)
    return said, np.array([place[parsed[t]] for t in texts], dtype=np.int64), held


def _held(text: str, position: dict[str, int], key: str) -> tuple[int, ...]:
    if text.casefold() in _WILD_TYPE and text not in position:
        return ()
    names = [text] if text in position else [part.strip() for part in text.split(",") if part.strip()]
    for name in names:
        if name not in position:
            raise NameMatchError(
                f"{name!r} in the knock-out column {key!r} is not a gene of the data"
                f"{_recipe(name, position, key) or nearest(name, position)}. Write gene names (several with commas "
                "between), or leave wild type empty. Where the gene was filtered out, keep it; knockout_key=None "
                "(--knockout-key none) ignores the column"
            )
    return tuple(sorted({position[name] for name in names}))


def _recipe(name: str, position: dict[str, int], key: str) -> str:
    """How to make the gene's name of one with something before or behind it, such as G1_KO; empty if that is not it."""
    for gene in sorted((g for g in position if g and g in name), key=len, reverse=True):
        before, _, behind = name.partition(gene)
        if bool(before) == bool(behind) or (behind or before)[0 if behind else -1].isalnum():
            continue  # something on both sides, or another gene that has the same beginning
        change = f".str.removesuffix({behind!r})" if behind else f".str.removeprefix({before!r})"
        column = f"adata.obs[{key!r}]"
        return f"; {gene!r} is: {column} = {column}.astype(str){change}"
    return ""


def _flags(adata: AnnData, key: str) -> Bool[ndarray, " cells"]:
    values = plain(column(adata, key, "the steady-state key"))
    texts = ["" if pd.isna(v) else str(v).strip() for v in values]
    wrong = next((t for t in texts if t.casefold() not in _FLAGS), None)
    if wrong is not None:
        raise OptionError(
            f"the steady-state column {key!r} holds {wrong!r}; it must be true for samples without a time course, and "
            "false for all others; steady_key=None (--steady-key none) ignores the column"
        )
    return np.array([_FLAGS[t.casefold()] for t in texts], dtype=bool)


def check_steady(adata: AnnData, steady: Bool[ndarray, " cells"], time: Float[ndarray, " cells"], key: str) -> None:
    """Refuse samples that are said to be steady states and have a time too.

    Raises
    ------
    TimeError
        With an example and the fix.
    """
    both = np.flatnonzero(steady & ~np.isnan(time))
    if both.size:
        raise TimeError(
            f"{both.size:,} steady-state samples have a time in {key!r} ({some(adata.obs_names[both])} at "
            f"{time[both[0]]:g}); a sample without a time course has none: set the time to NaN there, or the "
            "steady-state column to False"
        )


def per_trajectory(
    kind: Int[ndarray, " cells"], group: Int[ndarray, " cells"], names: tuple[str, ...], kinds: tuple[str, ...]
) -> Int[ndarray, " series"]:
    """The kind of sample that each trajectory is.

    Raises
    ------
    KnockoutError
        If a gene is knocked out in a part of a trajectory only.
    """
    out = np.zeros(len(names), dtype=np.int64)
    out[group] = kind
    mixed = np.flatnonzero(out[group] != kind)
    if mixed.size:
        k = group[mixed[0]]
        raise KnockoutError(
            f"trajectory {names[k]!r} is {kinds[kind[mixed[0]]]} in some observations and {kinds[out[k]]} in others; a "
            "gene is knocked out in a whole trajectory or not at all. Name trajectories so that each is of one strain; "
            "what is switched during the experiment is a stimulus"
        )
    return out


def same_along(
    levels: Float[ndarray, "cells stimuli"],
    group: Int[ndarray, " cells"],
    names: tuple[str, ...],
    stimulus_names: tuple[str, ...],
) -> Float[ndarray, "series stimuli"]:
    """The level of each stimulus in each trajectory of cells.

    Raises
    ------
    StimulusError
        If it differs within one: along pseudotime there is no telling when it was switched.
    """
    out = np.zeros((len(names), levels.shape[1]))
    out[group] = levels
    apart = out[group] != levels
    if apart.any():
        row, k = np.argwhere(apart)[0]
        raise StimulusError(
            f"stimulus {stimulus_names[k]!r} varies among the cells of trajectory {names[group[row]]!r}; along "
            "pseudotime it must be the same in a whole trajectory: name trajectories by donor and treatment"
        )
    return out

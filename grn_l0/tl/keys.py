"""Where in an AnnData object the times, trajectories and expression are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from grn_l0 import pp
from grn_l0._errors import NameMatchError, nearest
from grn_l0.pp._columns import labels, numbers
from grn_l0.pp._conditions import stimulus_names
from grn_l0.pp._names import find_regulators
from grn_l0.timeseries import TimeSeries

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Columns and layer that make time series of an AnnData object, as `grn_l0.pp.to_timeseries` takes them."""

    time_key: str = "time"
    trajectory_key: str | None = None
    pseudotime_key: str | None = None
    layer: str | None = None
    n_bins: int | None = None
    branch_key: str | None = None
    stimulus_key: str | Sequence[str] | None = ()
    knockout_key: str | None = "auto"
    steady_key: str | None = "auto"
    replicates: Literal["mean", "separate"] | None = None

    def __post_init__(self) -> None:
        # One form for all ways to give it: keys come back from a file as lists, and are compared.
        object.__setattr__(self, "stimulus_key", stimulus_names(self.stimulus_key))

    def replace(
        self,
        time_key: str | None,
        trajectory_key: str | None,
        pseudotime_key: str | None,
        layer: str | None,
        n_bins: int | None,
    ) -> Keys:
        """These keys, with those that are not None put in their place."""
        return replace(
            self,
            time_key=time_key or self.time_key,
            trajectory_key=trajectory_key or self.trajectory_key,
            # Real time asked for by name ends pseudotime.
            pseudotime_key=pseudotime_key or (None if time_key else self.pseudotime_key),
            layer=layer or self.layer,
            n_bins=n_bins or self.n_bins,
        )

    def present(self, adata: AnnData) -> Keys:
        """These keys without the columns of conditions that `adata` lacks: stimuli are off there, genes wild type.

        A forecast warns of stimuli that it takes as off.
        """

        def there(key: str | None) -> str | None:
            return key if key in (None, "auto") or key in adata.obs else "auto"

        return replace(
            self,
            stimulus_key=tuple(key for key in stimulus_names(self.stimulus_key) if key in adata.obs),
            knockout_key=there(self.knockout_key),
            steady_key=there(self.steady_key),
        )

    def series(self, adata: AnnData, genes: tuple[str, ...] | None = None) -> TimeSeries:
        """Time series of the data, of these genes in this order.

        Raises
        ------
        NameMatchError
            If genes are not in the data.
        """
        if genes is not None and tuple(map(str, adata.var_names)) != genes:
            here = set(map(str, adata.var_names))
            missing = [g for g in genes if g not in here]
            if missing:
                why = find_regulators(list(map(str, adata.var_names)), genes, adata.var).message
                hint = f"; {rest}" if (rest := why.partition("; ")[2]) else nearest(missing[0], here)
                said = f"{len(missing)} of the model's {len(genes)} genes are not in the data, such as {missing[0]!r}"
                raise NameMatchError(said + hint)
            if adata.var_names.is_unique:  # else to_timeseries says so, by name
                adata = adata[:, list(genes)]
        return pp.to_timeseries(
            adata,
            time_key=self.time_key,
            trajectory_key=self.trajectory_key,
            pseudotime_key=self.pseudotime_key,
            layer=self.layer,
            n_bins=self.n_bins,
            branch_key=self.branch_key,
            stimulus_key=self.stimulus_key,
            knockout_key=self.knockout_key,
            steady_key=self.steady_key,
            replicates=self.replicates,
        )

    def observations(self, adata: AnnData, series: TimeSeries) -> pd.DataFrame:
        """A table like ``obs`` with one row per trajectory and observed time of `series`, in its order.

        Rows of `adata` as they are, without steady states, where each is one observation; where several were averaged
        to one, the trajectory, the time and ``n_cells``, what they count together.
        """
        there = np.isfinite(series.times)
        which, when = np.nonzero(there)
        names = [series.trajectories[k] for k in which]
        key, time = self.trajectory_key or "trajectory", self.pseudotime_key or self.time_key
        if self.pseudotime_key is None and self.replicates is None:
            rows = adata[~pp.is_steady(adata, self.steady_key)]
            _, group = labels(rows, self.trajectory_key, "the trajectory key")
            order = np.lexsort((numbers(rows, self.time_key, "the time key"), group))
            obs: pd.DataFrame = rows.obs.iloc[order].copy()
            obs[time] = series.times[there]
            if key not in obs:
                obs[key] = pd.Categorical(names)
            return obs
        count = np.asarray(series.weights)[there]
        return pd.DataFrame(
            {key: pd.Categorical(names), time: series.times[there], "n_cells": np.rint(count).astype(np.int64)},
            index=[f"{name}:{j}" for name, j in zip(names, when, strict=True)],
        )

"""Where in an AnnData object the times, trajectories and expression are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from grn_l0 import pp
from grn_l0._errors import NameMatchError, nearest
from grn_l0.timeseries import TimeSeries

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Columns and layer that make time series of an AnnData object, as `grn_l0.pp.to_timeseries` takes them.

    Raises
    ------
    OptionError
        If `replicates` is no way to treat them.
    """

    time_key: str = "time"
    trajectory_key: str | None = None
    pseudotime_key: str | None = None
    layer: str | None = None
    n_bins: int | None = None
    branch_key: str | None = None
    stimulus_key: tuple[str, ...] = ()
    knockout_key: str | None = "auto"
    steady_key: str | None = "auto"
    replicates: Literal["mean", "separate"] | None = None

    def __post_init__(self) -> None:
        given: str | Iterable[str] | None = self.stimulus_key
        names = () if given is None else (given,) if isinstance(given, str) else tuple(given)
        object.__setattr__(self, "stimulus_key", names)

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
                raise NameMatchError(
                    f"{len(missing)} of the model's {len(genes)} genes are not in the data, such as {missing[0]!r}"
                    f"{nearest(missing[0], here)}"
                )
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

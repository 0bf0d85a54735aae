"""Forecasts of other data, and models read back from a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0._typing import PathLikeStr
from grn_l0.fit import Gates, Measurement
from grn_l0.tl.inference import Inference
from grn_l0.tl.keys import Keys

if TYPE_CHECKING:
    from anndata import AnnData

#: Entry of uns that holds the errors of a forecast.
FORECAST_KEY = "grn_l0_forecast"


def load(path: PathLikeStr) -> Inference:
    """Read a model that `Inference.save` wrote.

    Raises
    ------
    FileFormatError
        If the file is not such a model.
    """
    from grn_l0.fit import load_model

    fit = load_model(path)
    kept = fit.options.get("keys", {})
    return Inference(fit=fit, keys=Keys(**kept))


def forecast(
    result: Inference,
    adata: AnnData,
    *,
    time_key: str | None = None,
    trajectory_key: str | None = None,
    pseudotime_key: str | None = None,
    layer: str | None = None,
    n_bins: int | None = None,
    measurement: Measurement = "auto",
    gates: Gates = "hard",
    context: AnnData | None = None,
    hold: Mapping[str, float] | None = None,
    device: str = "cpu",
) -> AnnData:
    """Forecasts beside the data they are about.

    Parameters
    ----------
    result
        What `infer` returned, or `load` read.
    adata
        Observations over time of the model's genes, with the columns of `obs` that say which stimuli acted and what was
        knocked out.
    time_key, trajectory_key, pseudotime_key, layer, n_bins
        As in `infer`; those of the fit by default.
    measurement
        What a step starts from. "exact": the measured values. "present": a state guessed from the same values, with the
        help of all genes. "noisy": a state filtered from the measurements so far. "auto": "present" where leaving out
        blocks of the training series has shown that it forecasts better, "exact" otherwise.
    gates
        "hard": the network's edges. "expected": every candidate edge by its probability.
    context
        Other measurements of the same trajectories, before or after, that may be used: a gap in a series is then
        interpolated from both sides. See `FitResult.forecast`.
    hold
        Genes that are held at a value in all series from the first time on, such as ``{"GATA1": 0.0}`` for a
        knock-out; expression units. See `FitResult.forecast`.
    device
        Where the equations are solved: "cpu", "cuda" (or "cuda:1"), "auto".

    Returns
    -------
    AnnData
        One observation per trajectory and time, in this order: X as measured, with the names and columns of `obs` that
        it has in `adata` (a bin of cells along pseudotime has its mean pseudotime and ``n_cells``); layers
        ``one_step`` (from the observation before; the first is the measurement itself) and ``full`` (from the first
        observation), and in ``uns["grn_l0_forecast"]`` the mean squared errors ``mse_one_step``, ``mse_full``,
        ``mse_persistence`` and ``mse_gene_mean`` with the number ``n`` of predicted values.

    Raises
    ------
    NameMatchError
        If genes of the model are not in the data, or a gene to be held is not in the model.
    OptionError
        For an option that this fit cannot serve.

    Warns
    -----
    GrnWarning
        If the column of a stimulus is missing; it is taken as off.
    """
    from anndata import AnnData as Annotated

    keys = result.keys.replace(time_key, trajectory_key, pseudotime_key, layer, n_bins)
    known = None if context is None else keys.present(context).series(context, result.fit.genes)
    keys = keys.present(adata)
    series = keys.series(adata, result.fit.genes)
    courses = result.fit.forecast(series, measurement=measurement, gates=gates, context=known, hold=hold, device=device)
    there = np.isfinite(series.times)
    free = [gene not in (hold or {}) for gene in series.genes]
    obs = keys.observations(adata, series)
    forecasts = Annotated(
        series.values[there],
        obs=obs,
        var=pd.DataFrame(index=list(series.genes)),
        layers={"one_step": courses.one_step[there], "full": courses.full[there]},
    )
    forecasts.uns[FORECAST_KEY] = {
        "mse_one_step": float(courses.mse_one_step),
        "mse_full": float(courses.mse_full),
        "mse_persistence": float(courses.mse_persistence),
        "mse_gene_mean": float(courses.mse_gene_mean),
        "n": int(series.mask[:, 1:, free].sum()),
    }
    return forecasts

"""Forecasts of other data, and models read back from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0._typing import PathLikeStr
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
) -> AnnData:
    """Forecasts beside the data they are about.

    Parameters
    ----------
    result
        What `infer` returned, or `load` read.
    adata
        Observations over time of the model's genes.
    time_key, trajectory_key, pseudotime_key, layer, n_bins
        As in `infer`; those of the fit by default.

    Returns
    -------
    AnnData
        One observation per trajectory and time: X as measured, layers ``one_step`` (from the observation before;
        the first is the measurement itself) and ``full`` (from the first observation), and in
        ``uns["grn_l0_forecast"]`` the mean squared errors ``mse_one_step``, ``mse_full``, ``mse_persistence`` and
        ``mse_gene_mean`` with the number ``n`` of predicted values.

    Raises
    ------
    NameMatchError
        If genes of the model are not in the data.
    """
    from anndata import AnnData as Annotated

    keys = result.keys.replace(time_key, trajectory_key, pseudotime_key, layer, n_bins)
    series = keys.series(adata, result.fit.genes)
    courses = result.fit.forecast(series)
    there = np.isfinite(series.times)
    which, when = np.nonzero(there)
    names = [series.trajectories[k] for k in which]
    obs = pd.DataFrame(
        {keys.trajectory_key or "trajectory": pd.Categorical(names), keys.time_key: series.times[there]},
        index=[f"{name}:{j}" for name, j in zip(names, when, strict=True)],
    )
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
        "n": int(series.mask[:, 1:].sum()),
    }
    return forecasts

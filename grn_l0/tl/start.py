"""The posterior start, from positions and a table of prior edges."""

from __future__ import annotations

import pandas as pd

from grn_l0 import posterior
from grn_l0._typing import Int, Progress, ndarray
from grn_l0.network import edges_to_matrix
from grn_l0.posterior.start import Start
from grn_l0.timeseries import TimeSeries


def make_start(
    series: TimeSeries,
    regulators: Int[ndarray, " regulators"],
    prior: pd.DataFrame | None,
    config: posterior.PosteriorConfig,
    seed: int,
    progress: Progress | None,
) -> Start:
    """Gates, weights and nuisance parameters from which the gated ODE starts.

    Parameters
    ----------
    series
        The data.
    regulators
        Positions of the R candidate regulators.
    prior
        Edges source, target, weight among them, or None.
    config
        Settings of the chain.
    seed
        Of every random draw.
    progress
        Called as rounds go by.
    """
    known = None
    if prior is not None:
        names = [series.genes[j] for j in regulators]
        known = posterior.Prior(listed=edges_to_matrix(prior, names, series.genes, column="weight") != 0)
    return posterior.infer_start(series, regulators, prior=known, config=config, seed=seed, progress=progress)

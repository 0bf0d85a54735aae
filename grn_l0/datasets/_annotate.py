"""Arrays to AnnData, the same way for every data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.sparse import csr_matrix

from grn_l0._typing import Float, ndarray


def annotate(
    values: Float[ndarray, "series times genes"],
    times: Float[ndarray, "series times"],
    genes: Sequence[str],
    *,
    trajectories: Sequence[str] | None = None,
    truth: Float[ndarray, "genes genes"] | None = None,
    about: dict[str, str | float | int] | None = None,
) -> AnnData:
    """One observation per trajectory and time.

    Parameters
    ----------
    values, times
        Padded with NaN; the padding is left out.
    genes, trajectories
        Names; trajectories are ``s0``, ``s1``, ... by default.
    truth
        Signed network, regulators x targets, stored as ``varp["truth"]``.
    about
        Stored as ``uns["dataset"]``.
    """
    names = [f"s{k}" for k in range(len(values))] if trajectories is None else [*trajectories]
    series, step = np.nonzero(np.isfinite(times))
    obs = pd.DataFrame(
        {
            "time": times[series, step],
            "trajectory": pd.Categorical([names[k] for k in series], categories=names),
        },
        index=[f"{names[k]}_{j}" for k, j in zip(series, step, strict=True)],
    )
    adata = AnnData(values[series, step].astype(np.float32), obs=obs, var=pd.DataFrame(index=pd.Index([*genes])))
    if truth is not None:
        adata.varp["truth"] = csr_matrix(truth)
    if about is not None:
        adata.uns["dataset"] = about
    return adata

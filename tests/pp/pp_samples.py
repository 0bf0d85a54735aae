"""Small AnnData objects for the tests of pp."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd


def series(s: int = 4, t: int = 5, g: int = 6, seed: int = 0) -> ad.AnnData:
    """`s` trajectories x `t` times, one row each, in order."""
    rng = np.random.default_rng(seed)
    obs = pd.DataFrame(
        {"trajectory": np.repeat([f"s{k}" for k in range(s)], t), "time": np.tile(np.arange(t, dtype=float), s)},
        index=[f"c{k}" for k in range(s * t)],
    )
    var = pd.DataFrame(index=[f"g{k}" for k in range(g)])
    return ad.AnnData(rng.random((s * t, g)).astype(np.float32), obs=obs, var=var)


def cells(numbers: dict[str, int], g: int = 6, seed: int = 0) -> ad.AnnData:
    """Cells of donors along pseudotime, unsorted."""
    rng = np.random.default_rng(seed)
    donor = np.repeat(list(numbers), list(numbers.values()))
    dpt = np.concatenate([rng.permutation(np.linspace(0, 1, n)) for n in numbers.values()])
    obs = pd.DataFrame({"donor": donor, "dpt": dpt}, index=[f"c{k}" for k in range(len(donor))])
    x = dpt[:, None] + 0.1 * rng.random((len(donor), g))
    return ad.AnnData(x, obs=obs, var=pd.DataFrame(index=[f"g{k}" for k in range(g)]))

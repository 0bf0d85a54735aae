"""The trajectory CSV format of the PHOENIX and DASH repositories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from grn_l0._errors import FileFormatError
from grn_l0._typing import Float, PathLikeStr, ndarray


def read_trajectories(
    path: PathLikeStr,
) -> tuple[Float[ndarray, "series times genes"], Float[ndarray, "series times"]]:
    """Read ``genes,samples,,,``, then per sample one row per gene and one row of times.

    Short samples are padded by empty cells or NaN.

    Returns
    -------
    values
        Shape (S, T, N), NaN in the padding.
    times
        Shape (S, T), NaN in the padding, which stands at the end.

    Raises
    ------
    FileFormatError
        If the file has another form.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8") as file:
            head = file.readline().split(",")
            genes, samples = int(head[0]), int(head[1])
            table = pd.read_csv(file, header=None, names=range(len(head)), dtype=np.float64)
    except (UnicodeDecodeError, ValueError, IndexError) as error:
        raise FileFormatError(f"{path} is not a trajectory file (genes,samples, then numbers): {error}") from error
    rows = table.to_numpy()
    if rows.shape[0] != samples * (genes + 1):
        raise FileFormatError(
            f"{path} has {rows.shape[0]} rows of numbers; {samples} samples of {genes} genes and a row of times "
            f"make {samples * (genes + 1)}"
        )
    blocks = rows.reshape(samples, genes + 1, rows.shape[1]).transpose(0, 2, 1)
    times = blocks[:, :, -1].copy()
    used = np.isfinite(times).any(axis=0)
    return blocks[:, used, :-1].copy(), times[:, used]

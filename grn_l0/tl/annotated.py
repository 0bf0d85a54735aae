"""AnnData files that come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grn_l0._atomic import atomic_path
from grn_l0._errors import MissingKeyError, nearest
from grn_l0._typing import PathLikeStr

if TYPE_CHECKING:
    from anndata import AnnData


def write_annotated(adata: AnnData, path: PathLikeStr) -> None:
    """Write an AnnData object to a file, which appears whole or not at all.

    Raises
    ------
    OutputError
        If the folder does not exist.
    """
    with atomic_path(path) as temporary:
        adata.write_h5ad(temporary)


def edges_of(adata: AnnData, key: str) -> pd.DataFrame:
    """Edges of a genes × genes matrix in ``adata.varp``, as a table source, target, sign.

    Raises
    ------
    MissingKeyError
        If there is no such matrix.
    """
    if key not in adata.varp:
        known = list(map(str, adata.varp.keys()))
        raise MissingKeyError(f"varp has no {key!r}; it has {', '.join(known) or 'nothing'}{nearest(key, known)}")
    matrix = adata.varp[key]
    dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
    source, target = np.nonzero(dense)
    names = adata.var_names.to_numpy(dtype=object)
    sign = np.sign(dense[source, target]).astype(int)
    return pd.DataFrame({"source": names[source], "target": names[target], "sign": sign})

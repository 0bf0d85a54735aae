"""AnnData files that come out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

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
        if adata.isbacked and not adata.is_view:
            _write_backed(adata, temporary)
        else:
            adata.write_h5ad(temporary)


def _write_backed(adata: AnnData, path: Path) -> None:
    """A copy of the file, with everything but the expression that is on disk written anew.

    The method of AnnData would read it all, and make the object belong to the new file.
    """
    import h5py
    from anndata.io import write_elem

    shutil.copyfile(adata.filename, path)
    with h5py.File(path, "r+") as file:
        parts = {name: dict(getattr(adata, name)) for name in ("uns", "obsm", "varm", "obsp", "varp")}
        for name, part in {"obs": adata.obs, "var": adata.var, **parts}.items():
            if name in file:
                del file[name]
            write_elem(file, name, part)
        for name, layer in adata.layers.items():
            if isinstance(layer, np.ndarray) or sparse.issparse(layer):
                if f"layers/{name}" in file:
                    del file[f"layers/{name}"]
                write_elem(file, f"layers/{name}", layer)


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
    # A sparse matrix stays one: a genome's is a hundred times larger when dense.
    source, target = matrix.nonzero()
    names = adata.var_names.to_numpy(dtype=object)
    sign = np.sign(np.asarray(matrix[source, target])).ravel().astype(int)
    return pd.DataFrame({"source": names[source], "target": names[target], "sign": sign})

"""AnnData files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grn_l0._errors import FileFormatError
from grn_l0._optional import import_optional
from grn_l0._typing import PathLikeStr
from grn_l0.pp._say import existing_file

if TYPE_CHECKING:
    from anndata import AnnData

#: Bytes of X and layers from which on they stay on disk where that is left to `read`.
BACKED_FROM = 2**30

#: How to get from a neighbouring format to .h5ad; the call is scanpy's or anndata's unless said otherwise.
_CONVERSIONS = {
    ".h5": "if it comes from 10x Cell Ranger, read it with scanpy.read_10x_h5",
    ".loom": "read it with anndata.io.read_loom",
    ".zarr": "read it with anndata.read_zarr",
    ".mtx": "read its folder with scanpy.read_10x_mtx",
    ".csv": "read it with scanpy.read_csv (rows are observations; add the time as a column of adata.obs)",
    ".tsv": "read it with scanpy.read_text (rows are observations; add the time as a column of adata.obs)",
    ".txt": "read it with scanpy.read_text (rows are observations; add the time as a column of adata.obs)",
    ".xlsx": "read it with scanpy.read_excel (rows are observations; add the time as a column of adata.obs)",
    ".rds": "convert the R object with zellkonverter::writeH5AD",
    ".h5seurat": "convert it in R with SeuratDisk::Convert(..., dest = 'h5ad')",
}


def read(path: PathLikeStr, *, backed: bool | Literal["auto"] = False) -> AnnData:
    """AnnData object from a .h5ad file.

    Parameters
    ----------
    path
        The file.
    backed
        Leave ``X`` and the layers on disk (read-only); `to_timeseries` then reads them block by block. "auto" does so
        if they hold 1 GiB or more. Close such a file with ``adata.file.close()``.

    Raises
    ------
    FileFormatError
        If nothing is there, the suffix is not .h5ad (with the way to convert), or the content is not AnnData.
    """
    path = existing_file(path, "one .h5ad file")
    suffix = path.suffix.lower()
    if suffix == ".gz":
        raise FileFormatError(f"{path} is compressed; unpack it first: gunzip {path.name}")
    if suffix != ".h5ad":
        how = _CONVERSIONS.get(suffix, "read it with scanpy")
        raise FileFormatError(f"{path} is not a .h5ad file; {how}, then save it with adata.write_h5ad('data.h5ad')")
    size = _check_content(str(path))
    if backed == "auto":
        backed = size >= BACKED_FROM
    import anndata

    with warnings.catch_warnings():
        # Names that are not unique get an error of ours if they are gene names, and do not matter otherwise.
        warnings.filterwarnings("ignore", message=".* names are not unique")
        try:
            return _on_disk(path) if backed else anndata.read_h5ad(path)
        except Exception as error:  # h5py and anndata raise many types for a file that is damaged
            text = " ".join(str(error).split())[:300]
            raise FileFormatError(f"{path} cannot be read as AnnData; it may be damaged ({text})") from error


def _on_disk(path: Path) -> AnnData:
    """Backed as anndata does it, but with layers, which it would read, left on disk as well."""
    import anndata
    import h5py
    from anndata.io import read_elem, sparse_dataset

    with h5py.File(path, "r") as file:
        old = isinstance(file["obs"], h5py.Dataset)
        parts: dict[str, Any] = {}
        if not old and len(file.get("layers", ())):
            names = ("obs", "var", "obsm", "varm", "obsp", "varp", "uns")
            parts = {name: read_elem(file[name]) for name in names if name in file}
            if "raw" in file:
                parts["raw"] = {name: read_elem(file["raw"][name]) for name in ("var", "varm") if name in file["raw"]}
    if not parts:
        return anndata.read_h5ad(path, backed="r")
    adata = anndata.AnnData(**parts, filename=path, filemode="r")
    for name, stored in adata.file["layers"].items():
        adata.layers[name] = sparse_dataset(stored) if isinstance(stored, h5py.Group) else stored
    return adata


def _check_content(path: str) -> int:
    """Refuse what is not an AnnData file; bytes of X and layers as they would be in memory."""
    h5py = import_optional("h5py", purpose="reading .h5ad files")

    if not h5py.is_hdf5(path):
        raise FileFormatError(f"{path} is not an AnnData file, whatever its suffix; write it with adata.write_h5ad")
    try:
        with h5py.File(path, "r") as file:
            names = set(file)
            size = 0

            def add(name: str, item: Any) -> None:
                nonlocal size
                if isinstance(item, h5py.Dataset) and name.split("/")[0] in ("X", "layers"):
                    size += item.size * item.dtype.itemsize

            file.visititems(add)
    except OSError as error:
        raise FileFormatError(f"{path} cannot be opened; the file is damaged or incomplete ({error})") from error
    if not {"obs", "var"} <= names:
        ten_x = names & {"matrix", "GRCh38", "mm10"}
        hint = "it looks like 10x Cell Ranger output: scanpy.read_10x_h5 reads it" if ten_x else "it lacks obs and var"
        raise FileFormatError(f"{path} is an HDF5 file, but not an AnnData file; {hint}")
    return size

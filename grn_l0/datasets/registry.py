"""The list of published files: where each comes from, its licence and its checksum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import quote

import pandas as pd

from grn_l0._errors import DatasetError, nearest


@dataclass(frozen=True, kw_only=True)
class Entry:
    r"""One published file.

    Attributes
    ----------
    repository, commit
        GitHub repository and the commit that is pinned.
    licence
        SPDX name of the repository's licence.
    path
        Folder named after the repository, then the path inside it.
    bytes
        Size; 0 where only the git blob is known.
    sha256
        Checksum; empty for a file that is known by its git blob only.
    git_blob_sha1
        ``sha1("blob <size>\0<bytes>")``; empty where `sha256` is known.
    instead
        What serves when the file cannot be had; empty if nothing does.
    """

    repository: str
    commit: str
    licence: str
    path: str
    bytes: int
    sha256: str
    git_blob_sha1: str
    instead: str

    @property
    def url(self) -> str:
        """Address of exactly this version."""
        inside = self.path.split("/", 1)[1]
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{quote(inside)}"

    @property
    def network_only(self) -> bool:
        """Whether no mirror holds this file: it comes from the network or not at all."""
        return not self.sha256


@cache
def _entries() -> dict[str, Entry]:
    source = resources.files("grn_l0.datasets").joinpath("registry.tsv")
    with source.open(encoding="utf-8") as file:
        table = pd.read_csv(file, sep="\t", dtype=str, keep_default_na=False)
    rows = table.to_dict(orient="records")
    fields = [{str(key): str(value) for key, value in row.items()} for row in rows]
    return {
        f["path"]: Entry(**{k: v for k, v in f.items() if k != "bytes"}, bytes=int(f["bytes"] or 0)) for f in fields
    }


def registry() -> pd.DataFrame:
    """All published files that the package knows, one row each.

    Returns
    -------
    Table name, repository, commit, licence, path, bytes, sha256, git_blob_sha1, instead, url. `name` is what
    :func:`~grn_l0.datasets.fetch` takes; so is `path`.
    """
    return pd.DataFrame(
        [
            {"name": path.rsplit("/", 1)[1], **{k: getattr(e, k) for k in Entry.__dataclass_fields__}, "url": e.url}
            for path, e in _entries().items()
        ]
    )


def entry(name: str) -> Entry:
    """The file of this name, or of this path.

    Raises
    ------
    DatasetError
        If there is none; the message names the closest.
    """
    known = _entries()
    if name in known:
        return known[name]
    by_name = {path.rsplit("/", 1)[1]: found for path, found in known.items()}
    if name in by_name:
        return by_name[name]
    raise DatasetError(f"there is no published file {name!r}{nearest(name, by_name)}; see grn_l0.datasets.registry()")

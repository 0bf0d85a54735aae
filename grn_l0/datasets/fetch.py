"""Getting a published file: from a local mirror, the cache, or the network, always checked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from grn_l0._errors import DatasetError
from grn_l0.datasets.registry import Entry, entry

#: Environment variable that names a folder holding the registry's paths.
MIRROR = "GRN_L0_DATA"


def fetch(name: str) -> Path:
    """A local copy of a published file.

    The folder named by the environment variable ``GRN_L0_DATA`` is looked at first, then the user's cache, then the
    pinned commit is downloaded. Wherever it comes from, its checksum must be the registry's.

    Parameters
    ----------
    name
        Name or path in :func:`~grn_l0.datasets.registry`.

    Raises
    ------
    DatasetError
        If the name is unknown, the file can be had nowhere, or its content is not the published one.
    """
    wanted = entry(name)
    mirror = os.environ.get(MIRROR)
    if mirror:
        local = Path(mirror).expanduser() / wanted.path
        if local.is_file():
            if not _is_published(local, wanted):
                raise DatasetError(
                    f"{local} is not the published file (its checksum differs); replace it by {wanted.url}, or "
                    f"unset {MIRROR} to download it"
                )
            return local
    return _download(wanted, mirror)


def _download(wanted: Entry, mirror: str | None) -> Path:
    import pooch

    folder = Path(pooch.os_cache("grn_l0")) / wanted.commit[:12] / Path(wanted.path).parent
    known_hash = None if wanted.network_only else f"sha256:{wanted.sha256}"
    try:
        path = Path(pooch.retrieve(wanted.url, known_hash, fname=Path(wanted.path).name, path=folder))
    except (OSError, ValueError) as error:
        raise DatasetError(_unreachable(wanted, mirror, error)) from error
    if not _is_published(path, wanted):
        path.unlink()
        raise DatasetError(f"what {wanted.url} sent is not the published file (its checksum differs); try again later")
    return path


def _unreachable(wanted: Entry, mirror: str | None, error: Exception) -> str:
    where = f"not in {MIRROR}={mirror}" if mirror else f"{MIRROR} is not set"
    parts = [
        f"{Path(wanted.path).name} is missing: {where}, and it cannot be downloaded from {wanted.url} "
        f"({type(error).__name__})",
        f"Put the file at {wanted.path} in a folder of your choice and set {MIRROR} to that folder",
    ]
    if wanted.instead:
        parts.append(f"Without it, use {wanted.instead}")
    return ". ".join(parts)


def _is_published(path: Path, wanted: Entry) -> bool:
    content = path.read_bytes()
    if wanted.network_only:
        # Git's own name of a file's content, which is known even where the content was never seen.
        header = f"blob {len(content)}\0".encode()
        return hashlib.sha1(header + content, usedforsecurity=False).hexdigest() == wanted.git_blob_sha1
    return hashlib.sha256(content).hexdigest() == wanted.sha256

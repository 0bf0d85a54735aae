"""Networks to files, by suffix. A new format is one more writer and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from grn_l0._atomic import atomic_path
from grn_l0._typing import PathLikeStr
from grn_l0.network.graphml import write_graphml
from grn_l0.network.suffix import TABLE_SUFFIXES, check_suffix
from grn_l0.network.tables import write_edges

if TYPE_CHECKING:
    from grn_l0.network.network import Network

WRITERS: Mapping[str, Callable[[Network, Path], None]] = {
    ".graphml": write_graphml,
    ".tsv": lambda network, path: write_edges(network, path, ".tsv"),
    ".csv": lambda network, path: write_edges(network, path, ".csv"),
    ".parquet": lambda network, path: write_edges(network, path, ".parquet"),
}


def write_network(network: Network, path: PathLikeStr) -> None:
    """Write the edges that survived, see `Network.write`."""
    writer = WRITERS[check_suffix(path, WRITERS)]
    with atomic_path(path) as temporary:
        writer(network, temporary)


def write_scores(network: Network, path: PathLikeStr) -> None:
    """Write every candidate edge, see `Network.write_scores`."""
    suffix = check_suffix(path, TABLE_SUFFIXES)
    with atomic_path(path) as temporary:
        write_edges(network, temporary, suffix, every=True)

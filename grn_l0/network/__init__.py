"""Scored, signed networks, and their files."""

from grn_l0.network.candidates import all_candidates
from grn_l0.network.columns import find_columns
from grn_l0.network.frame import edges_to_matrix
from grn_l0.network.network import Network
from grn_l0.network.read import read_edges, read_network, read_universe, tidy_edges
from grn_l0.network.suffix import NETWORK_SUFFIXES, TABLE_SUFFIXES, check_suffix, name_of_file

__all__ = [
    "NETWORK_SUFFIXES",
    "TABLE_SUFFIXES",
    "Network",
    "all_candidates",
    "check_suffix",
    "edges_to_matrix",
    "find_columns",
    "name_of_file",
    "read_edges",
    "read_network",
    "read_universe",
    "tidy_edges",
]

"""From an AnnData object, and the tables beside it, to what the methods take: checked here, once."""

from grn_l0.pp._conditions import is_steady
from grn_l0.pp._names import NameMatch, find_regulators, match_regulators
from grn_l0.pp._prior import match_prior
from grn_l0.pp._pseudotime import Bins, bin_cells, default_bins
from grn_l0.pp._read import read
from grn_l0.pp._tables import read_names, read_table
from grn_l0.pp._timeseries import to_timeseries
from grn_l0.pp._write_back import read_back, write_back

__all__ = [
    "Bins",
    "NameMatch",
    "bin_cells",
    "default_bins",
    "find_regulators",
    "is_steady",
    "match_prior",
    "match_regulators",
    "read",
    "read_back",
    "read_names",
    "read_table",
    "to_timeseries",
    "write_back",
]

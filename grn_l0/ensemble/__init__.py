"""Resampling: how often each edge is found when the data are drawn anew, and how many false ones to expect."""

from grn_l0.ensemble.error_control import Bound, choose_threshold, expected_false
from grn_l0.ensemble.resample import resample
from grn_l0.ensemble.result import Ensemble
from grn_l0.ensemble.subsets import Scheme, Subsets
from grn_l0.ensemble.top import Top

__all__ = ["Bound", "Ensemble", "Scheme", "Subsets", "Top", "choose_threshold", "expected_false", "resample"]

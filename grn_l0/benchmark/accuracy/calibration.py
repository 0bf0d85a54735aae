"""How well the scores of the default are calibrated, pooled over the systems of each group of cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grn_l0 import metrics
from grn_l0.benchmark.accuracy.cases import CASES
from grn_l0.benchmark.accuracy.cell import Record
from grn_l0.benchmark.methods import OURS
from grn_l0.benchmark.table import reliability_lines


def pooled(records: Sequence[Record]) -> dict[str, metrics.Reliability]:
    """Reliability of our default, pooled over the systems of each group."""
    groups: dict[str, metrics.Reliability] = {}
    for record in records:
        if record["method"] == OURS.name and "reliability" in record:
            counts = metrics.Reliability(**{k: np.asarray(v) for k, v in record["reliability"].items()})
            group = CASES[record["case"]].group
            groups[group] = groups[group] + counts if group in groups else counts
    return groups


def section(records: Sequence[Record]) -> list[str]:
    """The reliability tables as parts of the report; nothing without records."""
    tables = [part for name, counts in pooled(records).items() for part in reliability_lines(name, counts)]
    return ["## Calibration of the default", *tables] if tables else []

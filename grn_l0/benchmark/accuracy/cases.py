"""Every case of the accuracy benchmark. A family of cases is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from grn_l0.benchmark.accuracy import cases_designs, cases_published, cases_sim350
from grn_l0.benchmark.accuracy.case import Case

#: By name, in the order of the report.
CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        *cases_sim350.cases(),
        *cases_designs.cases(),
        *cases_published.cases(),
    )
}

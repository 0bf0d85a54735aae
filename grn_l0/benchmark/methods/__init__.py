"""Every method of the accuracy benchmark, listed once: a new one is an adapter and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from grn_l0.benchmark.methods import forests, ours, pathreg, phoenix, quick, sindy
from grn_l0.benchmark.methods.method import Answer, Forecaster, Method, Role, Task
from grn_l0.benchmark.methods.ours import Variant
from grn_l0.benchmark.methods.variants import VARIANTS

OURS = Method(name="grn_l0", run=ours.infer, role="ours", about="The default.", limit_s=ours.LIMIT_S)

#: By name, in the order of the tables.
METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        OURS,
        *(variant.method() for variant in VARIANTS),
        *phoenix.METHODS,
        *pathreg.METHODS,
        *sindy.METHODS,
        quick.TREES,
        *forests.METHODS,
        *quick.METHODS,
    )
}

__all__ = ["METHODS", "OURS", "VARIANTS", "Answer", "Forecaster", "Method", "Role", "Task", "Variant"]

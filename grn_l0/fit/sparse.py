"""Which gates a fit trains, and what keeps them closed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from grn_l0._errors import OptionError

GateName = Literal["hard-concrete", "diffprune"]
SparsityName = Literal["penalty", "constraint", "none"]
CriterionName = Literal["aic", "bic", "ebic"]
GroupName = Literal["regulator", "target"]
#: How gates are opened without a posterior.
Opening = Literal["mean-field", "pursuit"]


@dataclass(frozen=True, kw_only=True)
class SparseConfig:
    """Gates and their sparsity, in words; `fit` makes the objects once it knows the data.

    Parameters
    ----------
    gate
        "hard-concrete" or "diffprune".
    stochastic
        Whether DiffPrune's gates are drawn while they are trained (hard concrete gates always are).
    sparsity
        "penalty": open gates cost nats. "constraint": their expected share of all candidates is at most `density`
        while they are trained, and so many edges are reported: the likeliest, to the nearest edge, whether or not the
        data support them. "none": they cost nothing but the weight's prior.
    criterion
        The cost in place of the one learned with the posterior, the same for every edge of a target: "aic" 1 nat,
        "bic" 0.5 log n nats for n measurements of the target, "ebic" 0.5 log n + log R for R candidate regulators. It
        covers the weight, too. Edges that did not stand out from decoys stay closed.
    penalty
        The same as a number of nats per edge.
    density
        Of the constraint, above 0 and up to 1.
    group
        A gate for all edges of a "regulator" or a "target", too, by which the edges' own gates are multiplied.
    restart
        Whether the constraint's multiplier returns to 0 once the constraint holds. Not needed here, since gates and
        multiplier start where it holds.
    dual_rate
        Nats by which the multiplier rises in a step in which twice the density asked for is open.

    Raises
    ------
    OptionError
        For values out of range and for combinations that contradict each other, with the reason.
    """

    gate: GateName = "hard-concrete"
    stochastic: bool = False
    sparsity: SparsityName = "penalty"
    criterion: CriterionName | None = None
    penalty: float | None = None
    density: float | None = None
    group: GroupName | None = None
    restart: bool = False
    dual_rate: float = 0.3

    def __post_init__(self) -> None:
        choices = {
            "gate": ("hard-concrete", "diffprune"),
            "sparsity": ("penalty", "constraint", "none"),
            "criterion": (None, "aic", "bic", "ebic"),
            "group": (None, "regulator", "target"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                words = " or ".join(repr(word) for word in allowed if word is not None)
                raise OptionError(f"{name} must be {words}, not {getattr(self, name)!r}")
        for name in ("penalty", "density", "dual_rate"):
            if not isinstance(getattr(self, name), (int, float, type(None))):
                raise OptionError(f"{name} must be a number, not {getattr(self, name)!r}")
        if self.penalty is not None and not (math.isfinite(self.penalty) and self.penalty >= 0):
            raise OptionError(f"penalty must be a number of nats per edge, 0 or more, not {self.penalty}")
        if self.density is not None and not 0 < self.density <= 1:
            raise OptionError(
                f"density must be a share of the candidates, above 0 and up to 1 (1 % is 0.01), not {self.density}"
            )
        if not (math.isfinite(self.dual_rate) and self.dual_rate > 0):
            raise OptionError(f"dual_rate must be a positive number, not {self.dual_rate}")
        for name, found, reason in self._contradictions():
            if found:
                raise OptionError(f"{name}: {reason}")

    def _contradictions(self) -> list[tuple[str, bool, str]]:
        priced = self.criterion is not None or self.penalty is not None
        constraint = self.sparsity == "constraint"
        return [
            (
                "criterion and penalty",
                self.criterion is not None and self.penalty is not None,
                "both say what an edge costs; give one of them",
            ),
            (
                "criterion or penalty with sparsity constraint",
                priced and constraint,
                "a constraint finds its own price; leave out the price, or the constraint",
            ),
            (
                "criterion or penalty with sparsity none",
                priced and self.sparsity == "none",
                "open gates cost nothing then; leave out the price, or sparsity",
            ),
            ("sparsity constraint", constraint and self.density is None, "say which density, such as 0.01"),
            (
                f"density {self.density} with sparsity {self.sparsity}",
                self.density is not None and not constraint,
                "a density is kept by sparsity constraint",
            ),
            (
                "stochastic",
                self.stochastic and self.gate != "diffprune",
                "hard concrete gates are always drawn; it is for diffprune",
            ),
        ]

    @property
    def decides(self) -> bool:
        """Whether a price or density of one's own says which edges are reported, and so how open gates start."""
        return self.priced or self.density is not None

    @property
    def priced(self) -> bool:
        """Whether edges cost something else than what was learned with the posterior."""
        return self.sparsity == "none" or self.criterion is not None or self.penalty is not None

"""Options of ``grn-l0 infer`` that choose gates, their sparsity and the production."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from grn_l0.fit import SparseConfig


class GateName(StrEnum):
    """Kinds of gates."""

    hard_concrete = "hard-concrete"
    diffprune = "diffprune"


class SparsityName(StrEnum):
    """What keeps gates closed."""

    penalty = "penalty"
    constraint = "constraint"
    none = "none"


class CriterionName(StrEnum):
    """Named prices of an edge."""

    aic = "aic"
    bic = "bic"
    ebic = "ebic"


class GroupName(StrEnum):
    """What edges share a gate by."""

    regulator = "regulator"
    target = "target"


class DynamicsName(StrEnum):
    """Families of production."""

    linear = "linear"
    logistic = "logistic"
    sum_product = "sum-product"
    mlp = "mlp"


Gate = Annotated[GateName, typer.Option("--gate", help="Kind of the gates on edges.")]
Sparsity = Annotated[
    SparsityName | None,
    typer.Option(
        "--sparsity",
        help="What keeps gates closed: nats per open gate, a density asked for, or nothing.  "
        "[default: penalty; constraint with --density]",
    ),
]
Criterion = Annotated[
    CriterionName | None,
    typer.Option("--criterion", help="Price of every edge, in place of the learned ones: AIC, BIC or extended BIC."),
]
Price = Annotated[
    float | None, typer.Option("--penalty", metavar="NATS", help="The same as a number of nats per edge.")
]
Density = Annotated[
    float | None,
    typer.Option("--density", metavar="SHARE", help="Report this share of all candidate edges, such as 0.01."),
]
Group = Annotated[
    GroupName | None, typer.Option("--group", help="One more gate for all edges of each regulator, or target.")
]
Dynamics = Annotated[
    DynamicsName | None,
    typer.Option("--dynamics", help="Production of the forecasts.  [default: linear or logistic, whichever fits]"),
]


def sparse_config(
    gate: GateName,
    sparsity: SparsityName | None,
    criterion: CriterionName | None,
    penalty: float | None,
    density: float | None,
    group: GroupName | None,
) -> SparseConfig:
    """Gates and sparsity that these options stand for.

    Raises
    ------
    OptionError
        For options that contradict each other.
    """
    from grn_l0.fit import SparseConfig

    how = sparsity or (SparsityName.penalty if density is None else SparsityName.constraint)
    return SparseConfig(
        gate=gate.value,
        sparsity=how.value,
        criterion=None if criterion is None else criterion.value,
        penalty=penalty,
        density=density,
        group=None if group is None else group.value,
    )

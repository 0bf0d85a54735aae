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


Gate = Annotated[
    GateName,
    typer.Option("--gate", help="Kind of the gates. From a posterior both find nearly the same network."),
]
Sparsity = Annotated[
    SparsityName | None,
    typer.Option(
        "--sparsity",
        help="penalty: edges cost what was learned, or --criterion, or --penalty. constraint: --density. none: nothing "
        "is selected.  [default: penalty; constraint with --density]",
    ),
]
Criterion = Annotated[
    CriterionName | None,
    typer.Option(
        "--criterion",
        case_sensitive=False,
        help="One price for every edge, in place of learned ones: AIC (1 nat), BIC (half the log of the measurements "
        "of the target), extended BIC (and the log of the number of regulators).",
    ),
]
Price = Annotated[
    float | None,
    typer.Option(
        "--penalty",
        metavar="NATS",
        min=0,
        help="The same as a number: how much the log-likelihood must rise for an edge to be kept.",
    ),
]
Density = Annotated[
    str | None,
    typer.Option(
        "--density",
        metavar="SHARE",
        help="Report this share of all candidate edges (regulators × genes), such as 0.01 or 1%, whether or not the "
        "data support so many; fewer only where genes do not change.",
    ),
]
Group = Annotated[
    GroupName | None, typer.Option("--group", help="One more gate for all edges of each regulator, or target.")
]
Dynamics = Annotated[
    DynamicsName | None,
    typer.Option(
        "--dynamics",
        help="Shape of the regulation in the forecasts; which edges are reported does not depend on it.  "
        "[default: linear or logistic, whichever fits]",
    ),
]


def sparse_config(
    gate: GateName,
    sparsity: SparsityName | None,
    criterion: CriterionName | None,
    penalty: float | None,
    density: str | None,
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
        density=_share(density),
        group=None if group is None else group.value,
    )


def _share(text: str | None) -> float | None:
    """A number, or per cent."""
    if text is None:
        return None
    number, percent = (text.strip()[:-1], 100.0) if text.strip().endswith("%") else (text, 1.0)
    try:
        return float(number) / percent
    except ValueError:
        from grn_l0._errors import OptionError

        raise OptionError(f"--density must be a share such as 0.01 or 1%, not {text!r}") from None

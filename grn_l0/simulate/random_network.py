"""Random regulatory systems: with hubs or without, with feedback or without, with proteins or without."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from grn_l0._errors import OptionError
from grn_l0._typing import Bool, Float, ndarray
from grn_l0.simulate.logic import And, Formula, Hill, LogicProduction, Not, Or
from grn_l0.simulate.production import LinearProduction, LogisticProduction
from grn_l0.simulate.system import Production, System

ProductionName = Literal["logic", "linear", "logistic"]


def random_system(
    n_genes: int = 60,
    seed: int = 0,
    *,
    regulators_share: float = 0.25,
    inputs_share: float = 0.5,
    mean_in_degree: float = 1.8,
    repressor_share: float = 0.3,
    rate_spread: float = 0.0,
    production: ProductionName = "logic",
    hubs: float = 1.0,
    feedback: bool = True,
    proteins: bool = False,
) -> System:
    """Draw a system whose states stay bounded: in [0, 1] with logic and logistic production, near it with linear.

    Parameters
    ----------
    n_genes
        At least 4.
    seed
        Decides everything.
    regulators_share
        Share of the genes that regulate others.
    inputs_share
        Share of the regulators that nothing regulates and that stay at their initial value.
    mean_in_degree
        Mean number of regulators of a gene that is no input (one plus Poisson), at least 1.
    repressor_share
        Share of the edges that repress.
    rate_spread
        Standard deviation of log d over genes; all rates are 1 by default.
    production
        "logic" (AND, OR and NOT over Hill activations, as in SIM350), "linear" or "logistic".
    hubs
        The r-th regulator is chosen in proportion to :math:`r^{-hubs}`: at 1 (Zipf's law) few of them regulate
        much. At 0 all are equal, so that the out-degree is Poisson: a network without hubs.
    feedback
        Whether regulators that are no inputs may regulate each other both ways and in rings. Otherwise they stand in
        a row, and the first of them that is no input is regulated by inputs alone.
    proteins
        Whether regulation acts through proteins, whose rates are drawn as those of expression are; see `System`.

    Raises
    ------
    OptionError
        If an option is outside its range.
    """
    _check(n_genes, regulators_share, inputs_share, mean_in_degree, repressor_share, rate_spread)
    if not hubs >= 0:
        raise OptionError(f"hubs is an exponent of at least 0, not {hubs}")
    families = {"logic": _logic, "linear": _linear, "logistic": _logistic}
    if production not in families:
        raise OptionError(f"production {production!r} is not one of {', '.join(families)}")
    rng = np.random.default_rng(seed)
    genes = tuple(f"G{k:0{len(str(n_genes))}d}" for k in range(1, n_genes + 1))
    n_regulators = min(max(2, round(regulators_share * n_genes)), n_genes - 1)
    inputs = np.zeros(n_genes, dtype=bool)
    inputs[: round(inputs_share * n_regulators)] = True
    sign = draw_signs(inputs, n_regulators, mean_in_degree, repressor_share, rng, hubs=hubs, feedback=feedback)
    body = families[production](genes, sign, rng)
    rate = np.exp(rate_spread * rng.standard_normal(n_genes))
    protein = np.exp(rate_spread * rng.standard_normal(n_genes)) if proteins else None
    edges = edge_table(genes, sign)
    return System(genes=genes, edges=edges, production=body, rate=rate, inputs=inputs, protein_rate=protein)


def edge_table(genes: tuple[str, ...], sign: Float[ndarray, "genes genes"]) -> pd.DataFrame:
    """Source, target and sign of the edges of a matrix, regulators x targets."""
    source, target = np.nonzero(sign)
    return pd.DataFrame(
        {
            "source": [genes[k] for k in source],
            "target": [genes[k] for k in target],
            "sign": sign[source, target].astype(np.int64),
        }
    )


def _check(n: int, regulators: float, inputs: float, degree: float, repressors: float, spread: float) -> None:
    if n < 4:
        raise OptionError(f"a random system needs at least 4 genes, not {n}")
    for name, share in (("regulators", regulators), ("inputs", inputs), ("repressor", repressors)):
        if not 0 <= share <= 1:
            raise OptionError(f"{name}_share must lie between 0 and 1, not {share}")
    if not degree >= 1:
        raise OptionError(f"mean_in_degree must be at least 1, not {degree}")
    if not spread >= 0:
        raise OptionError(f"rate_spread must be at least 0, not {spread}")


def draw_signs(
    unregulated: Bool[ndarray, " genes"],
    n_regulators: int,
    degree: float,
    repressors: float,
    rng: np.random.Generator,
    *,
    hubs: float = 1.0,
    feedback: bool = True,
    most: int | None = None,
) -> Float[ndarray, "genes genes"]:
    """Signs of the edges, regulators x targets: one plus Poisson many into each gene, from the first genes.

    Parameters
    ----------
    unregulated
        Genes without regulators, shape (N,).
    n_regulators
        The first so many genes regulate.
    degree, repressors, hubs, feedback
        As in `random_system`.
    rng
        Source of randomness.
    most
        Regulators of one gene at most.
    """
    n = len(unregulated)
    sign = np.zeros((n, n))
    # A power law over a random order of the regulators, so that hubs occur among inputs and others alike.
    attraction = 1.0 / rng.permutation(np.arange(1, n_regulators + 1)) ** hubs
    position = np.arange(n_regulators)
    for gene in np.flatnonzero(~unregulated):
        weight = attraction * (position != gene if feedback else position < gene)
        count = min(1 + rng.poisson(degree - 1), int(np.count_nonzero(weight)), n if most is None else most)
        if count:
            chosen = rng.choice(n_regulators, count, replace=False, p=weight / weight.sum())
            sign[chosen, gene] = np.where(rng.random(count) < repressors, -1.0, 1.0)
    return sign


def _logic(genes: tuple[str, ...], sign: Float[ndarray, "genes genes"], rng: np.random.Generator) -> Production:
    formulas: dict[str, Formula] = {}
    for i, gene in enumerate(genes):
        formula: Formula | None = None
        for j in rng.permutation(np.flatnonzero(sign[:, i])):
            # Half-activation and steepness as in SIM350.
            leaf: Formula = Hill(genes[j], rng.uniform(0.4, 0.6), rng.uniform(1.0, 1.7))
            part = leaf if sign[j, i] > 0 else Not(leaf)
            both = And if rng.random() < 0.5 else Or
            formula = part if formula is None else both(formula, part)
        if formula is not None:
            formulas[gene] = formula
    return LogicProduction(genes, formulas)


def _linear(genes: tuple[str, ...], sign: Float[ndarray, "genes genes"], rng: np.random.Generator) -> Production:
    weights = sign * rng.uniform(0.4, 0.9, sign.shape)
    # With less than 1 of weight into each gene, every feedback loop dies out.
    total = np.abs(weights).sum(axis=0)
    return LinearProduction(weights=weights / np.maximum(total / 0.9, 1.0), offset=np.full(len(genes), 0.5))


def _logistic(genes: tuple[str, ...], sign: Float[ndarray, "genes genes"], rng: np.random.Generator) -> Production:
    n = len(genes)
    argument = LinearProduction(weights=sign * rng.uniform(2.5, 5.0, sign.shape), offset=rng.uniform(-0.5, 0.5, n))
    return LogisticProduction(argument=argument, maximum=np.ones(n))

"""What edges cost, and how far open their gates start at that price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import brentq
from scipy.special import expit, logit

from grn_l0._errors import OptionError
from grn_l0._typing import Array, Bool, Float, Int
from grn_l0.fit.edges import EdgeStart
from grn_l0.fit.sparse import CriterionName, SparseConfig
from grn_l0.gates import AbstractGate, DiffPrune, Grouped, HardConcrete, edge_keys, group_index
from grn_l0.posterior.start import Start
from grn_l0.sparsity import AbstractSparsity, L0Constraint, NoSparsity, Penalty, aic, bic, extended_bic
from grn_l0.timeseries import TimeSeries

#: Probabilities are kept this far from 0 and 1 before their odds are changed.
_EDGE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Pricing:
    """At which probability every gate starts, and what an open one costs; all (R, N), nats.

    Attributes
    ----------
    opening
        P(z != 0) at the start, before the fit's odds.
    price
        lambda, inf where there is no candidate.
    occam
        Whether an open edge also pays 0.5 log(1 + slab^2 curvature) for its weight; a criterion has that in it.
    start
        Height at which the constraint's multiplier begins; 0 without one.
    """

    opening: Float[Array, "regulators genes"]
    price: Float[Array, "regulators genes"]
    occam: bool = True
    start: float = 0.0

    @classmethod
    def of(
        cls,
        begin: Start,
        allowed: Bool[Array, "regulators genes"],
        sparse: SparseConfig,
        observations: Int[Array, " genes"],
    ) -> Pricing:
        """The prices of the start, or those of `sparse` with the gates' odds changed by the difference.

        A posterior's odds are evidence times price. With another price the evidence is the same, so the odds change by
        the exponential of the difference of the prices (exact for one edge given the others). Edges that did not stand
        out from decoys stay closed at any price; a density takes the likeliest edges, whatever decoys say.

        Under a constraint the learned prices count relative to each other: the level is the multiplier's, and begins
        where the expected density is the one asked for (or at the posterior's own, if more would be open without any
        price).
        """
        if sparse.sparsity == "constraint":
            return cls._constrained(begin, allowed, np.where(allowed, begin.penalty, np.inf), sparse)
        if not sparse.priced:  # no copies of matrices
            return cls(opening=begin.opening, price=begin.penalty)
        new, occam = asked_price(sparse, observations, allowed.sum(0)), occam_price(begin)
        change = np.where(allowed, np.where(allowed, begin.penalty, 0.0) + occam - new, 0.0)
        base = begin.inclusion if sparse.sparsity == "none" else begin.opening
        return cls(
            opening=_shifted(base, change, allowed & (base > 0)),
            price=np.where(allowed, new, np.inf),
            occam=False,
        )

    @classmethod
    def _constrained(
        cls,
        begin: Start,
        allowed: Bool[Array, "regulators genes"],
        learned: Float[Array, "regulators genes"],
        sparse: SparseConfig,
    ) -> Pricing:
        target = float(sparse.density or 0.0) * allowed.sum()
        # a target that does not move has no edge, however many are asked for
        possible = allowed & (begin.inclusion > 0)
        odds = np.where(possible, logit(np.clip(begin.inclusion, _EDGE, 1 - _EDGE)), -np.inf)

        def excess(change: float) -> float:
            return float(np.sum(expit(odds + change)) - target)

        change = brentq(excess, -40.0, 40.0) if target < possible.sum() else 40.0
        level = float(np.median(learned[allowed])) if allowed.any() else 0.0
        opening: Array = expit(odds + change) * allowed
        return cls(
            opening=opening,
            price=np.where(allowed, learned - level, np.inf),
            start=max(level - change, 0.0),
        )


def asked_price(
    sparse: SparseConfig, observations: Int[Array, " genes"], candidates: Int[Array, " genes"]
) -> Float[Array, " genes"]:
    """Nats per edge of each target that a criterion, or the user, asks for; 0 for none.

    `observations` and `candidates` are numbers of measurements and of candidate regulators of each target.
    """
    if sparse.criterion is None:
        return np.full(len(observations), sparse.penalty or 0.0)
    prices: dict[CriterionName, Callable[[int, int], float]] = {
        "aic": lambda n, p: aic(),
        "bic": lambda n, p: bic(n),
        "ebic": lambda n, p: extended_bic(n, max(p, 1)),
    }
    price = prices[sparse.criterion]
    return np.array([price(int(n), int(p)) for n, p in zip(observations, candidates, strict=True)])


def measurements(series: TimeSeries, redundancy: float) -> Int[Array, " genes"]:
    """Independent measurements of each gene that follow its own equation, at least 1."""
    seen = (series.mask & series.own_equation[:, None, :]).sum(axis=(0, 1))
    return np.asarray(np.maximum(seen / redundancy, 1).astype(np.int64))


def occam_price(begin: Start | EdgeStart) -> Float[Array, "*edges"]:
    """What an open edge pays for its weight: 0.5 log(1 + slab^2 curvature), nats."""
    slab = np.where(np.isfinite(begin.slab) & (begin.slab > 0), begin.slab, 0.0)
    price: Array = 0.5 * np.log1p(slab**2 * np.maximum(np.nan_to_num(begin.curvature), 0.0))
    return price


def _shifted(
    probability: Float[Array, "regulators genes"],
    change: Float[Array, "regulators genes"],
    allowed: Bool[Array, "regulators genes"],
) -> Float[Array, "regulators genes"]:
    shifted: Array = np.where(allowed, expit(logit(np.clip(probability, _EDGE, 1 - _EDGE)) + change), 0.0)
    return shifted


def make_gate(
    opening: Float[Array, "*edges"],
    active: Bool[Array, "*edges"],
    sparse: SparseConfig,
    *,
    regulators: list[str],
    genes: tuple[str, ...],
    odds: float,
    dtype: torch.dtype,
    edges: Int[torch.Tensor, "2 edges"] | None = None,
) -> AbstractGate:
    """Gates at these probabilities; draws depend on the genes' names, not on their order.

    With groups, a group starts at the probability of its likeliest edge, and the edges at what is then left of theirs.
    `edges`, (2, E), says which regulator and which gene the edges belong to if they are listed; else there is a matrix.
    """
    p, act = torch.as_tensor(opening, dtype=dtype), torch.as_tensor(active)
    keys = edge_keys(regulators, genes, edges)

    # Under a constraint gates start at the density, so also the many that are hardly open keep their probability.
    exact = sparse.sparsity == "constraint"

    def gates(probability: torch.Tensor, allowed: torch.Tensor, k: torch.Tensor, by: float) -> AbstractGate:
        if sparse.gate == "diffprune":
            bound = {"bound": 4.0} if exact else {}
            made = DiffPrune.from_probability(
                probability, allowed, odds=by, stochastic=sparse.stochastic, keys=k, **bound
            )
            return made.to(dtype)
        bound = {"bound": 8.0} if exact else {}
        return HardConcrete.from_probability(probability, allowed, odds=by, keys=k, **bound).to(dtype)

    if sparse.group is None:
        return gates(p, act, keys, odds)
    by_regulator = sparse.group == "regulator"
    names = edge_keys(regulators, ["*"])[:, 0] if by_regulator else edge_keys(["*"], genes)[0]
    if edges is None:
        index = group_index(sparse.group, (len(regulators), len(genes)))
    else:
        index = edges[0 if by_regulator else 1]
    most, some = np.full(len(names), 1e-6), np.zeros(len(names), dtype=bool)
    np.maximum.at(most, index.numpy(), opening)
    np.logical_or.at(some, index.numpy(), active)
    of_group = torch.as_tensor(most, dtype=dtype)
    own = gates((p / of_group[index]).clamp(max=1.0), act, keys, odds)
    return Grouped(gates(of_group, torch.as_tensor(some), names, 1.0), index[None], own)


def make_sparsity(
    price: Float[Array, "*edges"], n_candidates: int, sparse: SparseConfig, dtype: torch.dtype, start: float = 0.0
) -> AbstractSparsity:
    """The term of the loss for the edges at this price, inf for none; a density is a share of all candidates.

    `start` is the height at which a constraint's multiplier begins.
    """
    if sparse.sparsity == "none" or n_candidates == 0:
        return NoSparsity()
    if sparse.sparsity == "penalty":
        return Penalty(torch.as_tensor(price, dtype=dtype))
    inside = np.isfinite(price)
    share = min(float(sparse.density or 0.0) * n_candidates / max(int(inside.sum()), 1), 1.0)
    return L0Constraint(
        share,
        allowed=torch.as_tensor(inside),
        rate=sparse.dual_rate / share,
        restart=sparse.restart,
        start=start,
    )


def relative_prices(price: Float[Array, "*edges"], sparse: SparseConfig) -> Float[Array, "*edges"]:
    """Under a constraint, what edges cost relative to each other; else nothing."""
    relative: Array = np.nan_to_num(price, posinf=0.0)
    return relative if sparse.sparsity == "constraint" else np.zeros_like(relative)


def open_edges(
    probability: Float[Array, "regulators genes"],
    opening: Float[Array, "regulators genes"],
    allowed: Bool[Array, "regulators genes"],
    density: float,
) -> Bool[Array, "regulators genes"]:
    """The share `density` of the candidates whose gates are likeliest open, to the nearest edge.

    Edges that were not trained have probability 0; among equals those that would have started further open come first.
    Those that could not open at all are never taken, so that there may be fewer.
    """
    count = round(density * int(allowed.sum()))
    allowed = allowed & (opening > 0)
    first = np.where(allowed, probability, -1.0).ravel()
    order = np.lexsort((-opening.ravel(), -first))[:count]
    chosen = np.zeros(allowed.size, dtype=bool)
    chosen[order] = True
    return np.asarray(chosen.reshape(allowed.shape) & allowed)


def check_density(sparse: SparseConfig, n_candidates: int) -> None:
    """Refuse a density that is less than one edge.

    Raises
    ------
    OptionError
        With the least density that is one.
    """
    if sparse.density is not None and n_candidates and round(sparse.density * n_candidates) < 1:
        raise OptionError(
            f"density={sparse.density:g} of {n_candidates} candidate edges is less than one edge; the least is "
            f"{1 / n_candidates:.2g}"
        )

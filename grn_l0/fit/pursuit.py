"""Gradient pursuit: gates opened one at a time by their exact gain, then trained; no sampling, no posterior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from grn_l0._typing import Bool, Float
from grn_l0.fit.adam import Adam
from grn_l0.gates import AbstractGate, HardConcrete
from grn_l0.sparsity import AbstractSparsity

#: Makes gates from probabilities and candidates of one shape.
MakeGates = Callable[[Tensor, Tensor], AbstractGate]

_OPEN = 0.95  # P(z != 0) of a gate that has just been opened
_SHUT = 0.05  # a gate that has fallen below this is closed, and may be opened again
_PSEUDO = 10.0  # pseudo-observations of the residual variance, at a hundredth of the total variance
_RATE_GATE, _RATE_WEIGHT = 0.15, 0.3  # the second in posterior standard deviations of the weight


@dataclass(frozen=True, kw_only=True, eq=False)
class Pursued:
    """What a pursuit has found.

    Attributes
    ----------
    probability
        P(z != 0), shape (R, N); 0 where no gate was opened, or it was closed again.
    evidence
        What each edge is worth given all others, nats, its price taken off; shape (R, N), -inf for no candidate.
    weight
        Of an open gate, shape (R, N); for a closed one that with which it would open.
    variance
        Of the residuals, shape (N,).
    """

    probability: Float[Tensor, "regulators genes"]
    evidence: Float[Tensor, "regulators genes"]
    weight: Float[Tensor, "regulators genes"]
    variance: Float[Tensor, " genes"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Regressions:
    """Least squares of N targets on the same R regressors: X'X (R, R), X'y (R, N), y'y (N,), rows of X."""

    gram: Float[Tensor, "regulators regulators"]
    cross: Float[Tensor, "regulators genes"]
    power: Float[Tensor, " genes"]
    rows: int

    @property
    def curvature(self) -> Float[Tensor, "regulators 1"]:
        """X_j'X_j."""
        return self.gram.diagonal()[:, None]


def gradient_pursuit(
    data: Regressions,
    allowed: Bool[Tensor, "regulators genes"],
    sparsity: AbstractSparsity,
    *,
    slab: float = 0.5,
    rounds: int = 12,
    steps: int = 15,
    last_steps: int = 40,
    make: MakeGates | None = None,
    occam: bool = True,
) -> Pursued:
    r"""Open the best closed gate of every target, train the open ones, and so on.

    A closed gate of curvature g, with the correlation r between its regressor and what the open ones leave over (both
    divided by the residual variance), is worth

    .. math:: \tfrac12 r^2 V + \tfrac12 \log(V / \tau^2) - \lambda, \quad V = (g + \tau^{-2})^{-1}

    nats: what an edge with the weight prior N(0, tau^2) adds to the log evidence, less its price. Gates that start open
    drown in each other, and gates that start closed have no gradient: this is how they open. Between openings weights
    and gates of the open edges descend along the expected loss, in which sampling has been carried out in closed form:

    .. math::
        \frac{1}{2 v} \Big( |y - X m|^2 + \sum_j g_j (E[z_j^2] - E[z_j]^2) w_j^2 \Big)
        + \sum_j P_j \big(\tfrac{w_j^2}{2 \tau^2} + \tfrac12 \log(1 + \tau^2 g_j / v)\big) + penalty(P)

    with m = w E[z].

    Parameters
    ----------
    data
        In units in which weights are of order one.
    allowed
        Candidates, shape (R, N).
    sparsity
        Its `lambdas` price the openings, its `penalty` the gates; it learns after every step.
    slab
        tau.
    rounds, steps, last_steps
        At most so many gates are opened per target; steps of Adam after each opening and after the last.
    make
        Makes the gates from probabilities and candidates; hard concrete by default.
    occam
        Whether a weight costs 0.5 log(1 + tau^2 g / v) beside the price; a criterion such as BIC has that in it.
    """
    make = make or (lambda p, open_: HardConcrete.from_probability(p, open_))
    n, like = allowed.shape[1], data.cross
    columns = torch.arange(n, device=like.device)
    index = torch.zeros(rounds, n, dtype=torch.int64, device=like.device)  # the k-th open gate of every target
    open_ = torch.zeros(rounds, n, dtype=torch.bool, device=like.device)
    probability, weight = like.new_zeros(rounds, n), like.new_zeros(rounds, n)
    prior = data.power / max(data.rows, 1) + 1e-12
    variance = prior.clone()
    for turn in range(rounds + 1):
        full = _scatter(probability, index, open_, len(allowed))
        sparsity.update(full)
        if turn < rounds:
            mean = _scatter(weight * make(probability, open_).mean().detach(), index, open_, len(allowed))
            gains, slope = _gains(data, mean, variance, allowed & (full == 0), sparsity.lambdas, slab, occam)
            gain, best = gains.max(0)
            free = ~open_
            slot = free.to(torch.int8).argmax(0)  # the first free one
            opens = (gain > 0) & free.any(0)
            at = (slot[opens], columns[opens])
            index[at], open_[at], probability[at], weight[at] = best[opens], True, _OPEN, slope[best, columns][opens]
        if bool(open_.any()):
            probability, weight, variance = _descend(
                data, index, open_, probability, weight, (variance, prior), sparsity, slab, make,
                last_steps if turn == rounds else steps, len(allowed), occam,
            )  # fmt: skip
        shut = open_ & (probability < _SHUT)
        open_ = open_ & ~shut
        probability = probability * open_
    mean = _scatter(weight * make(probability, open_).mean().detach(), index, open_, len(allowed))
    full = _scatter(probability, index, open_, len(allowed))
    evidence, slope = _gains(data, mean, variance, allowed, sparsity.lambdas, slab, occam)
    return Pursued(
        probability=full,
        evidence=evidence,
        weight=torch.where(full > 0, _scatter(weight, index, open_, len(allowed)), slope),
        variance=variance,
    )


def _gains(
    data: Regressions, mean: Tensor, variance: Tensor, candidates: Tensor, price: Tensor, slab: float, occam: bool
) -> tuple[Float[Tensor, "regulators genes"], Float[Tensor, "regulators genes"]]:
    """What each edge is worth given the others, -inf for no candidate, and the weight that it would have."""
    r = (data.cross - data.gram @ mean + data.curvature * mean) / variance
    v = 1 / (data.curvature / variance + slab**-2)
    gain = 0.5 * r.square() * v - price.to(r.dtype) + (0.5 * torch.log(v / slab**2) if occam else 0.0)
    return torch.where(candidates, gain, -torch.inf), r * v


def _descend(
    data: Regressions,
    index: Tensor,
    open_: Tensor,
    probability: Tensor,
    weight: Tensor,
    variances: tuple[Tensor, Tensor],
    sparsity: AbstractSparsity,
    slab: float,
    make: MakeGates,
    steps: int,
    n_regulators: int,
    occam: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Steps of Adam on the open gates and their weights; then the residual variance."""
    variance, prior = variances
    used = int(open_.sum(0).max())
    first = torch.argsort((~open_).to(torch.int8), dim=0, stable=True)[:used]  # the open ones, packed
    idx, act = index.gather(0, first), open_.gather(0, first)
    gram = data.gram[idx.T[:, :, None], idx.T[:, None, :]]  # (N, K, K)
    cross = data.cross.gather(0, idx)
    curvature = data.gram.diagonal()[idx]
    gate = make(probability.gather(0, first), act)
    # in units of how well each is known: a step of one size for all would miss the many that are known well
    unit = (curvature / variance + slab**-2).rsqrt()
    u = torch.nn.Parameter(weight.gather(0, first) * act / unit)
    optimiser = Adam([{"params": [u], "lr": _RATE_WEIGHT}, {"params": list(gate.parameters()), "lr": _RATE_GATE}])

    def left(w: Tensor, open_by: Tensor, spread: Tensor) -> Tensor:
        m = w * open_by
        inner = (m.T[:, None, :] @ gram @ m.T[:, :, None])[:, 0, 0]
        return data.power - 2 * (m * cross).sum(0) + inner + (spread * curvature * w.square()).sum(0)

    weight_price = 0.5 * torch.log1p(slab**2 * curvature / variance) if occam else torch.zeros_like(curvature)
    for _ in range(steps):
        optimiser.zero_grad()
        p, w = gate.probability(), u * unit
        full = _scatter(p, idx, act, n_regulators)
        loss = 0.5 * (left(w, gate.mean(), gate.variance()) / variance).sum()
        loss = loss + (p * (w.square() / (2 * slab**2) + weight_price)).sum() + sparsity.penalty(full)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        sparsity.after_step(full.detach())
    with torch.no_grad():
        w = u * unit
        over = left(w, gate.mean(), gate.variance()).clamp(min=0)
        new = (over + 0.01 * _PSEUDO * prior) / (data.rows + _PSEUDO) + 1e-12
        probability, weight = probability.clone(), weight.clone()
        probability.scatter_(0, first, gate.probability() * act)
        weight.scatter_(0, first, w * act)
    return probability, weight, new


def _scatter(values: Tensor, index: Tensor, open_: Tensor, n_regulators: int) -> Float[Tensor, "regulators genes"]:
    """Values of the open gates at their places among all candidates."""
    full = values.new_zeros(n_regulators, values.shape[1])
    return full.scatter_add(0, index, values * open_)

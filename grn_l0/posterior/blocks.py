"""Whether an edge's evidence is spread over the data, or rests on a single block of them."""

from __future__ import annotations

import numpy as np

from grn_l0._typing import Bool, Float, Int, ndarray
from grn_l0.posterior.chain import Chain
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.states import States
from grn_l0.posterior.summary import Summary, entries
from grn_l0.posterior.whitener import Whitener

#: Blocks made of many series; windows of a single one.
_GROUPS, _WINDOWS = 10, 6

#: Edges less likely than this are not looked at: they keep their probability.
_LIKELY = 0.1


def confirmed(setting: Setting, states: States, last: Summary, chain: Chain) -> Float[ndarray, "genes columns"]:
    r"""Inclusion probabilities by evidence that no single block carries.

    With r_b what block b adds to the correlation of a regulator with the residual that the other edges leave, g_b to
    its curvature, and B blocks,

    .. math:: D = \min\Big(\frac{r^2}{2 g v},\; \frac{B}{B - 1} \min_b \frac{(r - r_b)^2}{2 (g - g_b) v}\Big)

    takes the place of :math:`r^2 / 2 g v`; it is 0 where the sign depends on a block. Spurious agreement of two
    trajectories is strong in one block and absent from the others; regulation is in all of them. Blocks are series, ten
    groups of them where there are more, or six windows of a single one; and samples at rest, or ten groups of them.
    Blocks in which the regulator is held are not left out: what follows its knock-out is evidence by itself.
    """
    out = last.inclusion.astype(np.float64)
    block = _blocks(setting)
    n_blocks = int(block.max()) + 1
    if n_blocks < 3:
        return out
    member = (block[:, None] == np.arange(n_blocks)).astype(np.float64)
    held = _held(setting, block, n_blocks)
    regressors = setting.regressors(states.estimate)
    kind_of = setting.choice.kind
    for kind in np.unique(kind_of[last.changing]):
        genes = np.flatnonzero((kind_of == kind) & last.changing)
        whitener = Whitener.of(setting, int(kind))
        x = whitener.responses(regressors)
        y = whitener.rows([m[:, :, genes] for m in setting.measured])
        y = y - whitener.responses([b[:, :, genes] for b in states.bend])
        row, column = np.nonzero(last.inclusion[genes] > _LIKELY)
        if len(row) == 0:
            continue
        edges = x[:, column]
        own = member.T @ edges**2
        # What is not known of the states is spread evenly. It lowers the evidence, and is none itself.
        g = last.curvature.at(genes[row], column)
        g_block = own + (g - own.sum(axis=0)) / n_blocks
        total = np.zeros(len(row))
        log_odds, listed = last.odds.of(genes).log().astype(np.float64), chain.classes.listed[genes].astype(np.int64)
        for w in last.draws:
            weight = w[genes]
            left = (y - (weight @ x.T).T)[:, row]
            r_block = member.T @ (edges * left) + own * entries(weight, row, column)
            variance = last.variance[genes[row]]
            evidence = _least(r_block, np.maximum(g_block, 1e-12), variance, held[:, column])
            total += _probability(evidence, g / variance, log_odds[row, column], listed[row, column], chain)
        out[genes[row], column] = total / len(last.draws)
    return out


def _least(
    r: Float[ndarray, "blocks edges"],
    g: Float[ndarray, "blocks edges"],
    variance: Float[ndarray, " edges"],
    held: Bool[ndarray, "blocks edges"],
) -> Float[ndarray, " edges"]:
    """D of each edge; blocks that are `held` for it stay in."""
    n = len(r)
    whole = r.sum(axis=0)
    rest = whole - r
    without = rest**2 / (2.0 * (g.sum(axis=0) - g) * variance)
    without = np.where(held, np.inf, without)
    least = np.minimum(whole**2 / (2.0 * g.sum(axis=0) * variance), n / (n - 1) * without.min(axis=0))
    return np.where((~held & (rest * whole <= 0)).any(axis=0), 0.0, least)


def _probability(
    evidence: Float[ndarray, " edges"],
    g: Float[ndarray, " edges"],
    log_odds: Float[ndarray, " edges"],
    family: Int[ndarray, " edges"],
    chain: Chain,
) -> Float[ndarray, " edges"]:
    wide = chain.slabs[family] ** 2 * g[:, None]
    terms = -0.5 * np.log1p(wide) + (wide / (1.0 + wide)) * evidence[:, None]
    gain = np.log((chain.shares[family] * np.exp(terms - terms.max(axis=1, keepdims=True))).sum(axis=1))
    odds = gain + terms.max(axis=1) + log_odds
    out: Float[ndarray, " edges"] = 1.0 / (1.0 + np.exp(-np.clip(odds, -700.0, 700.0)))
    return out


def _blocks(setting: Setting) -> Int[ndarray, " rows"]:
    """Block of every whitened row: those of time series, then those of samples at rest."""
    n_series = sum(len(d.series) for d in setting.designs if not d.steady)
    n_settled = sum(len(d.series) for d in setting.designs if d.steady)
    groups = min(_GROUPS, n_series)
    rows = []
    for design in setting.designs:
        n = len(design.times)
        if design.steady:
            first = _WINDOWS if n_series == 1 else groups
            rows.append(first + (design.series - n_series) * min(_GROUPS, n_settled) // n_settled)
        elif n_series == 1:
            rows.append(np.arange(n) * _WINDOWS // n)
        else:
            rows.append(np.repeat(design.series * groups // n_series, n))
    return np.concatenate(rows)


def _held(setting: Setting, block: Int[ndarray, " rows"], n_blocks: int) -> Bool[ndarray, "blocks columns"]:
    """Blocks in which a column's regulator is knocked out."""
    out = np.zeros((n_blocks, setting.measured[0].shape[2]), dtype=bool)
    first = 0
    for design, held in zip(setting.designs, setting.held, strict=True):
        n = len(design.times)
        for k in range(n):
            out[block[first + held.series * n + k], held.genes] = True
        first += len(design.series) * n
    columns = out[:, setting.regulators]
    inputs = np.zeros((n_blocks, setting.inputs[0].shape[2]), dtype=bool)
    return np.concatenate([columns, inputs], axis=1)

"""Shares of noise kinds in the population of genes, learned by expectation-maximisation; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from grn_l0._compiled import compiled

#: A kind that is less likely for a gene than its best by this factor's logarithm has no part in it.
_FAR = 30.0


@compiled
def evidence_of(
    k: int,
    i: int,
    log_likelihood: np.ndarray,
    log_variance: np.ndarray,
    freedom: np.ndarray,
    center: Any,
    spread: float,
) -> float:
    """Log likelihood of kind k for gene i with a normal prior on log v, estimated with variance 2 / freedom."""
    miss = log_variance[k, i] - center[i]
    free = freedom[k, i] if freedom.shape[1] > 1 else freedom[k, 0]
    out: float = log_likelihood[k, i] - 0.5 * miss * miss / (spread + 2.0 / free)
    return out


@compiled
def best_kinds(
    log_likelihood: np.ndarray,  # (kinds, genes)
    log_variance: np.ndarray,  # (kinds, genes)
    freedom: np.ndarray,  # (kinds, genes), or (kinds, 1)
    center: np.ndarray,  # (genes,) mean of log v in the population
    spread: float,  # its variance
    log_share: np.ndarray,  # (kinds,) -inf for kinds that may not be chosen
) -> tuple[np.ndarray, np.ndarray]:
    """Most likely kind of every gene, of kinds with these shares, and its logarithm."""
    n_kinds, n_genes = log_likelihood.shape
    best, value = np.zeros(n_genes, np.int64), np.full(n_genes, -np.inf)
    for k in range(n_kinds):
        if log_share[k] == -np.inf:
            continue
        for i in range(n_genes):
            here = evidence_of(k, i, log_likelihood, log_variance, freedom, center, spread) + log_share[k]
            if here > value[i]:
                best[i], value[i] = k, here
    return best, value


@compiled
def learn_shares(
    log_likelihood: np.ndarray,  # (kinds, genes)
    log_variance: np.ndarray,  # (kinds, genes)
    freedom: np.ndarray,  # (kinds, genes), or (kinds, 1)
    center: np.ndarray,  # (genes,)
    spread: float,
    group: np.ndarray,  # (kinds,) rate of each kind
    sizes: np.ndarray,  # (rates,) kinds of each rate
    share: np.ndarray,  # (kinds,)
    weight: float,
    steps: int,
) -> np.ndarray:
    """Share of each kind after so many steps; see `grn_l0.posterior.kinds`.

    Of the matrix of likelihoods only what counts is kept: most kinds fit most genes far worse than the best does.
    """
    n_kinds, n_genes = log_likelihood.shape
    most = np.full(n_genes, -np.inf)
    for k in range(n_kinds):
        for i in range(n_genes):
            here = evidence_of(k, i, log_likelihood, log_variance, freedom, center, spread)
            most[i] = max(most[i], here)
    start = np.zeros(n_kinds + 1, np.int64)
    for k in range(n_kinds):
        n = 0
        for i in range(n_genes):
            here = evidence_of(k, i, log_likelihood, log_variance, freedom, center, spread)
            n += here > most[i] - _FAR
        start[k + 1] = start[k] + n
    gene, value = np.empty(start[-1], np.int64), np.empty(start[-1])
    for k in range(n_kinds):
        at = start[k]
        for i in range(n_genes):
            here = evidence_of(k, i, log_likelihood, log_variance, freedom, center, spread)
            if here > most[i] - _FAR:
                gene[at], value[at] = i, np.exp(here - most[i])
                at += 1
    share, mixed, per_rate = share.copy(), np.empty(n_kinds), np.empty(len(sizes))
    total = np.empty(n_genes)
    for _ in range(steps):
        total[:] = 0.0
        for k in range(n_kinds):
            for a in range(start[k], start[k + 1]):
                total[gene[a]] += share[k] * value[a]
        per_rate[:] = 0.0
        for k in range(n_kinds):
            mixed[k] = 0.0
            for a in range(start[k], start[k + 1]):
                mixed[k] += value[a] / total[gene[a]]
            mixed[k] *= share[k] / n_genes
            per_rate[group[k]] += mixed[k]
        for k in range(n_kinds):
            rate = (per_rate[group[k]] * n_genes + 1.0) / (n_genes + len(sizes))
            share[k] = weight * mixed[k] + (1.0 - weight) * rate / sizes[group[k]]
    return share

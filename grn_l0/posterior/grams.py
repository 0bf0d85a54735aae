"""Whitened Gram matrices of the regulators' responses, one per noise kind and shared by all its targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.covariance import Basis, Kinds
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.response import Design
from grn_l0.posterior.states import States


@dataclass(frozen=True, eq=False)
class Grams:
    """Sufficient statistics of every target's regression on the regulators.

    `index` (N,) is the position of the target's kind in `gram`, -1 for constant genes, which have no regulators.
    `score` (N, R), `square` (N,) and `freedom` (N,) belong to the whitened targets.
    """

    gram: Float[ndarray, "kinds regulators regulators"]
    extra: Float[ndarray, "kinds regulators"]
    index: Int[ndarray, " genes"]
    score: Float[ndarray, "genes regulators"]
    square: Float[ndarray, " genes"]
    freedom: Float[ndarray, " genes"]


def make_grams(
    designs: list[Design],
    measured: list[Float[ndarray, "series times genes"]],
    kinds: Kinds,
    bases: dict[int, list[Basis]],
    choice: Choice,
    states: States,
    regulators: Int[ndarray, " regulators"],
    observed: Float[ndarray, " genes"],
) -> Grams:
    """Whiten, remove the fixed effects, multiply.

    With 30 series or more of one schedule each time is centred over them, which removes (m, b) and any common drift;
    with fewer only (m, b) can be afforded. `observed` is the share of each gene's values that were measured.
    """
    n_genes, n_regulators = measured[0].shape[2], len(regulators)
    live = [int(k) for k in np.unique(choice.kind) if kinds.rate_index[k] >= 0]
    gram = np.empty((len(live), n_regulators, n_regulators))
    extra = np.zeros((len(live), n_regulators))
    index = np.full(n_genes, -1)
    score, square, freedom = np.zeros((n_genes, n_regulators)), np.zeros(n_genes), np.ones(n_genes)
    for m, kind in enumerate(live):
        genes = np.flatnonzero(choice.kind == kind)
        levels = (kinds.initial[kind], kinds.offset[kind], kinds.drift[kind])
        x, y, means, lost = [], [], [], 0
        for q, design in enumerate(designs):
            part = bases[int(kinds.rate_index[kind])][q]
            whitener = np.linalg.inv(np.linalg.cholesky(part.covariance(*levels)))
            features = (whitener @ part.response[design.at]) @ states.estimate[q][:, :, regulators]
            target = whitener @ measured[q][:, :, genes]
            if len(design.series) >= 30:
                features, target = features - features.mean(axis=0), target - target.mean(axis=0)
                lost += len(design.times)
                fixed = np.zeros((len(design.times), 2))
            else:
                fixed = whitener @ part.means[design.at]
            x.append(features.reshape(-1, n_regulators))
            y.append(target.reshape(-1, len(genes)))
            means.append(np.tile(fixed, (len(design.series), 1)))
        features, target, fixed = np.concatenate(x), np.concatenate(y), np.concatenate(means)
        if fixed.any():
            q_fixed = np.linalg.qr(fixed)[0]
            features, target = features - q_fixed @ (q_fixed.T @ features), target - q_fixed @ (q_fixed.T @ target)
            lost += 2
        gram[m] = features.T @ features
        extra[m] = states.uncertainty.get(kind, np.zeros(n_regulators))
        index[genes], score[genes] = m, (features.T @ target).T
        square[genes] = (target**2).sum(axis=0)
        freedom[genes] = np.maximum((len(features) - lost) * observed[genes], 1.0)
    return Grams(gram, extra, index, score, square, freedom)

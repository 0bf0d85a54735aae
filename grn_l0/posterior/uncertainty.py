"""How the regulators' states may deviate together from their estimates, given everything measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from grn_l0._typing import Float, Int, ndarray

#: Directions of a deviation with less than this share of its largest variance are left out.
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True, eq=False)
class Child:
    """A target of a regulator that is itself a regulator.

    `position` among the regulators. `answer` (grid, grid) takes a deviation of the parent to that of the child's
    estimate, per weight: (I - gain H) C_d, what the child's own measurements leave of it.
    """

    position: int
    weight: float
    answer: Float[ndarray, "grid grid"]


@dataclass(frozen=True, eq=False)
class Deviation:
    """One independent source of error in every series of a design.

    `regulators` (m,) deviate together by ``root @ n``, n standard normal; `root` has shape (m, grid, directions).
    """

    regulators: Int[ndarray, " some"]
    root: Float[ndarray, "some grid directions"]


@dataclass(frozen=True, eq=False)
class Deviations:
    """How the regulators of a design may deviate from their estimates.

    `alone` (R, grid, grid) are covariances of errors that stay with their regulator, 0 for those of which `together`
    tells.
    """

    alone: Float[ndarray, "regulators grid grid"]
    together: list[Deviation]

    def each(self) -> Float[ndarray, "regulators grid grid"]:
        """Covariance of every regulator by itself."""
        out = self.alone.copy()
        for part in self.together:
            out[part.regulators] += part.root @ np.swapaxes(part.root, 1, 2)
        return out


def spread_out(
    covariance: Float[ndarray, "regulators grid grid"], children: dict[int, list[Child]], generations: int = 2
) -> Deviations:
    r"""Deviations of all regulators, each followed to its children's estimates and theirs, for so many generations.

    A child's estimate leans on its parent's, so if the parent is in truth higher than estimated, so is the child.
    Taking their errors as independent makes a sibling a proxy for what is not known of the common parent, and false
    edges between siblings are the result.
    """
    out, alone = [], covariance.copy()
    for j in [j for j, some in children.items() if some and generations]:
        value, vector = np.linalg.eigh((covariance[j] + covariance[j].T) / 2)
        keep = value > max(_NEGLIGIBLE * value[-1], 1e-12)
        alone[j] = 0.0
        if not keep.any():
            continue
        root = vector[:, keep] * np.sqrt(value[keep])
        reached, front = {j: root}, {j: root}
        for _ in range(generations):
            following: dict[int, Float[ndarray, "grid directions"]] = {}
            for parent, moved in front.items():
                for child in children.get(parent, ()):
                    if child.position == j:
                        continue
                    step = child.weight * (child.answer @ moved)
                    following[child.position] = following.get(child.position, 0.0) + step
            for k, moved in following.items():
                reached[k] = reached.get(k, 0.0) + moved
            front = following
        out.append(Deviation(np.array(list(reached)), np.stack(list(reached.values()))))
    return Deviations(alone, out)


def add_products(
    gram: Float[ndarray, "columns columns"], rows: Float[ndarray, "times grid"], deviations: Deviations
) -> None:
    r"""Add what the deviations on one design do, :math:`\sum \mathrm{tr}(H\,\mathrm{Cov}(x_j, x_k) H^\top)`, in place.

    `rows` is H: the response, whitened for all series of the design together. The regulators are the first columns.
    """
    at = np.arange(len(deviations.alone))
    gram[at, at] += deviations.alone.reshape(len(at), -1) @ (rows.T @ rows).ravel()
    for part in deviations.together:
        z = (rows @ part.root).reshape(len(part.root), -1)
        gram[part.regulators[:, None], part.regulators] += z @ z.T


def production_covariance(
    deviations: Deviations, weight: sparse.csr_array, square: sparse.csr_array, size: int
) -> Float[ndarray, "genes grid grid"]:
    """Covariance of every gene's production by the deviations, weights uncertain: E[w^2] on the diagonal.

    `weight` and `square` have shape (N, R), of R regulators.
    """
    n_genes = weight.shape[0]
    by_regulator = weight.tocsc()
    rest = (square - weight.power(2)).maximum(0.0)
    flat = rest @ deviations.each().reshape(-1, size * size)
    flat += weight.power(2) @ deviations.alone.reshape(-1, size * size)
    out: Float[ndarray, "genes grid grid"] = flat.reshape(n_genes, size, size)
    for part in deviations.together:
        columns = by_regulator[:, part.regulators]
        some = np.unique(columns.indices)
        moved = np.tensordot(columns[some].toarray(), part.root, axes=1)
        out[some] += moved @ np.swapaxes(moved, 1, 2)
    return out

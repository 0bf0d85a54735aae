"""How the regulators' states may deviate together from their estimates, given everything measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, Int, ndarray

#: Directions of a deviation with less than this share of its largest variance are left out.
_NEGLIGIBLE = 1e-3

#: So many values are held at once.
_HELD = 2**22


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


def spread_out(
    covariance: Float[ndarray, "regulators grid grid"], children: dict[int, list[Child]], generations: int = 2
) -> list[Deviation]:
    r"""Deviations of all regulators, each followed to its children's estimates and theirs, for so many generations.

    A child's estimate leans on its parent's, so if the parent is in truth higher than estimated, so is the child.
    Taking their errors as independent makes a sibling a proxy for what is not known of the common parent, and false
    edges between siblings are the result.
    """
    out = []
    for j, own in enumerate(covariance):
        value, vector = np.linalg.eigh((own + own.T) / 2)
        keep = value > max(_NEGLIGIBLE * value[-1], 1e-12)
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
    return out


def add_products(
    gram: Float[ndarray, "grams regulators regulators"],
    rows: Float[ndarray, "grams times grid"],
    deviations: list[Deviation],
) -> None:
    r"""Add what the deviations on one design do, :math:`\sum \mathrm{tr}(H\,\mathrm{Cov}(x_j, x_k) H^\top)`, in place.

    `rows` is H of each Gram matrix: the response, whitened for all series of the design together.
    """
    for part in deviations:
        m, size, directions = part.root.shape
        flat = part.root.transpose(1, 0, 2).reshape(size, m * directions)
        step = max(1, _HELD // (rows.shape[1] * m * directions))
        for first in range(0, len(gram), step):
            some = slice(first, first + step)
            z = (rows[some] @ flat).reshape(-1, rows.shape[1], m, directions).transpose(0, 2, 1, 3)
            z = z.reshape(len(z), m, -1)
            gram[some, part.regulators[:, None], part.regulators] += z @ np.swapaxes(z, 1, 2)


def production_covariance(
    deviations: list[Deviation],
    weight: Float[ndarray, "genes regulators"],
    square: Float[ndarray, "genes regulators"],
    size: int,
) -> Float[ndarray, "genes grid grid"]:
    """Covariance of every gene's production by the deviations, weights uncertain: E[w^2] on the diagonal."""
    n_genes, n_regulators = weight.shape
    alone = np.zeros((n_regulators, size, size))
    out = np.zeros((n_genes, size, size))
    for part in deviations:
        alone[part.regulators] += part.root @ np.swapaxes(part.root, 1, 2)
        some = np.flatnonzero(weight[:, part.regulators].any(axis=1))
        together = np.tensordot(weight[np.ix_(some, part.regulators)], part.root, axes=1)
        out[some] += together @ np.swapaxes(together, 1, 2)
    rest = np.maximum(square - weight**2, 0.0)
    out += (rest @ alone.reshape(n_regulators, -1)).reshape(n_genes, size, size)
    return out

"""Production by promoter states: modules of regulators that act together, combined independently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, Int, ndarray

#: Regulators of one gene at most: a gene with M modules has 2^M promoter states.
MOST_REGULATORS = 12
#: A regulator far above its dissociation constant: keeps products of many of them finite.
_SATURATED = 1e20


@dataclass(frozen=True, kw_only=True)
class Module:
    """Regulators that bind together.

    Attributes
    ----------
    activators, deactivators
        Positions of the regulators that switch the module on and off. A module that represses its gene does so when
        its activators are there.
    k, n
        Dissociation constants and Hill coefficients, activators first.
    as_complex
        Whether the regulators form a complex before they bind.
    """

    activators: tuple[int, ...]
    deactivators: tuple[int, ...] = ()
    k: tuple[float, ...]
    n: tuple[float, ...]
    as_complex: bool = False


@dataclass(frozen=True, kw_only=True)
class Promoter:
    """A gene's modules and its relative production in each of their states.

    Attributes
    ----------
    modules
        M of them; none for a gene that nothing regulates.
    alpha
        In [0, 1], length 2^M; bit k of the position says whether module k is active.
    """

    modules: tuple[Module, ...]
    alpha: tuple[float, ...]


class ThermodynamicProduction:
    r"""Production in the thermodynamic model of GeneNetWeaver.

    With :math:`\chi_j = (y_j / k_j)^{n_j}`, a module with activators A and deactivators D is active with probability

    .. math:: m = \frac{\prod_A \chi_j}{\prod_{A \cup D} (1 + \chi_j)}, \quad
              m = \frac{\prod_A \chi_j}{1 + \prod_A \chi_j + [D \ne \emptyset] \prod_{A \cup D} \chi_j}

    the second where they bind as a complex. Modules act independently of each other: in state s of all modules, which
    has probability :math:`P_s = \prod_k m_k^{s_k} (1 - m_k)^{1 - s_k}`, the gene is made at :math:`\alpha_s`, and

    .. math:: f_i(y) = \sum_s P_s(y) \, \alpha_s

    A change of the basal level adds to every :math:`\alpha_s`, which stays in [0, 1].

    Parameters
    ----------
    promoters
        One per gene.

    Raises
    ------
    OptionError
        If a promoter has the wrong number of levels, or a gene more than 12 regulators.

    References
    ----------
    Marbach, Prill, Schaffter, Mattiussi, Floreano & Stolovitzky (2010), PNAS 107, 6286-6291. Schaffter, Marbach &
    Floreano (2011), Bioinformatics 27, 2263-2270 (GeneNetWeaver). Ackers, Johnson & Shea (1982), PNAS 79, 1129-1133.
    """

    def __init__(self, promoters: Sequence[Promoter]) -> None:
        self.promoters = tuple(promoters)
        for gene, promoter in enumerate(self.promoters):
            regulators = sum(len(m.activators) + len(m.deactivators) for m in promoter.modules)
            if len(promoter.alpha) != 2 ** len(promoter.modules) or regulators > MOST_REGULATORS:
                raise OptionError(
                    f"gene {gene} has {len(promoter.modules)} modules, {len(promoter.alpha)} levels and {regulators} "
                    f"regulators; expected one level per state of the modules and at most {MOST_REGULATORS} regulators"
                )
        # Modules are laid out by their gene's number of modules, so that genes alike are computed together.
        by_size = sorted(range(len(self.promoters)), key=lambda g: len(self.promoters[g].modules))
        modules = [m for g in by_size for m in self.promoters[g].modules]
        self._source = np.array([j for m in modules for j in (*m.activators, *m.deactivators)], dtype=np.intp)
        self._k = np.array([k for m in modules for k in m.k])[:, None]
        self._n = np.array([n for m in modules for n in m.n])[:, None]
        on = [i < len(m.activators) for m in modules for i in range(len(m.activators) + len(m.deactivators))]
        self._activates = np.array(on, dtype=bool)[:, None]
        widths = [len(m.activators) + len(m.deactivators) for m in modules]
        self._start = np.concatenate([[0], np.cumsum(widths)[:-1]]).astype(np.intp) if widths else np.zeros(0, np.intp)
        self._complex = np.array([m.as_complex for m in modules], dtype=bool)[:, None]
        self._silenced = np.array([bool(m.deactivators) for m in modules], dtype=bool)[:, None]
        sizes = np.array([len(self.promoters[g].modules) for g in by_size])
        edges = np.flatnonzero(np.concatenate([[True], np.diff(sizes) > 0, [True]]))
        self._groups: list[tuple[int, Int[ndarray, " genes"], int, Float[ndarray, "genes levels"]]] = []
        at = 0
        for low, high in pairwise(edges.tolist()):
            genes = np.array(by_size[low:high], dtype=np.intp)
            size = int(sizes[low])
            alpha = np.array([self.promoters[g].alpha for g in genes])
            self._groups.append((size, genes, at, alpha))
            at += size * len(genes)

    @property
    def basal(self) -> Float[ndarray, " genes"]:
        """Production where no module is active, shape (N,)."""
        return np.array([p.alpha[0] for p in self.promoters])

    def __call__(self, x: Float[ndarray, "states genes"]) -> Float[ndarray, "states genes"]:
        """Production at each state."""
        return self.shifted(x, np.zeros((1, x.shape[1])))

    def shifted(
        self, x: Float[ndarray, "states genes"], shift: Float[ndarray, "#states genes"]
    ) -> Float[ndarray, "states genes"]:
        """Production at each state, with `shift` added to the level of every promoter state."""
        active = self._active(x)
        out = np.empty(x.shape)
        for size, genes, at, alpha in self._groups:
            level = np.clip(alpha[:, :, None] + shift.T[genes][:, None, :], 0.0, 1.0)
            mine = active[at : at + size * len(genes)].reshape(len(genes), size, len(x))
            for k in range(size):
                # Bit k is the lowest one left: pairs of states that differ in it become one.
                m = mine[:, k, None, :]
                level = level[:, 0::2] + m * (level[:, 1::2] - level[:, 0::2])
            out[:, genes] = level[:, 0].T
        return out

    def _active(self, x: Float[ndarray, "states genes"]) -> Float[ndarray, "modules states"]:
        if not len(self._source):
            return np.zeros((0, len(x)))
        chi = np.minimum((np.maximum(x.T[self._source], 0.0) / self._k) ** self._n, _SATURATED)
        on = np.multiply.reduceat(np.where(self._activates, chi, 1.0), self._start)
        every = np.multiply.reduceat(chi, self._start)
        alone = np.multiply.reduceat(1.0 + chi, self._start)
        return np.asarray(on / np.where(self._complex, 1.0 + on + self._silenced * every, alone))

"""A regulatory system: who regulates whom, and what follows from it over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from grn_l0._errors import DivergenceError, OptionError, TableError
from grn_l0._typing import Bool, Float, ndarray

Production = Callable[[np.ndarray], np.ndarray]

#: A state is at rest when no variable moves by more than this in its own relaxation time.
AT_REST = 1e-5


@runtime_checkable
class Shiftable(Protocol):
    """A production that knows what a change of its basal level does to it."""

    def shifted(
        self, x: Float[ndarray, "states genes"], shift: Float[ndarray, "#states genes"]
    ) -> Float[ndarray, "states genes"]:
        """Production at each state with the basal level shifted."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Change:
    r"""What an experiment does to production, from the outside: :math:`f_i \to k_i \, f_i(x; \beta_i + s_i)`.

    Attributes
    ----------
    shift
        s, added to the basal production, shape (S, N) or (1, N). Productions that are not `Shiftable` become
        f + s, kept between 0 and 1.
    scale
        k, shape (S, N) or (1, N): 0 for a knock-out, 1/2 for a knock-down.
    """

    shift: Float[ndarray, "#series genes"] | float = 0.0
    scale: Float[ndarray, "#series genes"] | float = 1.0

    def apply(self, production: Production, x: Float[ndarray, "states genes"]) -> Float[ndarray, "states genes"]:
        """Production at each state, changed."""
        if not np.any(self.shift):
            return np.asarray(self.scale * production(x))
        shift = np.broadcast_to(self.shift, x.shape)
        if isinstance(production, Shiftable):
            return np.asarray(self.scale * production.shifted(x, shift))
        free = production(x)
        return np.asarray(self.scale * np.where(shift != 0, np.clip(free + shift, 0, 1), free))


@dataclass(frozen=True, kw_only=True, eq=False)
class System:
    r"""Genes whose expression follows :math:`dx_i/dt = d_i (f_i(y) - x_i)`.

    Regulation acts through y: the expression x itself, or, where `protein_rate` is given, the proteins, which no
    experiment measures, in units of their level at rest (translation and decay have one rate, as in Marbach et al.
    2010):

    .. math:: dy_i/dt = d^p_i (x_i - y_i)

    Attributes
    ----------
    genes
        Names of the N genes.
    edges
        Table source, target, sign (-1, 1; 0 where it depends on the state): what `production` depends on.
    production
        f: states, shape (S, N), to productions of the same shape. The value for inputs is ignored.
    rate
        d, shape (N,), 1 / time.
    inputs
        True where a gene stays at its initial value, shape (N,).
    protein_rate
        d^p, shape (N,), 1 / time; None where expression itself regulates.

    References
    ----------
    Marbach, Prill, Schaffter, Mattiussi, Floreano & Stolovitzky (2010), PNAS 107, 6286-6291.
    """

    genes: tuple[str, ...]
    edges: pd.DataFrame
    production: Production
    rate: Float[ndarray, " genes"]
    inputs: Bool[ndarray, " genes"]
    protein_rate: Float[ndarray, " genes"] | None = None

    def __post_init__(self) -> None:
        n = len(self.genes)
        if self.rate.shape != (n,) or self.inputs.shape != (n,):
            raise OptionError(f"rate {self.rate.shape} and inputs {self.inputs.shape} must both have shape ({n},)")
        if not (self.rate >= 0).all():
            raise OptionError("rates must not be negative")
        if self.protein_rate is not None and (self.protein_rate.shape != (n,) or not (self.protein_rate > 0).all()):
            raise OptionError(f"protein rates must be positive and have shape ({n},), not {self.protein_rate.shape}")
        absent = {"source", "target", "sign"} - {*self.edges.columns}
        if absent:
            raise TableError(f"the edges lack the column(s) {', '.join(sorted(absent))}")

    @property
    def truth(self) -> Float[ndarray, "genes genes"]:
        """Signs of the edges, regulators x targets; an edge whose sign depends on the state counts as 1."""
        position = {gene: k for k, gene in enumerate(self.genes)}
        matrix = np.zeros((len(self.genes), len(self.genes)))
        rows = [position[g] for g in self.edges["source"]]
        columns = [position[g] for g in self.edges["target"]]
        sign = self.edges["sign"].to_numpy(dtype=np.float64)
        matrix[rows, columns] = np.where(sign == 0, 1.0, sign)
        return matrix

    @property
    def n_variables(self) -> int:
        """Length of a state: N, or 2 N where there are proteins, which stand behind the expression."""
        return len(self.genes) * (1 if self.protein_rate is None else 2)

    def solve(
        self,
        x0: Float[ndarray, "series genes"],
        times: Float[ndarray, " times"],
        *,
        change: Change | None = None,
        rtol: float = 1e-9,
        atol: float = 1e-10,
    ) -> Float[ndarray, "series times genes"]:
        """Expression along trajectories from many initial states at once; see `states`."""
        return self.states(x0, times, change=change, rtol=rtol, atol=atol)[:, :, : len(self.genes)]

    def states(
        self,
        x0: Float[ndarray, "series variables"],
        times: Float[ndarray, " times"],
        *,
        change: Change | None = None,
        rtol: float = 1e-9,
        atol: float = 1e-10,
    ) -> Float[ndarray, "series times variables"]:
        """Trajectories from many initial states at once, by an 8th-order Runge-Kutta method (DOP853).

        Parameters
        ----------
        x0
            States at ``times[0]``, shape (S, N); shape (S, 2 N) with proteins, which otherwise start at their level
            at rest, that is at the expression of their genes.
        times
            Increasing, shape (T,).
        change
            What happens to production during all that time.
        rtol, atol
            Tolerances of the step control.

        Returns
        -------
        Shape (S, T, `n_variables`).

        Raises
        ------
        OptionError
            If shapes or times do not fit.
        DivergenceError
            If the trajectories leave the finite numbers.
        """
        from scipy.integrate import solve_ivp

        x0, times = np.asarray(x0, dtype=np.float64), np.asarray(times, dtype=np.float64)
        n = len(self.genes)
        if x0.ndim != 2 or x0.shape[1] not in {n, self.n_variables}:
            raise OptionError(f"initial states have shape {x0.shape}; expected (series, {n})")
        if times.ndim != 1 or len(times) < 1 or not (np.diff(times) > 0).all():
            raise OptionError(f"times must be one increasing list, not {times.tolist()}")
        x0 = x0 if x0.shape[1] == self.n_variables else np.concatenate([x0, x0], axis=1)
        shape = x0.shape

        def slope(t: float, y: Float[ndarray, " states"]) -> Float[ndarray, " states"]:
            return self.slope(y.reshape(shape), change).ravel()

        if len(times) == 1:
            return x0[:, None, :].copy()
        span = (float(times[0]), float(times[-1]))
        done = solve_ivp(slope, span, x0.ravel(), method="DOP853", t_eval=times, rtol=rtol, atol=atol)
        if not done.success or not np.isfinite(done.y).all():
            raise DivergenceError(f"the simulated system has no finite solution up to {times[-1]:g}: {done.message}")
        # The solver returns (states, times); the copy makes each trajectory contiguous.
        return np.ascontiguousarray(done.y.reshape(*shape, len(times)).transpose(0, 2, 1))

    def slope(
        self, state: Float[ndarray, "series variables"], change: Change | None = None
    ) -> Float[ndarray, "series variables"]:
        """Time derivative of each state, shape (S, `n_variables`)."""
        n = len(self.genes)
        rate = np.where(self.inputs, 0.0, self.rate)
        x, active = state[:, :n], state[:, -n:]
        made = self.production(active) if change is None else change.apply(self.production, active)
        move = rate * (made - x)
        if self.protein_rate is None:
            return np.asarray(move)
        return np.concatenate([move, self.protein_rate * (x - active)], axis=1)

    def steady_states(
        self, x0: Float[ndarray, "series genes"], *, change: Change | None = None, longest: float = 400.0
    ) -> Float[ndarray, "series variables"]:
        """States at rest that are reached from `x0`, by integration in doubling intervals.

        Parameters
        ----------
        x0
            As in `states`; inputs stay there.
        change
            As in `states`, for ever.
        longest
            In relaxation times of the slowest gene. A system that oscillates is not at rest even then; its state at
            that time is returned, as GeneNetWeaver does (Schaffter, Marbach & Floreano 2011).

        Returns
        -------
        Shape (S, `n_variables`).
        """
        moving = self.rate[~self.inputs & (self.rate > 0)]
        slowest = [*moving, *(() if self.protein_rate is None else self.protein_rate)]
        unit = 1.0 / min(slowest) if slowest else 1.0
        state, span, spent = np.asarray(x0, dtype=np.float64), 10.0, 0.0
        while spent < longest:
            state = self.states(state, np.array([0.0, span * unit]), change=change, rtol=1e-6, atol=1e-8)[:, -1]
            spent, span = spent + span, 2 * span
            if np.abs(self.slope(state, change)).max(initial=0.0) * unit < AT_REST:
                break
        return state

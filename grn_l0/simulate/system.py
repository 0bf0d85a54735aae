"""A regulatory system: who regulates whom, and what follows from it over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grn_l0._errors import DivergenceError, OptionError, TableError
from grn_l0._typing import Bool, Float, ndarray

Production = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class System:
    r"""Genes whose expression follows :math:`dx_i/dt = d_i (f_i(x) - x_i)`.

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
    """

    genes: tuple[str, ...]
    edges: pd.DataFrame
    production: Production
    rate: Float[ndarray, " genes"]
    inputs: Bool[ndarray, " genes"]

    def __post_init__(self) -> None:
        n = len(self.genes)
        if self.rate.shape != (n,) or self.inputs.shape != (n,):
            raise OptionError(f"rate {self.rate.shape} and inputs {self.inputs.shape} must both have shape ({n},)")
        if not (self.rate >= 0).all():
            raise OptionError("rates must not be negative")
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

    def solve(
        self,
        x0: Float[ndarray, "series genes"],
        times: Float[ndarray, " times"],
        *,
        rtol: float = 1e-9,
        atol: float = 1e-10,
    ) -> Float[ndarray, "series times genes"]:
        """Trajectories from many initial states at once, by an 8th-order Runge-Kutta method (DOP853).

        Parameters
        ----------
        x0
            States at ``times[0]``, shape (S, N).
        times
            Increasing, shape (T,).
        rtol, atol
            Tolerances of the step control.

        Raises
        ------
        OptionError
            If shapes or times do not fit.
        DivergenceError
            If the trajectories leave the finite numbers.
        """
        from scipy.integrate import solve_ivp

        x0, times = np.asarray(x0, dtype=np.float64), np.asarray(times, dtype=np.float64)
        if x0.ndim != 2 or x0.shape[1] != len(self.genes):
            raise OptionError(f"initial states have shape {x0.shape}; expected (series, {len(self.genes)})")
        if times.ndim != 1 or len(times) < 1 or not (np.diff(times) > 0).all():
            raise OptionError(f"times must be one increasing list, not {times.tolist()}")
        shape = x0.shape
        rate = np.where(self.inputs, 0.0, self.rate)

        def slope(t: float, y: Float[ndarray, " states"]) -> Float[ndarray, " states"]:
            x = y.reshape(shape)
            return np.asarray(rate * (self.production(x) - x)).ravel()

        if len(times) == 1:
            return x0[:, None, :].copy()
        span = (float(times[0]), float(times[-1]))
        done = solve_ivp(slope, span, x0.ravel(), method="DOP853", t_eval=times, rtol=rtol, atol=atol)
        if not done.success or not np.isfinite(done.y).all():
            raise DivergenceError(f"the simulated system has no finite solution up to {times[-1]:g}: {done.message}")
        # The solver returns (states, times); the copy makes each trajectory contiguous.
        return np.ascontiguousarray(done.y.reshape(*shape, len(times)).transpose(0, 2, 1))

"""What measurements leave of a model's trajectories, at every rate, and their second moments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy import sparse

from grn_l0._typing import Float, Int, ndarray
from grn_l0.posterior.covariance import Basis
from grn_l0.posterior.response import LONG

#: So many values are held at once.
_HELD = 2**20


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals of one design, in D posterior draws of the production.

    Attributes
    ----------
    measured
        Shape (series, times, N).
    columns
        What targets are regressed on, shape (columns, series x grid); None where `measured` are residuals already.
    bend
        What curvature adds to the production, shape (series, grid, N).
    draws
        D draws of the weights, each of shape (N, columns).
    responses
        C_d at the measured times, by the index of the rate.
    """

    measured: Float[ndarray, "series times genes"]
    columns: Float[ndarray, "columns rows"] | None = None
    bend: Float[ndarray, "series grid genes"] | None = None
    draws: tuple[sparse.csr_array, ...] = ()
    responses: dict[int, Float[ndarray, "times grid"]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        measured: Float[ndarray, "series times genes"],
        regressors: Float[ndarray, "series grid columns"],
        bend: Float[ndarray, "series grid genes"],
        draws: list[sparse.csr_array],
        bases: dict[int, Basis],
    ) -> Self:
        """Of weights drawn from the posterior."""
        columns = np.ascontiguousarray(regressors.reshape(-1, regressors.shape[2]).T)
        responses = {index: basis.response[basis.design.at] for index, basis in bases.items()}
        return cls(measured, columns, bend, tuple(draws), responses)

    def of_genes(self, genes: Int[ndarray, " some"]) -> Self:
        """Those of some genes."""
        bend = None if self.bend is None else self.bend[:, :, genes]
        return replace(self, measured=self.measured[:, :, genes], bend=bend, draws=tuple(w[genes] for w in self.draws))

    @property
    def n_draws(self) -> int:
        """D."""
        return max(len(self.draws), 1)

    @property
    def n_rows(self) -> int:
        """Series of all draws."""
        return len(self.measured) * self.n_draws

    @cached_property
    def production(self) -> Float[ndarray, "genes draws series grid"] | None:
        """Of every draw, genes first, as products with weights make it; the same at every rate."""
        if self.columns is None or self.bend is None:
            return None
        series, grid, n = self.bend.shape
        more = self.bend.reshape(series * grid, n).T
        return np.stack([(w @ self.columns + more).reshape(n, series, grid) for w in self.draws], axis=1)

    def stacked(self, index: int) -> Float[ndarray, "rows times genes"]:
        """Residuals at one rate, the series of each draw after those of the one before."""
        production = self.production
        if production is None:
            return self.measured
        left = self.measured - (production @ self.responses[index].T).transpose(1, 2, 3, 0)
        out: Float[ndarray, "rows times genes"] = left.reshape(-1, *self.measured.shape[1:])
        return out

    def moments(
        self, indices: list[int]
    ) -> tuple[Float[ndarray, "indices times times genes"], Float[ndarray, "indices times genes"]]:
        """Per rate: second moments and means of the residuals, averaged over draws and summed over series."""
        series, times, n_genes = self.measured.shape
        production = self.production
        if production is None:
            square = np.einsum("sti,sui->tui", self.measured, self.measured, optimize=True)
            shape = (len(indices), times, times, n_genes)
            total = np.broadcast_to(self.measured.sum(axis=0), (len(indices), times, n_genes))
            return np.broadcast_to(square, shape), total
        square, mean = np.empty((len(indices), times, times, n_genes)), np.empty((len(indices), times, n_genes))
        # Products of short trajectories are made once for all rates; those of long ones would be larger than they are.
        put = self._short if times <= LONG else self._long
        size = self.n_draws * series * production.shape[3]
        step = max(_HELD // size, 1)
        for genes in (slice(k, k + step) for k in range(0, n_genes, step)):
            put(
                indices,
                production[genes],
                self.measured[:, :, genes].transpose(2, 0, 1),
                square[..., genes],
                mean[..., genes],
            )
        return square, mean

    def _short(
        self,
        indices: list[int],
        production: Float[ndarray, "genes draws series grid"],
        y: Float[ndarray, "genes series times"],
        square: Float[ndarray, "indices times times genes"],
        mean: Float[ndarray, "indices times genes"],
    ) -> None:
        """(y - C F)'(y - C F) multiplied out: y'y - y'F C' - C F'y + C F'F C'.

        The terms cancel where the fit is good: the relative error is about 1e-15 (sd / noise)^2, 1e-7 for noise of a
        ten-thousandth of the standard deviation of y, and of a ten-millionth nothing is right.
        """
        whole = production.reshape(len(production), -1, production.shape[3])
        average = production.mean(axis=1)
        turned = np.swapaxes(y, 1, 2)
        own, cross, among = turned @ y, turned @ average, np.swapaxes(whole, 1, 2) @ whole / self.n_draws
        for k, index in enumerate(indices):
            response = self.responses[index]
            both = cross @ response.T
            products = own - both - np.swapaxes(both, 1, 2) + response @ among @ response.T
            square[k] = np.moveaxis(products, 0, 2)
            mean[k] = (y - average @ response.T).sum(axis=1).T

    def _long(
        self,
        indices: list[int],
        production: Float[ndarray, "genes draws series grid"],
        y: Float[ndarray, "genes series times"],
        square: Float[ndarray, "indices times times genes"],
        mean: Float[ndarray, "indices times genes"],
    ) -> None:
        """Rate by rate, as it is defined."""
        for k, index in enumerate(indices):
            left = y[:, None] - production @ self.responses[index].T
            left = left.reshape(len(left), -1, y.shape[2])
            square[k] = np.moveaxis(np.swapaxes(left, 1, 2) @ left, 0, 2) / self.n_draws
            mean[k] = left.sum(axis=1).T / self.n_draws

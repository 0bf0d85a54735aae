"""States from single measurements of many genes: genes of one cell share a few time courses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grn_l0._typing import Float, ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    r"""A linear Gaussian guess at the state behind one measurement, learned from training series.

    Standardised, a state is :math:`U c + h` with :math:`c_k \sim N(0, \lambda_k)` and :math:`h \sim N(0, \tau^2)`, and
    a measurement of weight w adds noise of variance :math:`1 / w` (all in units of the noise of weight 1):

    .. math:: \hat x = \sum_k \frac{\lambda_k}{\lambda_k + 1/w} u_k u_k^T x
        + \frac{\tau^2}{\tau^2 + 1/w} (x - U U^T x)

    Principal components with noise (Tipping and Bishop 1999).

    Attributes
    ----------
    mean, scale
        Shape (N,), expression units.
    loadings
        Shape (N, r), orthonormal columns.
    power
        lambda, shape (r,), per noise variance of a measurement of weight 1.
    rest
        tau^2, the same unit.
    """

    mean: Float[ndarray, " genes"]
    scale: Float[ndarray, " genes"]
    loadings: Float[ndarray, "genes rank"]
    power: Float[ndarray, " rank"]
    rest: float

    def arrays(self) -> dict[str, ndarray]:
        """All fields but `rest`, by name."""
        return {name: value for name, value in vars(self).items() if name != "rest"}

    def estimate(
        self, values: Float[ndarray, "rows genes"], weights: Float[ndarray, " rows"]
    ) -> Float[ndarray, "rows genes"]:
        """States behind measurements; genes that were not measured get what the others say about them."""
        y = (values - self.mean) / self.scale
        seen = np.isfinite(y)
        y = np.where(seen, y, 0.0)
        weight = np.asarray(weights, dtype=np.float64)[:, None]
        gain, rest = self.power * weight / (self.power * weight + 1.0), self.rest * weight / (self.rest * weight + 1.0)
        # Missing genes: expectation-maximisation, from the mean; nothing to repeat where all were measured.
        for _ in range(1 if seen.all() else 20):
            inner = y @ self.loadings
            low = (gain * inner) @ self.loadings.T
            y = np.where(seen, y, low)
        inner = y @ self.loadings
        state = (gain * inner) @ self.loadings.T + rest * (y - inner @ self.loadings.T)
        return np.asarray(self.mean + self.scale * np.where(seen, state, low))


def make_projection(
    low: Float[ndarray, "rows genes"],
    *,
    mean: Float[ndarray, " genes"],
    scale: Float[ndarray, " genes"],
    noise: float,
    share: float,
    weight: float,
) -> Projection:
    """From standardised states of low rank.

    Parameters
    ----------
    low
        States of the training series.
    mean, scale
        Of each gene.
    noise
        Variance of a standardised measurement of weight 1.
    share
        Of what lies outside the rank, how much is kept of a measurement of weight `weight`.
    weight
        Typical weight of the training measurements.
    """
    _, size, right = np.linalg.svd(low, full_matrices=False)
    rank = max(int((size > 1e-6 * size[0]).sum()), 1)
    share = min(share, 1.0 - 1e-6)
    return Projection(
        mean=mean,
        scale=scale,
        loadings=right[:rank].T,
        power=size[:rank] ** 2 / len(low) / max(noise, 1e-12),
        rest=share / (1.0 - share) / weight,
    )

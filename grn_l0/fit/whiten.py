"""Whitened squared residuals and their gradient, as a compiled kernel; series last, as in the solver."""

from __future__ import annotations

import numpy as np

from grn_l0._compiled import ANY_ORDER, compiled


@compiled(fastmath=ANY_ORDER)
def whiten(
    x: np.ndarray,  # (T, N, S) states
    target: np.ndarray,  # (T, N, S)
    weight: np.ndarray,  # (T, N, S)
    whitener: np.ndarray,  # (N, T', T') of the series `which`, whose first T' times count
    which: np.ndarray,  # positions of these series, increasing
    squares: np.ndarray,  # (N,): added to
    factor: np.ndarray,  # (N,) gradient of the loss in the squares, or (0,) for no gradient
    dx: np.ndarray,  # (T, N, S) or (0, 0, 0): written at these series and times
) -> None:
    """Adds |L r|^2 of each gene, with r = (target - x) weight; or the gradient of their sum times `factor`."""
    n_times, n_series = whitener.shape[1], len(which)
    zero, two = x.dtype.type(0.0), x.dtype.type(2.0)
    residual, white = np.empty((n_times, n_series), x.dtype), np.empty((n_times, n_series), x.dtype)
    first, after = which[0], which[-1] + 1
    together = after - first == n_series
    for i in range(x.shape[1]):
        for t in range(n_times):
            if together:
                here, there, by = x[t, i, first:after], target[t, i, first:after], weight[t, i, first:after]
                for s in range(n_series):
                    residual[t, s] = (there[s] - here[s]) * by[s]
            else:
                for s in range(n_series):
                    at = which[s]
                    residual[t, s] = (target[t, i, at] - x[t, i, at]) * weight[t, i, at]
        total = zero
        for a in range(n_times):
            for s in range(n_series):
                white[a, s] = zero
            for t in range(n_times):
                entry = whitener[i, a, t]
                if entry != zero:  # lower triangular, or diagonal
                    for s in range(n_series):
                        white[a, s] += entry * residual[t, s]
            for s in range(n_series):
                total += white[a, s] * white[a, s]
        squares[i] += total
        if not len(factor):
            continue
        scale = -two * factor[i]
        for t in range(n_times):
            for s in range(n_series):
                residual[t, s] = zero
            for a in range(n_times):
                entry = whitener[i, a, t] * scale
                if entry != zero:
                    for s in range(n_series):
                        residual[t, s] += entry * white[a, s]
            if together:
                to, by = dx[t, i, first:after], weight[t, i, first:after]
                for s in range(n_series):
                    to[s] = residual[t, s] * by[s]
            else:
                for s in range(n_series):
                    dx[t, i, which[s]] = residual[t, s] * weight[t, i, which[s]]

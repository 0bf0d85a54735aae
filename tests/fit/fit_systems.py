"""A known system of ten genes, and a start for it as a posterior would give one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.integrate import solve_ivp

from grn_l0.posterior.start import Covariance, Start
from grn_l0.timeseries import TimeSeries

N = 10
EDGES = [
    (0, 3, 0.8),
    (1, 3, -0.5),
    (1, 4, 0.9),
    (2, 5, -0.7),
    (3, 6, 0.8),
    (4, 7, 0.6),
    (5, 7, 0.6),
    (6, 8, -0.8),
    (0, 9, 0.7),
]
TRUTH = np.zeros((N, N))
for source, target, strength in EDGES:
    TRUTH[source, target] = strength
GENES = tuple(f"g{k}" for k in range(N))
TIMES = np.array([0.0, 0.5, 1.0, 2.0, 3.5, 5.0])


@dataclass(frozen=True)
class Known:
    series: TimeSeries
    clean: np.ndarray
    start: Start


def production(x: np.ndarray, logistic: bool) -> np.ndarray:
    f = 0.5 + (x - 0.5) @ TRUTH
    return 1 / (1 + np.exp(-8 * (f - 0.5))) if logistic else f


def simulate(
    n_series: int, noise: float, seed: int, *, logistic: bool = False, times: np.ndarray = TIMES
) -> tuple[TimeSeries, np.ndarray]:
    rng = np.random.default_rng(seed)
    clean = []
    for _ in range(n_series):
        x0 = rng.uniform(0.1, 0.9, N)
        right = lambda t, x: production(x, logistic) - x  # noqa: E731
        clean.append(solve_ivp(right, (0, times[-1]), x0, t_eval=times, rtol=1e-8, atol=1e-10).y.T)
    x = np.stack(clean)
    series = TimeSeries(
        genes=GENES,
        trajectories=tuple(f"s{k}" for k in range(n_series)),
        values=x + noise * rng.normal(size=x.shape),
        times=np.tile(times, (n_series, 1)),
    )
    return series, x


def make_start(series: TimeSeries, clean: np.ndarray, noise: float, seed: int = 0) -> Start:
    """Uncertain where it should be: true edges at .6, thirty false ones at .3, weights off by a fifth."""
    rng = np.random.default_rng(seed)
    true = TRUTH != 0
    inclusion = np.where(true, 0.6, 1e-5)
    false = rng.permutation(np.flatnonzero((~true & ~np.eye(N, dtype=bool)).ravel()))[:30]
    inclusion.ravel()[false] = 0.3
    weight = TRUTH * rng.uniform(0.8, 1.2, (N, N))
    weight.ravel()[false] = rng.normal(0, 0.1, 30)
    own = np.eye(N, dtype=bool)
    inclusion[own] = 0
    n = series.n_series
    sd = max(noise, 0.005)
    t = len(series.times[0])
    return Start(
        inclusion=inclusion,
        weight=weight,
        center=np.full(N, 0.5),
        offset=np.full(N, 0.5) + 0.02 * rng.normal(size=N),
        rate=np.full(N, 1.1),
        initial=clean[:, 0] + 0.5 * noise * rng.normal(size=(n, N)),
        states=clean + 0.3 * noise * rng.normal(size=clean.shape),
        noise=np.full(N, sd),
        penalty=np.where(own, np.inf, 3.0),
        curvature=np.full((N, N), 0.02 * n / sd**2),
        slab=np.full((N, N), 0.7),
        covariances=(Covariance(series=np.arange(n), whitener=np.broadcast_to(np.eye(t) / sd, (N, t, t)).copy()),),
    )


def known(n_series: int = 40, noise: float = 0.02, seed: int = 0, **options: bool) -> Known:
    series, clean = simulate(n_series, noise, seed, **options)
    start = make_start(series, clean, noise)
    # a steep logistic response; its tangent at the center is twice the linear one
    return Known(series, clean, replace(start, weight=start.weight * 1.5) if options.get("logistic") else start)


def permuted(k: Known, order: np.ndarray) -> Known:
    """The same data with the genes in another order."""
    s, a = k.series, k.start
    series = TimeSeries(
        genes=tuple(s.genes[i] for i in order), trajectories=s.trajectories, values=s.values[:, :, order], times=s.times
    )
    both = lambda m: m[order][:, order]  # noqa: E731
    start = replace(
        a,
        **{n: both(getattr(a, n)) for n in ("inclusion", "weight", "penalty", "curvature", "slab")},
        **{n: getattr(a, n)[order] for n in ("center", "offset", "rate", "noise")},
        initial=a.initial[:, order],
        states=a.states[:, :, order],
        covariances=tuple(Covariance(series=c.series, whitener=c.whitener[order]) for c in a.covariances),
    )
    return Known(series, k.clean[:, :, order], start)

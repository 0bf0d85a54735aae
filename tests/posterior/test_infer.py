"""The posterior start from end to end, on systems whose network is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import posterior_systems as systems
import pytest
from scipy.integrate import solve_ivp
from sklearn.metrics import average_precision_score

from grn_l0.posterior import PosteriorConfig, Prior, Start, infer_start
from grn_l0.posterior.denoise import autocorrelation_rate, denoise
from grn_l0.posterior.joint import agreed
from grn_l0.posterior.response import designs
from grn_l0.posterior.scaling import Scaled
from grn_l0.posterior.transitions import by_transitions, smoothness
from grn_l0.timeseries import TimeSeries

QUICK = PosteriorConfig(rounds=(20, 20, 40, 40), averaged=2)
EDGES = {(0, 3): 0.9, (1, 4): -0.8, (2, 5): 0.7, (3, 6): 0.8, (4, 6): 0.5, (5, 7): -0.9, (0, 8): 0.8, (6, 9): 0.8}


def truth(n: int = 10) -> np.ndarray:
    out = np.zeros((n, n))
    for (source, target), weight in EDGES.items():
        out[source, target] = weight
    return out


def simulate(
    kind: str = "linear", n_series: int = 60, times: np.ndarray | None = None, noise: float = 0.03, seed: int = 0
) -> TimeSeries:
    """Ten genes, the first three constant: dx/dt = f(x) - x."""
    rng = np.random.default_rng(seed)
    t = np.array([0.0, 0.5, 1.5, 3.0, 5.0]) if times is None else times
    w = truth()
    constant = np.arange(10) < 3

    def production(x: np.ndarray) -> np.ndarray:
        drive = (x - 0.5) @ w
        f = 0.5 + drive if kind == "linear" else 1 / (1 + np.exp(-4 * drive))
        return np.where(constant, x, f)

    values = np.empty((n_series, len(t), 10))
    for s in range(n_series):
        x0 = rng.uniform(0, 1, 10)
        values[s] = solve_ivp(lambda _, x: production(x) - x, (0, t[-1]), x0, t_eval=t, rtol=1e-8).y.T
    values += noise * rng.normal(size=values.shape)
    names = tuple(f"s{k}" for k in range(n_series))
    return TimeSeries(
        genes=tuple(f"g{k}" for k in range(10)), trajectories=names, values=values, times=np.tile(t, (n_series, 1))
    )


def auprc(start: Start) -> float:
    pairs = ~np.eye(10, dtype=bool)
    return float(average_precision_score(truth()[pairs] != 0, start.inclusion[pairs]))


def run(series: TimeSeries, **options: object) -> Start:
    return infer_start(series, np.arange(series.n_genes), **{"config": QUICK, **options})  # type: ignore[arg-type]


def finite(start: Start) -> bool:
    candidates = start.inclusion > 0
    fields = ("inclusion", "weight", "center", "offset", "rate", "initial", "noise", "slab")
    return all(np.isfinite(getattr(start, f)).all() for f in fields) and bool(
        np.isfinite(start.penalty[candidates]).all()
    )


@pytest.mark.parametrize("kind", ["linear", "logistic"])
def test_a_known_network_is_recovered(kind: str) -> None:
    start = run(simulate(kind))
    assert auprc(start) > 0.95
    assert (start.rate == 0).tolist() == [True] * 3 + [False] * 7
    np.testing.assert_array_equal(np.sign(start.weight[truth() != 0]), np.sign(truth()[truth() != 0]))
    assert np.diag(start.inclusion).max() == 0


def test_parameters_are_in_expression_units() -> None:
    series = simulate(noise=0.01)
    start = run(series)
    np.testing.assert_allclose(start.weight[truth() != 0], truth()[truth() != 0], atol=0.12)
    np.testing.assert_allclose(start.rate[3:], 1.0, rtol=0.15)
    np.testing.assert_allclose(start.noise, 0.01, rtol=0.35)
    factor = np.geomspace(0.01, 1000, 10)
    big = run(dataclasses.replace(series, values=series.values * factor, times=series.times * 60))
    np.testing.assert_allclose(big.rate[3:], 1 / 60, rtol=0.15)
    assert auprc(big) > 0.95


def test_missing_values_and_unequal_schedules_are_no_obstacle() -> None:
    series = simulate(n_series=80)
    values, times = series.values.copy(), series.times.copy()
    values[np.random.default_rng(1).random(values.shape) < 0.1] = np.nan
    values[::3, 4:], times[::3, 4:] = np.nan, np.nan
    start = run(dataclasses.replace(series, values=values, times=times))
    assert finite(start)
    assert auprc(start) > 0.9


def test_permuting_genes_permutes_the_result() -> None:
    series = simulate()
    order = np.random.default_rng(2).permutation(10)
    genes = tuple(series.genes[k] for k in order)
    sure = PosteriorConfig()
    moved = run(dataclasses.replace(series, genes=genes, values=series.values[:, :, order]), config=sure).inclusion
    plain = run(series, config=sure).inclusion[np.ix_(order, order)]
    # Random numbers are keyed by position, so single probabilities move by their Monte Carlo error.
    assert np.corrcoef(plain.ravel(), moved.ravel())[0, 1] > 0.99
    np.testing.assert_array_equal(plain > 0.75, moved > 0.75)


def test_the_same_seed_gives_the_same_bits() -> None:
    series = simulate(n_series=12)
    a, b = run(series, seed=3), run(series, seed=3)
    np.testing.assert_array_equal(a.inclusion, b.inclusion)
    np.testing.assert_array_equal(a.weight, b.weight)
    threaded = run(series, seed=3, config=dataclasses.replace(QUICK, threads=3))
    np.testing.assert_array_equal(a.inclusion, threaded.inclusion)


def test_no_edges_come_from_noise_or_from_unrelated_genes() -> None:
    rng, series = np.random.default_rng(4), simulate()
    noise = dataclasses.replace(series, values=rng.normal(size=series.values.shape))
    assert (run(noise).inclusion > 0.5).sum() == 0
    mixed = np.stack([series.values[rng.permutation(60), :, i] for i in range(10)], axis=2)
    assert (run(dataclasses.replace(series, values=mixed)).inclusion > 0.5).sum() <= 2


def test_a_prior_helps_where_it_is_right_and_is_found_out_where_it_is_not() -> None:
    series = simulate(n_series=14, noise=0.12)
    plain = auprc(run(series))
    right = auprc(run(series, prior=Prior(listed=truth() != 0)))
    wrong = truth()[:, np.random.default_rng(5).permutation(10)] != 0
    assert right > plain
    assert auprc(run(series, prior=Prior(listed=wrong))) > plain - 0.1


def long_series(n_genes: int = 400, n_times: int = 40, seed: int = 0) -> TimeSeries:
    """A few shared waves, many genes, half of the variance noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_times, dtype=float)
    waves = np.stack([np.sin(2 * np.pi * t / period + 1) for period in (9, 14, 23)], axis=1)
    values = waves @ rng.normal(size=(3, n_genes)) + 1.2 * rng.normal(size=(n_times, n_genes))
    names = tuple(f"g{k}" for k in range(n_genes))
    return TimeSeries(genes=names, trajectories=("one",), values=values[None], times=t[None])


def test_denoising_finds_the_rank_and_the_noise() -> None:
    series = long_series()
    parts = designs(series)
    scaled = Scaled.of(series, parts)
    states, noise = denoise(parts, scaled.measured)
    assert np.linalg.matrix_rank(states[0][0]) == 3
    np.testing.assert_allclose(np.median(np.sqrt(noise) * scaled.scale), 1.2, rtol=0.05)


def test_the_rate_survives_measurement_noise() -> None:
    rng = np.random.default_rng(6)
    x = np.zeros((4000, 30))
    for k in range(1, 4000):
        x[k] = np.exp(-0.3) * x[k - 1] + rng.normal(size=30)
    noisy = x + 2.0 * rng.normal(size=x.shape)
    series = TimeSeries(
        genes=tuple(map(str, range(30))), trajectories=("a",), values=noisy[None], times=np.arange(4000.0)[None]
    )
    parts = designs(series)
    assert abs(autocorrelation_rate(parts, Scaled.of(series, parts).measured) - 0.3) < 0.03


def test_steps_are_for_many_genes_or_smoothed_series() -> None:
    series = long_series()
    assert by_transitions(series)
    assert not by_transitions(long_series(n_genes=50))
    rng = np.random.default_rng(7)
    kernel = np.hanning(13) / np.hanning(13).sum()
    rough = np.cumsum(rng.normal(size=(80, 50)), axis=0)
    smooth = np.apply_along_axis(lambda v: np.convolve(v, kernel, "valid"), 0, rough)[None]
    times = np.arange(smooth.shape[1], dtype=float)[None]
    smoothed = TimeSeries(genes=series.genes[:50], trajectories=("one",), values=smooth, times=times)
    assert smoothness(smoothed) > 0.5
    assert by_transitions(smoothed)


def test_one_long_series_of_many_genes_gives_a_finite_start() -> None:
    series = long_series()
    start = infer_start(series, np.arange(20), config=QUICK, prior=Prior(listed=np.ones((20, 400), dtype=bool)))
    assert finite(start)
    # nobody's every edge: a prior that lists everything may not open everything
    assert (start.inclusion > 0.5).mean() < 0.3


DEGENERATE = {
    "two genes": lambda s: dataclasses.replace(s, genes=s.genes[:2], values=s.values[:, :, 2:4]),
    "a gene without variance": lambda s: dataclasses.replace(s, values=np.where(np.arange(10) == 4, 0.5, s.values)),
    "all genes without variance": lambda s: dataclasses.replace(s, values=np.full_like(s.values, 0.5)),
    "two times": lambda s: dataclasses.replace(s, values=s.values[:, :2], times=s.times[:, :2], weights=None),
    "two series": lambda s: s.select([0, 1]),
    "one series of three times": lambda s: dataclasses.replace(
        s.select([0]), values=s.values[:1, :3], times=s.times[:1, :3], weights=None
    ),
    "tiny": lambda s: dataclasses.replace(s, values=s.values * 1e-12),
    "huge": lambda s: dataclasses.replace(s, values=s.values * 1e12),
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_degenerate_data_give_finite_results(name: str) -> None:
    assert finite(run(DEGENERATE[name](simulate(n_series=8))))


def test_the_weight_of_several_runs_is_that_of_the_pooled_chain() -> None:
    """Sweeps of three runs together: the mean weight over all sweeps in which an edge was open."""
    series = systems.trajectories(8, seed=1)
    one = infer_start(series, np.arange(systems.N), config=PosteriorConfig(rounds=(5, 5, 5), averaged=1))
    rng = np.random.default_rng(0)
    sweeps = rng.normal(size=(3, 50, systems.N, systems.N)) * (rng.random((3, 50, systems.N, systems.N)) < 0.3)
    # Never open; and open in one run only, where the plain mean of weights would be a third of what it should.
    sweeps[:, :, 0, 1] = 0.0
    sweeps[:, :, 0, 2] = 0.0
    sweeps[1, 5:9, 0, 2] = 0.8
    is_open = sweeps != 0
    runs = [
        dataclasses.replace(
            one,
            inclusion=is_open[k].mean(axis=0),
            weight=sweeps[k].sum(axis=0) / np.maximum(is_open[k].sum(axis=0), 1),
            gate=is_open[k].mean(axis=0) / (k + 1),
        )
        for k in range(3)
    ]
    got = agreed(runs)
    expected = sweeps.sum(axis=(0, 1)) / np.maximum(is_open.sum(axis=(0, 1)), 1)
    np.testing.assert_allclose(got.weight, expected, atol=1e-12)
    assert got.weight[0, 1] == 0.0 and got.weight[0, 2] == pytest.approx(0.8)
    np.testing.assert_allclose(got.inclusion, is_open.mean(axis=(0, 1)))
    np.testing.assert_allclose(got.opening, np.min([r.opening for r in runs], axis=0))

"""Stimuli, samples at rest, fluctuations, irregular times, branches and ready designs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from grn_l0._errors import OptionError
from grn_l0.simulate import (
    DESIGNS,
    binned,
    initial_states,
    insilico_system,
    irregular,
    long_series,
    pseudotime_cells,
    random_system,
    steady_samples,
    stimulated,
)
from grn_l0.simulate.stimulus import strong_change, wild_type

SYSTEM = insilico_system(30, 0)
SOURCES = np.flatnonzero(np.abs(SYSTEM.truth).sum(axis=0) == 0)


def test_a_gene_that_nothing_regulates_follows_the_stimulus_exactly() -> None:
    series = stimulated(SYSTEM, 6, 21, noise=0, seed=3)
    assert series.values.shape == (6, 21, 30)
    assert len(SOURCES) == 3
    # The stimuli are the first numbers that the seed gives.
    shift = np.asarray(strong_change(SYSTEM, 6, 1 / 3, np.random.default_rng(3)).shift)[:, SOURCES]
    assert (shift < 0).any()
    rate, t = SYSTEM.rate[SOURCES], np.linspace(0, 1000, 21)[None, :, None]
    on = shift[:, None] * (1 - np.exp(-rate * np.minimum(t, 500)))
    expected = 1 + on * np.exp(-rate * np.maximum(t - 500, 0))
    np.testing.assert_allclose(series.values[:, :, SOURCES], expected, atol=1e-5)


def test_series_start_at_the_wild_type_and_go_back_to_it() -> None:
    series = stimulated(SYSTEM, 4, 5, duration=20_000, noise=0, seed=0)
    rest = wild_type(SYSTEM)[:, :30]
    np.testing.assert_allclose(series.values[:, 0], np.repeat(rest, 4, axis=0))
    moved = np.abs(series.values[:, 2] - rest)
    assert (moved.max(axis=1) > 0.3).all()
    back = np.abs(series.values[:, -1] - rest).max(axis=1)
    assert np.median(back) < 1e-3  # with feedback another state at rest may have been reached
    lasting = stimulated(SYSTEM, 4, 5, duration=20_000, noise=0, seed=0, until=1.0)
    np.testing.assert_allclose(lasting.values[:, 2], series.values[:, 2], atol=1e-3)
    assert (np.abs(lasting.values[:, -1] - rest).max(axis=1) > 0.3).all()


def test_noise_grows_with_the_value() -> None:
    clean = stimulated(SYSTEM, 40, 21, noise=0, seed=1).values
    noisy = stimulated(SYSTEM, 40, 21, noise=0.1, additive=0.01, seed=1).values
    scaled = (noisy - clean) / np.sqrt((0.1 * clean) ** 2 + 0.01**2)
    for chosen in (clean < 0.1, clean > 0.5):
        assert chosen.sum() > 1000
        assert scaled[chosen].std() == pytest.approx(1.0, rel=0.05)


def reached(truth: np.ndarray, gene: int) -> np.ndarray:
    path = np.linalg.matrix_power(np.eye(len(truth)) + np.abs(truth), len(truth))
    return np.asarray(path[gene] > 0)


def test_knock_outs_silence_their_gene_and_move_only_what_is_downstream() -> None:
    rest = wild_type(SYSTEM)[0, :30]
    out = steady_samples(SYSTEM, "knock-out", noise=0)
    down = steady_samples(SYSTEM, "knock-down", 5, noise=0)
    np.testing.assert_array_equal(~out.own_equation, np.eye(30, dtype=bool))
    assert down.values.shape == (5, 30)
    np.testing.assert_allclose(np.diag(out.values), 0, atol=1e-4)
    for gene in range(30):
        elsewhere = ~reached(SYSTEM.truth, gene)
        np.testing.assert_allclose(out.values[gene, elsewhere], rest[elsewhere], atol=1e-4)
    for gene in set(SOURCES) & set(range(5)):
        assert down.values[gene, gene] == pytest.approx(0.5, abs=1e-4)
    many = steady_samples(SYSTEM, "multifactorial", 50, noise=0)
    assert many.own_equation.all() and len(many) == 50
    assert (many.values.std(axis=0) > 0.02).mean() > 0.8
    np.testing.assert_allclose(steady_samples(SYSTEM, "wild type", noise=0).values[0], rest)


def test_knocked_out_inputs_are_absent() -> None:
    system = random_system(20, 0)
    out = steady_samples(system, "knock-out", noise=0)
    inputs = np.flatnonzero(system.inputs)
    np.testing.assert_allclose(out.values[inputs, inputs], 0)


def test_fluctuations_move_genes_that_have_no_inputs() -> None:
    at = (20.0 * np.arange(60)).tolist()
    still = long_series(SYSTEM, 1, at, 0.0, 0).values[0, 40:]
    moving = long_series(SYSTEM, 1, at, 0.0, 0, fluctuation=0.3, memory=100.0)
    assert np.median(moving.values[0, 40:].std(axis=0)) > 10 * max(np.median(still.std(axis=0)), 1e-3)
    noisy = long_series(SYSTEM, 1, at, 0.0, 0, fluctuation=0.3, memory=100.0, multiplicative=0.1)
    high = moving.values > 0.3
    assert (noisy.values[high] / moving.values[high] - 1).std() == pytest.approx(0.1, rel=0.1)


def test_irregular_series_lie_on_the_solution_at_their_own_times() -> None:
    system = random_system(12, 0)
    series = irregular(system, 20, (3, 7), noise=0, missing=0.2, seed=4)
    start = initial_states(system, 20, np.random.default_rng(4))
    assert {*series.lengths.tolist()} == {3, 4, 5, 6, 7}
    inside = np.isfinite(series.times)
    assert 1 - series.mask[inside].mean() == pytest.approx(0.2, abs=0.05)
    for k in (0, 7, 19):
        length = series.lengths[k]
        exact = system.solve(start[k : k + 1], series.times[k, :length])[0]
        known = series.mask[k, :length]
        np.testing.assert_allclose(series.values[k, :length][known], exact[known], atol=1e-6)


def test_branches_share_their_trunk_and_part_after_the_fork() -> None:
    system = random_system(20, 1)
    cells = pseudotime_cells(system, 12_000, 2, 0, branches=2, depth=1000, overdispersion=0, jitter=0)
    assert {*cells.branch.tolist()} == {0, 1, 2}
    assert cells.pseudotime[cells.branch == 0].max() <= 0.406
    assert cells.pseudotime[cells.branch > 0].min() >= 0.404
    late = cells.pseudotime > 0.97
    ends = np.stack([cells.counts[late & (cells.branch == b)].mean(axis=0) for b in (1, 2)]) / 1000
    apart = np.abs(ends[0] - ends[1])
    assert apart.max() > 0.1
    early = (cells.pseudotime > 0.4) & (cells.pseudotime < 0.43) & (cells.branch > 0)
    near = [cells.counts[early & (cells.branch == b)].mean(axis=0) for b in (1, 2)]
    assert np.abs(near[0] - near[1]).max() / 1000 < 0.5 * apart.max()


def test_bins_are_means_over_their_cells() -> None:
    cells = pseudotime_cells(random_system(10, 1), 400, 2, 0, branches=2)
    series = binned(cells, 5, duration=3.0)
    table = pd.DataFrame(cells.counts).assign(
        donor=cells.donor, branch=cells.branch, bin=np.minimum(cells.pseudotime // 0.2, 4), at=3 * cells.pseudotime
    )
    grouped = table.groupby(["donor", "branch", "bin"])
    mean, count = grouped.mean(), grouped.size()
    assert series.weights is not None
    assert series.n_series == 6
    for k, name in enumerate(series.trajectories):
        key, length = (int(name[1]), int(name[3])), series.lengths[k]
        np.testing.assert_allclose(series.values[k, :length], mean.loc[key].drop(columns="at"))
        np.testing.assert_allclose(series.times[k, :length], mean.loc[key]["at"])
        np.testing.assert_array_equal(series.weights[k, :length], count.loc[key])


@pytest.mark.parametrize("name", DESIGNS)
def test_ready_designs_are_decided_by_their_seed(name: str) -> None:
    (system, series), (_, again), (other, _) = (DESIGNS[name](seed) for seed in (0, 0, 1))
    assert series.genes == system.genes
    assert series.n_genes in {50, 60, 100, 150}
    np.testing.assert_array_equal(series.values, again.values)
    assert not system.edges.equals(other.edges)
    assert 0.005 < (system.truth != 0).mean() < 0.05


@pytest.mark.parametrize(
    "make",
    [
        lambda: stimulated(SYSTEM, 0),
        lambda: stimulated(SYSTEM, times=1),
        lambda: stimulated(SYSTEM, until=0.0),
        lambda: stimulated(SYSTEM, noise=-0.1),
        lambda: steady_samples(SYSTEM, "heat"),  # type: ignore[arg-type]
        lambda: steady_samples(SYSTEM, "knock-out", 31),
        lambda: irregular(SYSTEM, 3, (1, 4)),
        lambda: irregular(SYSTEM, 3, missing=1.0),
        lambda: long_series(SYSTEM, fluctuation=-1.0),
        lambda: pseudotime_cells(SYSTEM, branches=0),
        lambda: binned(pseudotime_cells(SYSTEM, 50, 2), 1),
    ],
)
def test_options_outside_their_range(make: object) -> None:
    with pytest.raises(OptionError):
        make()  # type: ignore[operator]

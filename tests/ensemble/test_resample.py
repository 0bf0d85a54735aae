"""Selection frequencies: of methods whose answer is known, of any number of processes, of a run that was stopped."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest

from grn_l0 import GrnWarning, baselines, ensemble, simulate
from grn_l0._errors import NameMatchError, OptionError
from grn_l0.network import Network
from grn_l0.timeseries import TimeSeries


@pytest.fixture(scope="module")
def series():
    return simulate.short_trajectories(simulate.random_system(8, seed=1), 20, noise=0.02, seed=1)


@dataclass(frozen=True)
class Parts:
    """Selects 1 → 0 where t0 is there, 2 → 0 always (its sign by t1), and scores what the first value is."""

    def __call__(self, series: TimeSeries) -> Network:
        n = series.n_genes
        scores, weights = np.zeros((n, n)), np.zeros((n, n))
        weights[1, 0] = 2.0 * ("t0" in series.trajectories)
        weights[2, 0] = 3.0 if "t1" in series.trajectories else -1.0
        scores[3, 0] = series.n_series
        return Network(regulators=series.genes, targets=series.genes, scores=scores, weights=weights)


def names(series):
    return replace(series, trajectories=tuple(f"t{k}" for k in range(series.n_series)))


def test_shares_of_a_method_whose_answer_is_known(series):
    found = ensemble.resample(Parts(), names(series), resamples=10, seed=1)
    assert (found.resamples, found.scheme) == (10, "halves")
    # One half of every pair holds t0, and one t1.
    assert found.frequency[1, 0] == 0.5
    assert found.frequency[2, 0] == 1.0
    assert found.frequency.sum() == 1.5
    assert found.average == 1.5
    assert found.agreement[2, 0] == 0.5
    assert found.agreement[1, 0] == 1.0
    assert np.isnan(found.agreement[3, 0])
    assert found.weight[1, 0] == 2.0
    assert found.weight[2, 0] == 2.0
    assert found.score[3, 0] == 10.0
    network = found.network()
    assert network.n_edges == 1
    edge = {
        "source": series.genes[2],
        "target": series.genes[0],
        "score": 1.0,
        "weight": 2.0,
        "sign": 1,
        "frequency": 1.0,
    }
    assert network.edges().to_dict("records") == [edge]
    assert found.network(0.5).n_edges == 2
    assert "10 resamples by halves" in repr(found)


@pytest.mark.parametrize("every", [0.0, 1e9])
def test_processes_and_checkpoints_change_nothing(series, tmp_path, monkeypatch, every):
    monkeypatch.setattr(sys.modules["grn_l0.ensemble.resample"], "EVERY", every)
    method = ensemble.Top(score=baselines.lagged_correlation, edges=6)
    whole = ensemble.resample(method, series, resamples=12, seed=2)
    two = ensemble.resample(method, series, resamples=12, seed=2, jobs=2)
    for name in ("frequency", "score", "weight"):
        np.testing.assert_array_equal(getattr(two, name), getattr(whole, name))

    path = tmp_path / "resamples.safetensors"
    calls = []

    def stopped(part):
        calls.append(part)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return method(part)

    with pytest.raises(KeyboardInterrupt):
        ensemble.resample(stopped, series, resamples=12, seed=2, checkpoint=path)
    seen = []
    again = ensemble.resample(
        method, series, resamples=12, seed=2, checkpoint=path, progress=lambda *step: seen.append(step[1])
    )
    assert seen[:2] == [5, 6]
    np.testing.assert_array_equal(again.frequency, whole.frequency)
    np.testing.assert_array_equal(again.score, whole.score)
    # More of the same go on from there; another seed does not, and fewer cannot.
    more = ensemble.resample(method, series, resamples=14, seed=2, checkpoint=path)
    np.testing.assert_array_equal(more.score, ensemble.resample(method, series, resamples=14, seed=2).score)
    for options, word in (({"seed": 3}, "other data"), ({"about": {"x": 1}}, "other data")):
        with pytest.warns(GrnWarning, match=word):
            ensemble.resample(method, series, **{"resamples": 14, "seed": 2, "checkpoint": path, **options})
    ensemble.resample(method, series, resamples=14, seed=2, checkpoint=tmp_path / "b.safetensors")
    with pytest.warns(GrnWarning, match="14 resamples, more than"):
        fewer = ensemble.resample(method, series, resamples=12, seed=2, checkpoint=tmp_path / "b.safetensors")
    np.testing.assert_array_equal(fewer.score, whole.score)


def test_a_broken_checkpoint_is_written_over(series, tmp_path):
    path = tmp_path / "r.safetensors"
    path.write_bytes(b"nothing")
    method = ensemble.Top(score=baselines.correlation, edges=3)
    with pytest.warns(GrnWarning, match="not used"):
        first = ensemble.resample(method, series, resamples=4, checkpoint=path)
    second = ensemble.resample(method, series, resamples=4, checkpoint=path)
    np.testing.assert_array_equal(first.frequency, second.frequency)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.warns(GrnWarning, match="its checksum is another"):
        third = ensemble.resample(method, series, resamples=4, checkpoint=path)
    np.testing.assert_array_equal(first.score, third.score)


def test_seeds_differ_between_resamples_and_not_between_runs(series):
    def method(part, seed):
        weights = np.random.default_rng(seed).random((8, 8))
        return Network(regulators=part.genes, targets=part.genes, scores=weights, weights=weights)

    one, other = (ensemble.resample(method, series, resamples=4, seed=3, seeded=True) for _ in range(2))
    np.testing.assert_array_equal(one.score, other.score)
    single = ensemble.resample(method, series, resamples=2, seed=3, seeded=True)
    assert not np.array_equal(one.score, single.score)


def test_steady_states_and_few_trajectories(series):
    steady = simulate.steady_samples(simulate.random_system(8, seed=1), "knock-out", 4, seed=1)
    few = replace(series.select([0, 1, 2]), steady=steady)
    sizes = []

    def method(part):
        sizes.append(len(part.steady))
        return ensemble.Top(score=baselines.correlation, edges=4)(part)

    found = ensemble.resample(method, few, resamples=6)
    assert found.scheme == "blocks"
    assert sizes == [2] * 6
    assert 0 < found.frequency.max() <= 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"resamples": 5}, "even number"),
        ({"resamples": 0}, "resamples must be"),
        ({"resamples": 2.5}, "resamples must be"),
        ({"jobs": 0}, "jobs must be"),
        ({"seed": -1}, "seed"),
    ],
)
def test_mistakes(series, options, word):
    with pytest.raises(OptionError, match=word):
        ensemble.resample(Parts(), series, **{"resamples": 4, **options})


def test_candidates_must_stay(series):
    def method(part):
        n = 2 + ("t0" in part.trajectories)
        zero = np.zeros((n, part.n_genes))
        return Network(regulators=part.genes[:n], targets=part.genes, scores=zero, weights=zero)

    with pytest.raises(OptionError, match=r"other regulators: \d and then"):
        ensemble.resample(method, names(series), resamples=2)


def test_an_error_says_in_which_resample(series):
    def method(part):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as info:
        ensemble.resample(method, series, resamples=2)
    assert info.value.__notes__ == ["in resample 0 (by halves)"]


def test_no_bound_after_a_bootstrap(series):
    found = ensemble.resample(
        ensemble.Top(score=baselines.correlation, edges=4), series, resamples=5, scheme="bootstrap"
    )
    assert found.resamples == 5
    with pytest.raises(OptionError, match="scheme='halves'"):
        found.stable(1)


def test_top_takes_the_highest_that_there_are(series):
    names = series.genes[2:5]
    network = ensemble.Top(score=baselines.correlation, edges=3, regulators=names)(series)
    assert network.regulators == names
    scores = baselines.correlation(series, np.arange(2, 5))
    assert network.n_edges == 3
    assert scores[network.selected].min() >= np.sort(scores.ravel())[-3]
    none = ensemble.Top(score=lambda part, rows: np.zeros((8, 8)), edges=3)(series)
    assert none.n_edges == 0
    with pytest.raises(NameMatchError, match="FOXP3"):
        ensemble.Top(score=baselines.correlation, edges=3, regulators=("FOXP3",))(series)
    with pytest.raises(OptionError, match="edges"):
        ensemble.Top(score=baselines.correlation, edges=0)

"""What a genome needs: compact matrices, tables in blocks, the order from keys instead of an index of everything."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from grn_l0.metrics import ranking
from grn_l0.metrics.universe import align
from grn_l0.network import Network, matrix, order, read_edges, read_network, tidy_edges

NAMES = tuple(f"g{k}" for k in range(40))


def arrays(seed: int = 0) -> dict[str, Any]:
    """Scores with many ties, negative and infinite ones; few weights; effects of half of the pairs."""
    rng = np.random.default_rng(seed)
    shape = (30, 40)
    scores = rng.integers(-3, 4, shape) / 3
    scores[0, 5], scores[1, 7] = np.inf, -np.inf
    weights = np.where(rng.random(shape) < 0.06, rng.normal(size=shape), 0.0)
    effects = np.where(rng.random(shape) < 0.5, rng.normal(size=shape), weights)
    return {"scores": scores, "weights": weights, "effects": effects}


def network(form: Any = np.asarray, mask: bool = False) -> Network:
    candidates = np.random.default_rng(9).random((30, 40)) < 0.8 if mask else None
    given = {name: form(value) for name, value in arrays().items()}
    return Network(regulators=NAMES[:30], targets=NAMES, candidates=candidates, **given)


def frequencies() -> Any:
    """Of 8 resamples; most select nothing."""
    return np.random.default_rng(4).binomial(8, 0.02, (30, 40)) / 8


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds so low that the code for genomes serves 1,200 pairs, in several blocks."""
    monkeypatch.setattr(matrix, "LARGE", 10)
    monkeypatch.setattr(order, "LARGE", 10)
    monkeypatch.setattr(matrix, "_BLOCK", 7 * 40)
    monkeypatch.setattr(order, "BLOCK", 100)


@pytest.mark.parametrize("mask", [False, True])
def test_order_and_table_are_those_of_small_networks(mask: bool, request: pytest.FixtureRequest) -> None:
    expected = network(mask=mask).all_edges()
    request.getfixturevalue("everything_is_large")
    large = network(mask=mask)
    assert large.scores.dtype == large.weights.dtype == np.float32
    pd.testing.assert_frame_equal(large.all_edges(), expected, check_dtype=False, rtol=1e-6)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".tsv"])
@pytest.mark.parametrize("resampled", [False, True])
def test_files_in_blocks(resampled: bool, suffix: str, tmp_path: Path, everything_is_large: None) -> None:
    large = network().with_frequencies(frequencies()) if resampled else network()
    large.write_scores(tmp_path / f"s{suffix}")
    table = read_edges(tmp_path / f"s{suffix}")
    single = {name: np.float32 for name in ("score", "weight", "frequency") if name in table}
    assert ("frequency" in single) == resampled
    pd.testing.assert_frame_equal(table.astype(single), large.all_edges())
    compact = read_edges(tmp_path / f"s{suffix}", categorical=True)
    assert isinstance(compact["source"].dtype, pd.CategoricalDtype)
    pd.testing.assert_frame_equal(compact.astype({"source": object, "target": object}), table)
    if suffix == ".parquet":  # other programs find plain texts
        assert pd.read_parquet(tmp_path / "s.parquet")["source"].dtype == object


def test_candidates_have_one_name() -> None:
    one = network(mask=True)
    same = [n for n in dir(Network) if not n.startswith("_") and np.array_equal(getattr(one, n), one.candidates)]
    assert same == ["candidates"]


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix])
def test_sparse_matrices_are_taken(form: Any) -> None:
    one, two = network(), network(form)
    for name in ("scores", "weights", "effects", "candidates", "selected"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert sparse.issparse(two.matrix("weights")) and not sparse.issparse(two.matrix("scores"))


def test_frequencies_are_kept_as_compactly_as_weights(tmp_path: Path) -> None:
    plain, often = network(), frequencies()
    assert plain.frequencies is None and plain.matrix("frequencies") is None
    for given in (often, sparse.csr_matrix(often)):
        found = plain.with_frequencies(given)
        assert plain.frequencies is None and "frequency" not in plain.edges()
        assert sparse.issparse(found.matrix("frequencies"))
        assert all(found.matrix(name) is plain.matrix(name) for name in ("scores", "weights", "effects"))
        np.testing.assert_array_equal(found.frequencies, np.where(found.candidates, often, 0))
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).frequencies, found.frequencies)
        found.write_scores(tmp_path / "s.parquet")
        back = read_network(tmp_path / "s.parquet", regulators=NAMES[:30], targets=NAMES)
        assert sparse.issparse(back.matrix("frequencies"))
        np.testing.assert_array_equal(back.frequencies, found.frequencies)


def test_what_is_read_only_is_not_copied() -> None:
    scores = np.random.default_rng(0).random((30, 40))
    np.fill_diagonal(scores, 0)
    weights = arrays()["weights"]
    copied = Network(regulators=NAMES[:30], targets=NAMES, scores=scores, weights=weights)
    scores.setflags(write=False)
    shared = Network(regulators=NAMES[:30], targets=NAMES, scores=scores, weights=weights)
    assert not np.shares_memory(copied.scores, scores) and np.shares_memory(shared.scores, scores)
    view = np.array(scores)[:]
    view.setflags(write=False)
    viewed = Network(regulators=NAMES[:30], targets=NAMES, scores=view, weights=weights)
    assert not np.shares_memory(viewed.scores, view)  # what it looks at can be written to


def test_what_was_made_on_demand_is_not_pickled() -> None:
    lean = network()
    size = len(pickle.dumps(lean))
    assert lean.weights.any() and lean.selected.any() and lean.candidates.any()
    assert len(pickle.dumps(lean)) < size + 200  # less than any array; scipy keeps a few flags
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(lean)).weights, lean.weights)


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("names", [None, (NAMES[20:5:-1], ("new", *NAMES[3:33]))])
def test_a_network_and_its_table_are_judged_alike(names: Any, mask: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "_BLOCK", 7 * 40)
    one = network(mask=mask)
    rows, columns = names or (one.regulators, one.targets)
    rng = np.random.default_rng(2)
    truth = pd.DataFrame({"source": rng.choice(rows, 60), "target": rng.choice(columns, 60)}).drop_duplicates()
    truth = truth[truth["source"] != truth["target"]]
    first = align(one, truth, rows, columns)
    for table in (one.all_edges(), tidy_edges(one.all_edges(), categorical=True)):
        second = align(table, truth, rows, columns)
        for name in ("scores", "selected", "truth", "candidates"):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        np.testing.assert_array_equal(first.sign[first.selected], second.sign[second.selected])


def test_single_precision_ranks_as_double_does() -> None:
    rng = np.random.default_rng(1)
    scores = rng.beta(0.05, 1.0, (200, 300))  # as posteriors are: most near 0, some near 1
    truth = rng.random(scores.shape) < scores
    double, single = ranking(scores, truth), ranking(scores.astype(np.float32), truth)
    assert single == pytest.approx(double, abs=1e-6)

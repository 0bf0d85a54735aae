"""What rounds say, averaged, mixed and asked for, in dense arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posterior_chains import believing
from scipy import sparse

from grn_l0 import metrics
from grn_l0.posterior import summary as summary_module
from grn_l0.posterior.response import Design
from grn_l0.posterior.states import States
from grn_l0.posterior.summary import Summary, entries, rows_scaled

GENES, REGULATORS = 7, 5


def random_round(seed: int) -> Summary:
    rng = np.random.default_rng(seed)
    shape = (GENES, REGULATORS)
    weight = rng.normal(size=shape) * (rng.random(shape) < 0.6)
    changing = np.ones(GENES, dtype=bool)
    changing[seed] = False
    weight[seed] = 0.0
    inclusion = np.where(weight != 0, rng.random(shape), 0.0).astype(np.float32)
    return replace(believing(weight), inclusion=inclusion, changing=changing)


def test_rounds_are_averaged_but_for_genes_that_have_come_to_be_constant() -> None:
    one, two = random_round(1), random_round(2)
    found = Summary.averaged([one, two])
    keep = two.changing[:, None]
    np.testing.assert_allclose(found.inclusion, keep * (one.inclusion + two.inclusion) / 2, rtol=1e-6)
    expected = keep * (one.weight.toarray() + two.weight.toarray()) / 2
    np.testing.assert_allclose(found.weight.toarray(), expected, rtol=1e-12)
    np.testing.assert_array_equal(found.draws[0].toarray(), found.weight.toarray())
    assert found.odds is two.odds and found.weight.has_sorted_indices


@pytest.mark.parametrize("n", [3, 7, 10])
def test_certain_edges_stay_probabilities_however_many_rounds_there_are(n: int) -> None:
    """Ten shares of a tenth add up to more than 1 in single precision, which `metrics.reliability` refuses."""
    one = replace(random_round(1), inclusion=np.ones((GENES, REGULATORS), dtype=np.float32))
    found = Summary.averaged([one] * n).inclusion
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.where(one.changing[:, None], one.inclusion, 0))
    assert metrics.reliability(found, np.ones_like(found, dtype=bool)).count[-1] == one.changing.sum() * REGULATORS


def test_targets_of_one_round_take_the_place_of_those_of_another() -> None:
    one, two = random_round(1), random_round(2)
    kept = np.arange(GENES) % 2 == 0
    before = two.inclusion.copy()
    found = one.where(kept, two)
    np.testing.assert_array_equal(found.inclusion, np.where(kept[:, None], one.inclusion, two.inclusion))
    expected = np.where(kept[:, None], one.weight.toarray(), two.weight.toarray())
    np.testing.assert_array_equal(found.weight.toarray(), expected)
    assert found.changing is two.changing and found.weight.has_sorted_indices
    np.testing.assert_array_equal(two.inclusion, before)


@pytest.mark.parametrize("held", [1, 2**24])
def test_the_cost_of_edges_is_their_price_times_their_probability(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary_module, "_HELD", held)
    one = random_round(3)
    price = np.clip(-one.odds.log(), 0.0, 2.5)
    assert price.max() == 2.5
    np.testing.assert_allclose(one.cost(2.5), one.changing * (one.inclusion * price).sum(axis=1), rtol=1e-5)


def test_likely_edges_and_single_entries() -> None:
    one = random_round(4)
    np.testing.assert_array_equal(one.likely(0.3).toarray(), np.where(one.inclusion > 0.3, one.inclusion, 0.0))
    row, column = np.nonzero(np.ones((GENES, REGULATORS)))
    np.testing.assert_array_equal(entries(one.weight, row, column), one.weight.toarray().ravel())
    assert entries(one.weight, row[:0], column[:0]).shape == (0,)


def test_scaled_rows_keep_the_order_of_their_columns() -> None:
    matrix = sparse.random_array((50, 40), density=0.3, rng=np.random.default_rng(0)).tocsr()
    by = np.arange(50.0) % 3
    found = rows_scaled(by, matrix)
    np.testing.assert_array_equal(found.toarray(), by[:, None] * matrix.toarray())
    assert all((np.diff(found.indices[a:b]) > 0).all() for a, b in zip(found.indptr, found.indptr[1:], strict=False))


def test_curvature_is_that_of_the_last_round_where_genes_change() -> None:
    part = Design(np.arange(2), np.arange(3.0), np.ones(3), np.arange(3.0), np.arange(3))
    states = States.start([part], GENES)
    states.bend[0][:] = 7.0
    rng = np.random.default_rng(1)
    bends = {2: [rng.normal(size=(2, 3))], 5: [rng.normal(size=(2, 3))]}
    states.bend_by(replace(random_round(3), bends=bends))
    for gene in range(GENES):
        want = bends[gene][0] if gene in bends else np.full((2, 3), 7.0 if gene == 3 else 0.0)
        np.testing.assert_array_equal(states.bend[0][:, :, gene], want)

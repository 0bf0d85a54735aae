"""Missing values say nothing: statistics of the targets against dense calculations on what was observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from posterior_chains import believing, by_gene, chain_of, own_gram, same
from posterior_gaps import CONSTANT, DRIVEN, GENES, OTHER, covariance, precision, states_of, world
from scipy.interpolate import make_interp_spline
from scipy.linalg import block_diag

from grn_l0.posterior import grams as grams_module
from grn_l0.posterior import workers as workers_module
from grn_l0.posterior.config import PosteriorConfig
from grn_l0.posterior.grams import Gram, SmoothedGrams
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.states import Smoother, States
from grn_l0.posterior.summary import Summary


def dense(
    made: Setting, seen: list[np.ndarray], states: States, gene: int
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Gram matrix, score, square and freedom of one target by GLS on its observed entries, all series at once."""
    kind = int(made.choice.kind[gene])
    keep = np.concatenate([m[:, :, gene].ravel() for m in seen])
    sigmas, fixed, x, y = [], [], [], []
    rare = [d for d in made.designs if len(d.series) < 30]
    n_rare = sum(len(d.series) for d in rare)
    at = np.concatenate([np.repeat(d.times, len(d.series)) for d in rare] or [np.zeros(1)])
    knots = np.unique(np.quantile(at, np.linspace(0, 1, len(at) // 30))) if n_rare >= 30 else np.zeros(0)
    assert (len(knots) > 2) == (n_rare >= 30)
    width = 2 + len(knots) + sum(len(d.times) for d in made.designs)
    spread, start = np.zeros((GENES, GENES)), 2 + len(knots)
    for q, part in enumerate(made.designs):
        b, sigma = made.basis(kind, q), precision(made, kind, q)
        response = b.response[part.at]
        for s in range(len(part.series)):
            sigmas.append(sigma)
            columns = np.zeros((len(part.times), width))
            if len(part.series) >= 30:
                columns[:, start : start + len(part.times)] = np.eye(len(part.times))
            else:
                columns[:, :2] = b.means[part.at]
                if len(knots):
                    columns[:, 2 : 2 + len(knots)] = make_interp_spline(knots, np.eye(len(knots)), k=1)(part.times)
            fixed.append(columns)
            x.append(response @ states.estimate[q][s])
            y.append(made.measured[q][s, :, gene])
            on = seen[q][s, :, gene]
            inverse = np.linalg.inv(sigmas[-1][np.ix_(on, on)])
            for j, k in product(range(GENES), range(GENES)) if states.deviations else []:
                both = covariance(states.deviations[q], j, k)
                spread[j, k] += np.trace(inverse @ response[on] @ both @ response[on].T)
        start += len(part.times)
    inverse = np.linalg.inv(block_diag(*sigmas)[np.ix_(keep, keep)])
    u, z, t = (np.concatenate(a)[keep] for a in (fixed, x, y))
    project = inverse - inverse @ u @ np.linalg.pinv(u.T @ inverse @ u) @ u.T @ inverse
    freedom = len(t) - np.linalg.matrix_rank(u)
    return z.T @ project @ z + spread, z.T @ project @ t, float(t @ project @ t), float(freedom)


@pytest.mark.parametrize("sizes", [(4,), (4, 5), (31, 4, 3), (31, 20, 15)])
def test_statistics_of_a_target_are_those_of_its_observed_entries(sizes: tuple[int, ...]) -> None:
    made, seen = world(sizes, kinds=(DRIVEN,) * GENES)
    states = states_of(made)
    found = list(by_gene(SmoothedGrams(made, states)))
    assert sorted(gene for gene, _, _ in found) == list(range(GENES))
    for gene, one, row in found:
        gram, score, square, freedom = dense(made, seen, states, gene)
        np.testing.assert_allclose(one.gram, gram, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(one.score[row], score, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(one.square[row], square, rtol=1e-8)
        assert one.freedom[row] == freedom


def test_missing_values_themselves_do_not_matter() -> None:
    made, seen = world((4, 5), kinds=(DRIVEN, DRIVEN, CONSTANT))
    other = replace(made, measured=[np.where(m, y, 77.0) for m, y in zip(seen, made.measured, strict=True)])
    results = []
    for case in (made, other):
        states = states_of(case, deviate=False)
        smoother, last = Smoother(case), believing(np.array([[0, 0.4, 0.3], [0.5, 0, 0], [0, 0, 0]]))
        smoother.produce(states, last.weight)
        smoother.smooth(states)
        smoother.joint(states, last, 0.1)
        result = [*states.estimate]
        for gene, one, row in by_gene(SmoothedGrams(case, states, last)):
            result += [own_gram(one, row), one.score[row], one.square[row], *one.bends.get(gene, [])]
        results.append(result)
    assert len(results[0]) == len(results[1]) >= 2 + 2 * 3
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_targets_without_gaps_share_what_they_always_did() -> None:
    made, _ = world((4, 5), kinds=(DRIVEN,) * GENES, genes=(0,))
    states = states_of(made)
    found, whole = (
        {gene: (one, row) for gene, one, row in by_gene(SmoothedGrams(case, states))}
        for case in (made, replace(made, gaps=[]))
    )
    assert found[1][0] is found[2][0] is not found[0][0]
    for gene in (1, 2):
        (one, row), (other, at) = found[gene], whole[gene]
        np.testing.assert_array_equal(one.gram, other.gram)
        np.testing.assert_allclose(one.score[row], other.score[at], rtol=1e-12)
        assert one.freedom[row] == other.freedom[at]


@pytest.mark.parametrize("last", [None, believing(np.array([[0, 0.4, 0.3], [0.5, 0, 0.7], [0.9, 0, 0]]))])
def test_without_memory_a_target_counts_for_its_observed_share(
    last: Summary | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = world((4, 5), kinds=(DRIVEN,) * GENES)
    # A target that a product of its regulators explains.
    states = states_of(made)
    for y, x, part in zip(made.measured, states.estimate, made.designs, strict=True):
        y[:, :, 1] += (
            9.0
            * (x[:, :, 0] * x[:, :, 2])
            @ made.basis(DRIVEN, 0 if part is made.designs[0] else 1).response[part.at].T
        )
    whole = {gene: (one, row) for gene, one, row in by_gene(SmoothedGrams(replace(made, gaps=[]), states, last))}
    monkeypatch.setattr(grams_module, "_MEMORY", 0)
    found = list(by_gene(SmoothedGrams(made, states, last)))
    assert len(found) == GENES
    bends = 0
    for gene, one, row in found:
        share, (other, at) = np.ceil(16 * made.observed[gene]) / 16, whole[gene]
        assert (share < 1) == (gene != 1)
        np.testing.assert_allclose(one.score[row], share * other.score[at], rtol=1e-12)
        np.testing.assert_allclose(one.square[row], share * other.square[at], rtol=1e-12)
        np.testing.assert_allclose(one.gram, share * other.gram, rtol=1e-12)
        bends += gene in one.bends
        if gene == 1:
            # Evidence for curvature is that of the observed; here nothing is missing.
            np.testing.assert_allclose(own_gram(one, row), share * own_gram(other, at), rtol=1e-12)
    assert bends >= (last is not None)


def test_single_precision_is_that_of_double_to_seven_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """With curvature, deviations, and targets of which values are missing."""
    made, _ = world((4, 5, 31), kinds=(DRIVEN,) * GENES, genes=(0,))
    last, states = believing(np.array([[0, 0.4, 0.3], [0.5, 0, 0.7], [0.9, 0, 0]])), states_of(made)
    double = {gene: (one, row) for gene, one, row in by_gene(SmoothedGrams(made, states, last))}
    monkeypatch.setattr(grams_module, "_SINGLE", 2)
    single = {gene: (one, row) for gene, one, row in by_gene(SmoothedGrams(made, states, last))}
    assert [single[g][0].gram.dtype for g in range(GENES)] == [np.float64, np.float32, np.float32]
    for gene in range(GENES):
        (one, row), (other, at) = single[gene], double[gene]
        assert one.bent[row] == other.bent[at] and one.square.dtype == np.float64
        size = np.sqrt(np.diag(other.gram))
        np.testing.assert_allclose(
            own_gram(one, row) / np.outer(size, size), own_gram(other, at) / np.outer(size, size), atol=1e-6
        )
        np.testing.assert_allclose(one.score[row] / size, other.score[at] / size, atol=1e-5)
        np.testing.assert_allclose(one.square[row], other.square[at], rtol=1e-5)


def rounds(grams: SmoothedGrams, made: Setting) -> list[Summary]:
    chain = chain_of(~np.eye(GENES, dtype=bool), PosteriorConfig())
    return [chain.run(grams, made.choice, 30) for _ in range(2)]


@pytest.mark.parametrize("limit", [0, 3000])
def test_it_does_not_matter_whether_matrices_are_kept(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit: none, some and all of them."""
    made, _ = world((4, 5, 31), kinds=(DRIVEN, CONSTANT, OTHER), genes=(0,))
    last, states = believing(np.array([[0, 0.4, 0.3], [0.5, 0, 0.7], [0.9, 0, 0]])), states_of(made)
    asked: list[list[int]] = []

    class Counted(SmoothedGrams):
        def of(self, genes: np.ndarray) -> Iterator[Gram]:
            asked.append(genes.tolist())
            yield from super().of(genes)

    whole = rounds(Counted(made, states, last), made)
    # Constant genes have no regulators; two kinds, each made once a round.
    assert asked == [[0], [2]] * 2 or asked == [[2], [0]] * 2
    asked.clear()
    size = sum(one.nbytes for _, one, _ in by_gene(SmoothedGrams(made, states, last)))
    monkeypatch.setattr(workers_module, "_HELD", limit if limit == 0 else size - 1)
    monkeypatch.setattr(workers_module, "_HELD_PER_EDGE", 0)
    again = rounds(Counted(made, states, last), made)
    assert len(asked) == (8 if limit == 0 else 6)
    for one, other in zip(whole, again, strict=True):
        same(one, other)

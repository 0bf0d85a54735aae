"""Missing values say nothing: statistics of the targets against dense calculations on what was observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posterior_gaps import CONSTANT, DRIVEN, GENES, precision, states_of, world
from scipy.interpolate import make_interp_spline
from scipy.linalg import block_diag

from grn_l0.posterior import grams as grams_module
from grn_l0.posterior.grams import Grams, make_grams
from grn_l0.posterior.setting import Setting
from grn_l0.posterior.states import Smoother, States


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
            for d in states.deviations[q] if states.deviations else []:
                for a, j in enumerate(d.regulators):
                    for c, k in enumerate(d.regulators):
                        cov = response[on] @ d.root[a] @ d.root[c].T @ response[on].T
                        spread[j, k] += np.trace(inverse @ cov)
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
    found = make_grams(made, states)
    for gene in range(GENES):
        gram, score, square, freedom = dense(made, seen, states, gene)
        np.testing.assert_allclose(found.gram[found.index[gene]], gram, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(found.score[gene], score, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(found.square[gene], square, rtol=1e-8)
        assert found.freedom[gene] == freedom


def test_missing_values_themselves_do_not_matter() -> None:
    made, seen = world((4, 5), kinds=(DRIVEN, DRIVEN, CONSTANT))
    other = replace(made, measured=[np.where(m, y, 77.0) for m, y in zip(seen, made.measured, strict=True)])
    results = []
    for case in (made, other):
        states = states_of(case, deviate=False)
        smoother, weight = Smoother(case), np.array([[0, 0.4, 0.3], [0.5, 0, 0], [0, 0, 0]])
        smoother.produce(states, weight)
        smoother.smooth(states)
        smoother.joint(states, (weight != 0).astype(float), weight, weight**2, 0.1)
        found = make_grams(case, states, (weight != 0).astype(float), weight)
        results.append([*states.estimate, found.gram, found.score, found.square, *states.bend])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def same(a: Grams, b: Grams, gene: int) -> None:
    np.testing.assert_array_equal(a.gram[a.index[gene]], b.gram[b.index[gene]])
    np.testing.assert_allclose(a.score[gene], b.score[gene], rtol=1e-12)
    assert a.freedom[gene] == b.freedom[gene]


def test_targets_without_gaps_share_what_they_always_did() -> None:
    made, _ = world((4, 5), kinds=(DRIVEN,) * GENES, genes=(0,))
    states = states_of(made)
    found, whole = make_grams(made, states), make_grams(replace(made, gaps=[]), states)
    assert found.index[1] == found.index[2] != found.index[0]
    for gene in (1, 2):
        same(found, whole, gene)


def test_without_memory_a_target_counts_for_its_observed_share(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = world((4, 5), kinds=(DRIVEN,) * GENES)
    states = states_of(made)
    whole = make_grams(replace(made, gaps=[]), states)
    monkeypatch.setattr(grams_module, "_MEMORY", 0)
    found = make_grams(made, states)
    for gene, share in enumerate(np.ceil(16 * made.observed) / 16):
        np.testing.assert_allclose(found.gram[found.index[gene]], share * whole.gram[0], rtol=1e-12)
        np.testing.assert_allclose(found.score[gene], share * whole.score[gene], rtol=1e-12)
        np.testing.assert_allclose(found.square[gene], share * whole.square[gene], rtol=1e-12)

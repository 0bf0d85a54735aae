"""Missing values say nothing: every piece against dense calculations on what was observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posterior_systems import pack, trajectories
from scipy.linalg import block_diag

from grn_l0.posterior import grams as grams_module
from grn_l0.posterior import infer_start
from grn_l0.posterior.covariance import basis, dictionary
from grn_l0.posterior.gaps import Gaps
from grn_l0.posterior.grams import Grams, make_grams
from grn_l0.posterior.kinds import Choice
from grn_l0.posterior.observed import from_observed
from grn_l0.posterior.response import Design, refine
from grn_l0.posterior.setting import Held, Setting
from grn_l0.posterior.states import Smoother, States
from grn_l0.posterior.uncertainty import Deviation

RATE, GENES = 0.5, 3
KINDS = dictionary(np.array([RATE]), 5)
LEVELS = {"initial": 3, "offset": 1.0, "drift": 0.3}


def kind_of(rate: int, offset: float, drift: float, which: int) -> int:
    fits = (KINDS.rate_index == rate) & (KINDS.offset == offset) & (KINDS.drift == drift)
    return int(np.flatnonzero(fits)[which])


DRIVEN, CONSTANT = kind_of(0, 1.0, 0.3, 3), kind_of(-1, 0.0, 0.0, 4)


def design(first: int, n: int, times: tuple[float, ...]) -> Design:
    t = np.array(times)
    grid, at = refine(t)
    return Design(np.arange(first, first + n), t, np.linspace(1.0, 1.5, len(t)), grid, at)


def world(
    sizes: tuple[int, ...],
    *,
    kinds: tuple[int, ...],
    share: float = 0.4,
    genes: tuple[int, ...] = (0, 2),
    seed: int = 0,
) -> tuple[Setting, list[np.ndarray]]:
    """Random measurements on designs of these numbers of series; values of some genes are missing."""
    rng = np.random.default_rng(seed)
    schedules = [(0.0, 1.0, 2.5, 4.0), (0.0, 0.5, 3.0), (0.0, 2.0, 3.0, 5.0, 6.0)]
    parts = [design(sum(sizes[:q]), n, schedules[q]) for q, n in enumerate(sizes)]
    measured = [rng.normal(size=(len(d.series), len(d.times), len(kinds))) for d in parts]
    seen = [np.ones(y.shape, dtype=bool) for y in measured]
    for mask in seen:
        for gene in genes:
            mask[:, :, gene] = rng.random(mask.shape[:2]) > share
    n = len(kinds)
    choice = Choice(np.array(kinds), np.linspace(0.2, 0.3, n), np.ones(n), np.ones(n), 1.0, np.zeros(n))
    made = Setting(
        parts,
        measured,
        KINDS,
        {-1: [basis(d, 0.0, 0.0) for d in parts], 0: [basis(d, RATE, 0.0) for d in parts]},
        choice,
        np.arange(n),
        np.concatenate([m.reshape(-1, n) for m in seen]).mean(axis=0),
        [np.zeros((len(d.series), len(d.grid), 0)) for d in parts],
        [np.eye(len(d.grid)) for d in parts],
        [Held(np.zeros(0, int), np.zeros(0, int), np.zeros((0, len(d.grid)))) for d in parts],
        [Gaps.of(m, np.array(genes)) for m in seen] if genes else [],
    )
    return made, seen


def states_of(made: Setting, *, deviate: bool = True) -> States:
    rng = np.random.default_rng(5)
    states = States.start(made.designs, len(made.observed))
    states.estimate = [rng.normal(size=x.shape) for x in states.estimate]
    if deviate:
        states.deviations = [
            [Deviation(np.array([j, (j + 1) % 3]), rng.normal(size=(2, len(d.grid), 2))) for j in range(2)]
            for d in made.designs
        ]
    return states


def precision(made: Setting, kind: int, q: int) -> np.ndarray:
    return np.asarray(made.basis(kind, q).covariance(*made.levels(kind)))


def dense(
    made: Setting, seen: list[np.ndarray], states: States, gene: int, trust: list[np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Gram matrix, score, square and freedom of one target by GLS on its observed entries, all series at once."""
    kind = int(made.choice.kind[gene])
    keep = np.concatenate([m[:, :, gene].ravel() for m in seen])
    sigmas, fixed, x, y = [], [], [], []
    width = 2 + sum(len(d.times) for d in made.designs)
    spread, start = np.zeros((GENES, GENES)), 2
    for q, part in enumerate(made.designs):
        b, sigma = made.basis(kind, q), precision(made, kind, q)
        response = b.response[part.at]
        for s in range(len(part.series)):
            weight = 1.0 if trust is None else trust[q][s, gene]
            sigmas.append(sigma / weight)
            columns = np.zeros((len(part.times), width))
            if len(part.series) >= 30:
                columns[:, start : start + len(part.times)] = np.eye(len(part.times))
            else:
                columns[:, :2] = b.means[part.at]
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


@pytest.mark.parametrize("sizes", [(4,), (4, 5), (31, 4, 3)])
@pytest.mark.parametrize("trusted", [False, True])
def test_statistics_of_a_target_are_those_of_its_observed_entries(sizes: tuple[int, ...], trusted: bool) -> None:
    made, seen = world(sizes, kinds=(DRIVEN,) * GENES)
    states = states_of(made)
    rng = np.random.default_rng(1)
    trust = [rng.uniform(0.1, 1.0, (n, GENES)) for n in sizes] if trusted else None
    found = make_grams(made, states, trust=trust)
    for gene in range(GENES):
        gram, score, square, freedom = dense(made, seen, states, gene, trust)
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


@pytest.mark.parametrize("draws", [1, 3])
def test_every_kind_is_judged_by_the_restricted_likelihood_of_the_observed(draws: int) -> None:
    """Contrasts that no fixed effect reaches, dense: their quadratic form, and log determinants up to a constant."""
    made, seen = world((4, 3), kinds=(DRIVEN,) * GENES)
    rng = np.random.default_rng(8)
    residuals = {
        index: [rng.normal(size=(n * len(y), *y.shape[1:])) for y in made.measured]
        for index, n in ((-1, 1), (0, draws))
    }
    wide = [rng.normal(size=(GENES, len(d.times), 2)) for d in made.designs]
    doubt = {0: [a @ np.swapaxes(a, 1, 2) for a in wide]}
    found = from_observed(KINDS, made.bases, residuals, made.gaps, doubt)
    for column, gene in enumerate((0, 2)):
        keep = np.concatenate([m[:, :, gene].ravel() for m in seen])
        for rate in (-1, 0):
            parts = made.bases[rate]
            n_draws = 1 if rate < 0 else draws
            u = np.concatenate([np.tile(p.means[p.design.at], (len(p.design.series), 1)) for p in parts])[keep]
            z = [r.reshape(n_draws, -1, r.shape[1], GENES)[..., gene].reshape(n_draws, -1) for r in residuals[rate]]
            r = np.concatenate(z, axis=1)[:, keep]
            extra = np.zeros((len(keep), len(keep)))
            if rate == 0:
                extra = block_diag(*[d[gene] for p, d in zip(parts, doubt[0], strict=True) for _ in p.design.series])
            gaps = []
            for kind in rng.choice(np.flatnonzero(KINDS.rate_index == rate), 8, replace=False):
                level = KINDS.initial[kind], KINDS.offset[kind], KINDS.drift[kind]
                sigma = block_diag(*[p.covariance(*level) for p in parts for _ in p.design.series])[np.ix_(keep, keep)]
                inverse = np.linalg.inv(sigma)
                info = u.T @ inverse @ u
                cross = u.T @ inverse @ r.mean(axis=0)
                want = np.einsum("dr,rs,ds", r, inverse, r) / n_draws + (inverse * extra[np.ix_(keep, keep)]).sum()
                want -= cross @ np.linalg.solve(info, cross)
                np.testing.assert_allclose(found.square[kind, column], want, rtol=1e-6)
                assert found.freedom[kind, column] == keep.sum() - u.shape[1]
                gaps.append(found.log_det[kind, column])
                np.testing.assert_allclose(
                    gaps[-1], np.linalg.slogdet(sigma)[1] + np.linalg.slogdet(info)[1], rtol=1e-6, atol=1e-6
                )


def test_smoothing_conditions_on_what_was_observed() -> None:
    made, seen = world((4, 3), kinds=(DRIVEN,) * GENES)
    states = States.start(made.designs, GENES)
    Smoother(made).smooth(states)
    for gene in range(GENES):
        info, cross = np.zeros((2, 2)), np.zeros(2)
        rows = []
        for q, part in enumerate(made.designs):
            b, sigma = made.basis(DRIVEN, q), precision(made, DRIVEN, q)
            for s in range(len(part.series)):
                on = seen[q][s, :, gene]
                inverse, means = np.linalg.inv(sigma[np.ix_(on, on)]), b.means[part.at][on]
                info, cross = (
                    info + means.T @ inverse @ means,
                    cross + means.T @ inverse @ made.measured[q][s, on, gene],
                )
                rows.append((q, s, on, inverse))
        effects = np.linalg.solve(info, cross)
        for q, s, on, inverse in rows:
            b, at = made.basis(DRIVEN, q), made.designs[q].at
            rest = made.measured[q][s, on, gene] - b.means[at][on] @ effects
            state = b.state_covariance(*made.levels(DRIVEN))
            want = b.means @ effects + state[:, at][:, on] @ inverse @ rest
            np.testing.assert_allclose(states.estimate[q][s, :, gene], want, atol=1e-10)


def test_the_joint_step_conditions_on_what_was_observed_of_a_regulator_and_its_target() -> None:
    """A constant regulator and one target, both with gaps: the regulator given all that was observed, dense."""
    made, seen = world((6,), kinds=(CONSTANT, DRIVEN), genes=(0, 1), share=0.3)
    weight = np.array([[0.0, 0.0], [0.8, 0.0]])
    smoother, states = Smoother(made), States.start(made.designs, 2)
    for _ in range(80):
        smoother.smooth(states)
        smoother.produce(states, weight)
        smoother.joint(states, (weight != 0).astype(float), weight, weight**2, 0.1)
        smoother.produce(states, weight)
    part = made.designs[0]
    own, other = made.basis(CONSTANT, 0), made.basis(DRIVEN, 0)
    v, w = made.choice.variance
    prior = v * own.state_covariance(*made.levels(CONSTANT))
    response = 0.8 * other.response[part.at]
    h = np.vstack([np.eye(len(part.grid))[part.at], response])
    noise = block_diag(v * np.diag(part.variance), w * precision(made, DRIVEN, 0))
    center = own.means @ states.effects[CONSTANT][:, 0]
    left = []
    for s in range(6):
        on = np.concatenate([seen[0][s, :, 0], seen[0][s, :, 1]])
        rest = np.concatenate(
            [
                made.measured[0][s, :, 0] - center[part.at],
                made.measured[0][s, :, 1] - other.means[part.at] @ states.effects[DRIVEN][:, 0] - response @ center,
            ]
        )
        cov = (h @ prior @ h.T + noise)[np.ix_(on, on)]
        gain = prior @ h[on].T @ np.linalg.inv(cov)
        np.testing.assert_allclose(states.estimate[0][s, :, 0], center + gain @ rest[on], atol=1e-6)
        left.append(prior - gain @ h[on] @ prior)
    # What is left unknown is shared by all series: close to its average, and wider than if nothing were missing.
    found = next(d.root[0] @ d.root[0].T for d in states.deviations[0] if d.regulators[0] == 0)
    whole = prior - prior @ h.T @ np.linalg.solve(h @ prior @ h.T + noise, h @ prior)
    np.testing.assert_allclose(found, np.mean(left, axis=0), rtol=0.1, atol=1e-3)
    assert np.trace(found) > 1.1 * np.trace(whole)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_is_found_with_half_of_the_values_missing(seed: int) -> None:
    times = np.array([0.0, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0, 4.0])
    series = trajectories(40, seed, noise=0.1, times=[times] * 40)
    gone = np.random.default_rng(seed).random(series.values.shape) < 0.5
    start = infer_start(replace(series, values=np.where(gone, np.nan, series.values)), np.arange(10), seed=0)
    assert abs(np.median(start.noise) / 0.1 - 1.0) < 0.1


def test_genes_seen_hardly_or_at_the_start_only_are_no_obstacle() -> None:
    series = trajectories(6, 3, noise=0.05)
    values = series.values.copy()
    values[:, 1:, 4] = np.nan
    values[1:, :, 5], values[0, 1:, 5] = np.nan, np.nan
    values[2, :, 6] = np.nan
    start = infer_start(pack(list(values), [series.times[0]] * 6), np.arange(10), seed=0)
    for array in (start.inclusion, start.weight, start.noise, start.states, start.offset):
        assert np.isfinite(array).all()

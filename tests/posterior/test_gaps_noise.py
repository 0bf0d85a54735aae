"""Missing values say nothing: noise kinds and states against dense calculations on what was observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posterior_chains import believing
from posterior_gaps import CONSTANT, DRIVEN, GENES, KINDS, covariance, precision, world
from posterior_systems import pack, trajectories
from scipy import sparse
from scipy.linalg import block_diag

from grn_l0.posterior import infer_start
from grn_l0.posterior.observed import from_observed
from grn_l0.posterior.residuals import Residuals
from grn_l0.posterior.states import Smoother, States


@pytest.mark.parametrize("draws", [1, 3])
def test_every_kind_is_judged_by_the_restricted_likelihood_of_the_observed(draws: int) -> None:
    """Contrasts that no fixed effect reaches, dense: their quadratic form, and log determinants up to a constant."""
    made, seen = world((4, 3), kinds=(DRIVEN,) * GENES)
    rng = np.random.default_rng(8)
    residuals, stacked = [], {-1: [], 0: []}
    for y, d in zip(made.measured, made.designs, strict=True):
        production = rng.normal(size=(GENES, draws, len(y), len(d.grid)))
        responses = {index: rng.normal(size=(len(d.times), len(d.grid))) for index in stacked}
        # One column for every gene and draw, of which each weight picks one.
        columns = production.reshape(GENES * draws, -1)
        picks = [sparse.csr_array(np.eye(GENES * draws)[k::draws]) for k in range(draws)]
        bend = np.zeros((len(y), len(d.grid), GENES))
        residuals.append(Residuals(y, columns, bend, tuple(picks), responses))
        for index, response in responses.items():
            stacked[index].append(y - np.einsum("tg,idsg->dsti", response, production))
    wide = [rng.normal(size=(GENES, len(d.times), 2)) for d in made.designs]
    doubt = {0: [a @ np.swapaxes(a, 1, 2) for a in wide]}
    found = from_observed(KINDS, made.bases, residuals, made.gaps, doubt)
    for column, gene in enumerate((0, 2)):
        keep = np.concatenate([m[:, :, gene].ravel() for m in seen])
        for rate in (-1, 0):
            parts = made.bases[rate]
            u = np.concatenate([np.tile(p.means[p.design.at], (len(p.design.series), 1)) for p in parts])[keep]
            z = [r[..., gene].reshape(draws, -1) for r in stacked[rate]]
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
                want = np.einsum("dr,rs,ds", r, inverse, r) / draws + (inverse * extra[np.ix_(keep, keep)]).sum()
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
    last = believing(np.array([[0.0, 0.0], [0.8, 0.0]]))
    smoother, states = Smoother(made), States.start(made.designs, 2)
    for _ in range(80):
        smoother.smooth(states)
        smoother.produce(states, last.weight)
        smoother.joint(states, last, 0.1)
        smoother.produce(states, last.weight)
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
    found = covariance(states.deviations[0], 0, 0)
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

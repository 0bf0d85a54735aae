"""Errors that travel from a regulator to its targets, against dense linear-Gaussian calculations."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg import block_diag

from grn_l0.posterior.response import convolution
from grn_l0.posterior.uncertainty import Child, Deviations, add_products, production_covariance, spread_out

GRID = np.array([0.0, 0.4, 1.0, 1.7, 3.0])
SEEN = np.eye(5)[[0, 2, 4]]
FIRST, SECOND = 0.9, -0.7
PARENT, CHILD, GRANDCHILD = (slice(5 * k, 5 * k + 5) for k in range(3))


def process(size: float) -> np.ndarray:
    """A prior covariance of full rank, so that no direction is left out."""
    return size * (np.exp(-np.abs(GRID[:, None] - GRID)) + 0.3 * np.eye(5))


def gain(own: np.ndarray, noise: float) -> np.ndarray:
    return own @ SEEN.T @ np.linalg.inv(SEEN @ own @ SEEN.T + noise * np.eye(3))


def chain() -> tuple[list[np.ndarray], np.ndarray]:
    """Own covariances of parent, child and grandchild, and their states as a matrix of the three own parts."""
    own = [process(1.0), process(0.5), process(0.8)]
    c, d = FIRST * convolution(GRID, 0.8), SECOND * convolution(GRID, 1.5)
    eye, none = np.eye(5), np.zeros((5, 5))
    return own, np.block([[eye, none, none], [c, eye, none], [d @ c, d, eye]])


def joint(deviations: Deviations, n: int = 3) -> np.ndarray:
    out = block_diag(*deviations.alone)
    for part in deviations.together:
        whole = np.zeros((n, 5, part.root.shape[2]))
        whole[part.regulators] = part.root
        stacked = whole.reshape(5 * n, -1)
        out += stacked @ stacked.T
    return out


def measured_in_turn() -> tuple[Deviations, np.ndarray]:
    """Each estimated from its own measurements and its parent's estimate; the errors' covariance, computed at once."""
    own, states = chain()
    noise = 0.2
    gains = [gain(k, noise) for k in own]
    # Estimates as a matrix of all measurements: x = C w x_parent + K (y - H C w x_parent).
    estimates = np.zeros((15, 9))
    estimates[PARENT, :3] = gains[0]
    answers = []
    for k, (weight, rate) in enumerate([(FIRST, 0.8), (SECOND, 1.5)], start=1):
        answers.append((np.eye(5) - gains[k] @ SEEN) @ convolution(GRID, rate))
        estimates[5 * k : 5 * k + 5] = weight * answers[-1] @ estimates[5 * k - 5 : 5 * k]
        estimates[5 * k : 5 * k + 5, 3 * k : 3 * k + 3] = gains[k]
    all_seen = np.kron(np.eye(3), SEEN)
    sources = np.zeros((15, 15))
    for k, part in enumerate((PARENT, CHILD, GRANDCHILD)):
        sources[part, part] = own[k]
    left = (np.eye(15) - estimates @ all_seen) @ states
    exact = left @ sources @ left.T + noise * estimates @ estimates.T
    alone = np.stack([k - g @ SEEN @ k for k, g in zip(own, gains, strict=True)])
    children = {0: [Child(1, FIRST, answers[0])], 1: [Child(2, SECOND, answers[1])]}
    return spread_out(alone, children), exact


def test_errors_of_estimates_that_lean_on_each_other() -> None:
    deviations, exact = measured_in_turn()
    np.testing.assert_allclose(joint(deviations), exact, atol=1e-9)
    # The oracle can tell: errors taken as independent are far off.
    assert np.abs(exact[PARENT, CHILD]).max() > 0.05


def test_posterior_of_a_chain_whose_end_is_not_measured() -> None:
    own, states = chain()
    sources = np.zeros((15, 15))
    for k, part in enumerate((PARENT, CHILD, GRANDCHILD)):
        sources[part, part] = own[k]
    prior = states @ sources @ states.T
    seen = np.kron(np.eye(3), SEEN)[:6]
    exact = prior - prior @ seen.T @ np.linalg.solve(seen @ prior @ seen.T + 0.2 * np.eye(6), seen @ prior)
    # The parent is known from its own measurements and the child's; the child, given the parent, from its own.
    g = gain(own[1], 0.2)
    answers = (np.eye(5) - g @ SEEN) @ convolution(GRID, 0.8), convolution(GRID, 1.5)
    alone = np.stack([exact[PARENT, PARENT], own[1] - g @ SEEN @ own[1], own[2]])
    deviations = spread_out(alone, {0: [Child(1, FIRST, answers[0])], 1: [Child(2, SECOND, answers[1])]})
    np.testing.assert_allclose(joint(deviations), exact, atol=1e-9)


def test_two_paths_add_up_and_a_ring_ends_where_it_began() -> None:
    eye = np.eye(5)
    fork = {0: [Child(1, 0.5, eye), Child(2, 0.2, eye)], 1: [Child(2, 2.0, eye), Child(0, 1.0, eye)]}
    first = spread_out(np.stack([eye, 0 * eye, 0 * eye]), fork)
    assert len(first.together) == 1
    whole = joint(first)
    # 0 -> 2 directly, and through 1; what comes back to 0 is not added.
    np.testing.assert_allclose(whole[PARENT, PARENT], eye)
    np.testing.assert_allclose(whole[PARENT, GRANDCHILD], (0.2 + 0.5 * 2.0) * eye)


def test_a_deviation_ends_with_the_grandchildren() -> None:
    eye = np.eye(5)
    row = {k: [Child(k + 1, 1.0, eye)] for k in range(3)}
    (only,) = spread_out(np.stack([eye] + [0 * eye] * 3), row).together
    assert only.regulators.tolist() == [0, 1, 2]


def test_who_has_no_target_among_the_regulators_keeps_its_error_to_itself() -> None:
    """Whole, not only its largest directions; and nobody else has any."""
    rng = np.random.default_rng(2)
    root = rng.normal(size=(3, 5, 5)) * np.array([1.0, 1.0, 1.0, 1.0, 1e-3])
    covariance = root @ np.swapaxes(root, 1, 2)
    found = spread_out(covariance, {0: [Child(1, 0.5, np.eye(5))], 1: []})
    np.testing.assert_array_equal(found.alone, [0.0 * covariance[0], covariance[1], covariance[2]])
    np.testing.assert_allclose(found.each()[1], covariance[1] + 0.25 * covariance[0], atol=1e-3)
    for part, whole in zip((PARENT, CHILD, GRANDCHILD), found.each(), strict=True):
        np.testing.assert_allclose(joint(found)[part, part], whole, atol=1e-12)
    # Without generations nobody leans on anybody.
    nothing = spread_out(covariance, {0: [Child(1, 0.5, np.eye(5))]}, 0)
    assert not nothing.together
    np.testing.assert_array_equal(nothing.alone, covariance)


def test_what_deviations_add_are_traces_of_their_joint_covariance() -> None:
    deviations, exact = measured_in_turn()
    assert deviations.together and deviations.alone[2].any()
    rows = np.random.default_rng(0).normal(size=(3, 5))
    parts = (PARENT, CHILD, GRANDCHILD)
    want = np.ones((4, 4))
    want[:3, :3] += [[np.trace(rows @ exact[a, b] @ rows.T) for b in parts] for a in parts]
    # Four columns: the last is an input, which is known.
    for precision, error in ((np.float64, 1e-8), (np.float32, 1e-4)):
        got = np.ones((4, 4), precision)
        add_products(got, rows, deviations)
        np.testing.assert_allclose(got, want, atol=error)


def test_production_covariance_is_the_direct_sum() -> None:
    deviations, exact = measured_in_turn()
    rng = np.random.default_rng(1)
    weight = rng.normal(size=(4, 3)) * (rng.random((4, 3)) < 0.7)
    weight[3] = 0.0
    # A regulator whose weight is 0 on average may still act; a square that is too small counts as the weight's own.
    square = weight**2 + rng.uniform(0.0, 0.5, size=(4, 3))
    i, j = np.argwhere(weight)[0]
    square[i, j] = 0.5 * weight[i, j] ** 2
    parts = (PARENT, CHILD, GRANDCHILD)
    want = np.zeros((4, 5, 5))
    for i in range(4):
        for j, a in enumerate(parts):
            for k, b in enumerate(parts):
                own = max(square[i, j], weight[i, j] ** 2)
                want[i] += (own if j == k else weight[i, j] * weight[i, k]) * exact[a, b]
    got = production_covariance(deviations, sparse.csr_array(weight), sparse.csr_array(square), 5)
    np.testing.assert_allclose(got, want, atol=1e-9)

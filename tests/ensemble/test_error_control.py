"""Bounds on false edges, against the values that the R package stabs prints, the papers' formulas, and brute force."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from grn_l0._errors import OptionError
from grn_l0.ensemble.error_control import choose_threshold, expected_false, largest_tail

#: stabs 0.7 (tests/regtest-inference.Rout.save): cutoff .6, p = 100, B = 50, q = 1 ... 10.
STABS_R_CONCAVE = (
    0.006971364, 0.03342845, 0.08691176, 0.1637231, 0.2605329, 0.3820466, 0.5295188, 0.7042719, 0.9077127, 1.141338,
)  # fmt: skip
STABS_UNIMODAL = (
    0.02631579, 0.1052632, 0.2368421, 0.4210526, 0.6578947, 0.9473684, 1.289474, 1.684211, 2.131579, 2.631579,
)  # fmt: skip
STABS_WORST_CASE = (0.05, 0.2, 0.45, 0.8, 1.25, 1.8, 2.45, 3.2, 4.05, 5)
#: stabs stops its search at a tolerance, on the side that is too low; per candidate.
SLACK = 5e-6


@pytest.mark.parametrize("q", range(1, 11))
def test_bounds_are_those_of_stabs(q):
    assert expected_false(q, 100, 0.6, 50, "worst-case") == pytest.approx(STABS_WORST_CASE[q - 1], rel=1e-6)
    assert expected_false(q, 100, 0.6, 50, "unimodal") == pytest.approx(STABS_UNIMODAL[q - 1], rel=1e-6)
    ours = expected_false(q, 100, 0.6, 50, "r-concave")
    assert -1e-6 <= ours - STABS_R_CONCAVE[q - 1] <= 100 * SLACK


@pytest.mark.parametrize(
    ("q", "cutoff", "value"), [(30, 0.6, 16.24975), (10, 0.62, 0.8971682), (10, 0.61, 1.005863), (10, 1.0, 0.005184816)]
)
def test_r_concave_bound_elsewhere(q, cutoff, value):
    assert -1e-5 <= expected_false(q, 100, cutoff, 50, "r-concave") - value <= 100 * SLACK


def test_thresholds_are_those_of_stabs():
    assert choose_threshold(7, 200, 0.2, 50, "r-concave") == pytest.approx(0.62)
    assert choose_threshold(7, 200, 0.2, 50, "unimodal") == pytest.approx(0.81)
    assert choose_threshold(10, 100, 1, 50, "r-concave") == pytest.approx(0.62)
    # Of bodyfat: 10 candidates, q = 3.
    assert choose_threshold(3, 10, 0.2, 50, "unimodal") == pytest.approx(0.96)
    assert expected_false(3, 10, 0.96, 50, "unimodal") == pytest.approx(0.176, abs=5e-4)


@pytest.mark.parametrize("r", [-0.5, -0.25])
def test_no_r_concave_distribution_has_a_larger_tail(r, rng):
    size, mean = 20, 0.08
    bound = np.array([largest_tail(mean, count, size, r) for count in range(size + 1)])
    assert bound[-1] < 0.05 < bound[5] <= 1
    place = np.arange(size + 1)
    for _ in range(300):
        # f^r convex with one minimum: f is r-concave. Tilted until the mean fits.
        bend = np.cumsum(np.concatenate([[0.0], np.cumsum(rng.exponential(rng.choice([1e-3, 0.1, 1, 10]), size))]))
        f = (rng.exponential(rng.choice([1e-3, 1.0])) + bend) ** (1 / r)
        f[rng.integers(2, size + 2) :] = 0
        f /= f.sum()
        if f @ place <= mean * size:
            assert (np.cumsum(f[::-1])[::-1] <= bound + 1e-9).all()


def test_the_bound_is_attained():
    """The least favourable distribution is r-concave, has the mean, and its tail is the bound."""
    size, mean, count, r = 10, 0.1, 6, -0.5
    place, best = np.arange(size + 1), 0.0
    for k in range(1, size):
        for a in np.geomspace(1e-4, 1e4, 4000):
            f = (a + place[: k + 1]) ** (1 / r)
            f *= (k + 1 - mean * size) / ((k + 1 - place[: k + 1]) @ f)
            atom = 1 - f.sum()
            # An atom above the line that the others lie on would not be concave.
            if 0 <= atom <= f[0] * ((a + k + 1) / a) ** (1 / r):
                tail = f[count:].sum() + (atom if k + 1 >= count else 0)
                best = max(best, tail)
    assert largest_tail(mean, count, size, r) == pytest.approx(best, rel=2e-3)


@pytest.mark.parametrize(("threshold", "k"), [(0.52, 4), (0.76, 49), (0.9, 49), (1.0, 49)])
def test_bounds_of_few_edges_among_very_many_candidates(threshold, k):
    """Tails of 1e-16: as one less all that lies below they would be 0, and of shapes that stop short too large."""
    q, p, pairs = 20, 120_000_000, 50
    worst, unimodal, concave = (
        expected_false(q, p, threshold, pairs, b) for b in ("worst-case", "unimodal", "r-concave")
    )
    assert 0 < concave < unimodal < worst
    count, mean, found = round(2 * pairs * threshold) - pairs, pairs * Decimal(q) ** 2 / Decimal(p) ** 2, []
    # On 0 ... k + 1, in 28 digits; the mean is about a^2 (1 + 1/2 + ... + 1/k).
    ends = [np.sqrt(float(mean) / np.sum(1 / np.arange(1.0, n + 1))) for n in (k + 1, k)]
    for shape in np.linspace(*ends, 300):
        f = [(1 + j / Decimal(float(shape))) ** -2 for j in range(k + 2)]
        scale = (k + 1 - mean) / sum((k + 1 - j) * f[j] for j in range(k + 1))
        atom = 1 - scale * sum(f[:-1])
        if 0 <= atom <= scale * f[-1]:
            found.append(p * (scale * sum(f[count:-1]) + atom))
    assert len(found) > 250
    assert concave == pytest.approx(float(max(found)), rel=5e-3)


def test_stronger_assumptions_and_more_pairs_allow_more():
    for threshold in (0.6, 0.8, 0.96):
        worst, unimodal, concave = (
            expected_false(400, 122150, threshold, 25, b) for b in ("worst-case", "unimodal", "r-concave")
        )
        assert worst > unimodal > concave > 0
    assert expected_false(400, 122150, 1.0, 100) < expected_false(400, 122150, 1.0, 25)
    assert expected_false(0, 100, 0.6, 25) == 0
    assert choose_threshold(0, 100, 0.1, 25) == pytest.approx(0.52)


def test_what_cannot_be_kept_is_said_with_what_can():
    with pytest.raises(OptionError, match=r"false_edges=1 .* Ask for false_edges=1\.4 or more") as info:
        choose_threshold(400, 122150, 1, 25, "worst-case")
    assert "50 resamples" in str(info.value)
    assert choose_threshold(400, 122150, 1.4, 25, "worst-case") == pytest.approx(0.98)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"false_edges": 0}, "false_edges"),
        ({"false_edges": float("nan")}, "false_edges"),
        ({"false_edges": "5"}, "false_edges"),
        ({"false_edges": True}, "false_edges"),
        ({"q": 101}, "q must"),
        ({"pairs": 0}, "pair"),
        ({"bound": "none"}, "bound"),
    ],
)
def test_mistakes(change, word):
    with pytest.raises(OptionError, match=word):
        choose_threshold(**{"q": 5, "p": 100, "false_edges": 1, "pairs": 25, **change})


def test_thresholds_are_above_a_half():
    with pytest.raises(OptionError, match="threshold"):
        expected_false(5, 100, 0.5, 25)

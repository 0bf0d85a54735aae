"""Formulas: reading, refusing, changing and evaluating them."""

from __future__ import annotations

import numpy as np
import pytest

from grn_l0._errors import OptionError
from grn_l0.simulate.logic import (
    And,
    Formula,
    Hill,
    LogicProduction,
    Not,
    Or,
    hill,
    parse,
    parse_derivative,
    replace,
    signs,
)

A, B, C = Hill("A", 0.4, 1.3), Hill("B", 0.5, 1.5), Hill("C", 0.6, 1.1)
a, b, c = "hill(A, 0.4, 1.3)", "hill(B, 0.5, 1.5)", "fAct(C, 0.6, 1.1)"


def test_hill_is_the_published_fraction_and_passes_through_its_three_points() -> None:
    x, n, ec50 = np.linspace(0, 1, 11), 1.4, 0.45
    e = ec50**n
    big_b = (e - 1) / (2 * e - 1)
    np.testing.assert_allclose(hill(x, np.array(e), np.array(n)), big_b * x**n / (big_b - 1 + x**n), rtol=1e-12)
    np.testing.assert_allclose(hill(np.array([0, ec50, 1]), np.array(e), np.array(n)), [0, 0.5, 1], rtol=1e-12)
    # e = 1/2, where B is infinite; and a negative measurement
    assert np.isfinite(hill(x, np.array(0.5), np.array(n))).all()
    assert hill(np.array([-0.1]), np.array(e), np.array(n))[0] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (a, A),
        (f"1 * {a} * 1", A),
        (f"(1 - 1 * {a})", Not(A)),
        (f"{a} * {b} * {c}", And(And(A, B), C)),
        (f"({a} + {b} - {a} * {b})", Or(A, B)),
        (f"({a} * {b}) + (1 - {c}) - ({a} * {b}) * (1 - {c})", Or(And(A, B), Not(C))),
    ],
)
def test_formulas_are_read_as_logic(text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "1", "A", f"{a} +", f"{a} + {b}", f"{a} + {b} - {a} * {c}", f"2 * {a}", f"{a} / {b}", "hill(A)",
     "hill(A, x, 1)", "__import__('os').system('true')", "hill(A, 0.4, 1.3).__class__", "[0 for _ in ()]", "not A"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse(text)


def test_a_rate_is_stripped_to_its_production() -> None:
    assert parse_derivative(f"(({a}) * 1 - 1 * G) / 1", "G") == A
    with pytest.raises(OptionError, match="form"):
        parse_derivative(f"(({a}) * 1 - 1 * H) / 1", "G")


def test_dropped_activations_leave_the_rest() -> None:
    formula = Or(And(A, B), Not(C))
    assert replace(formula, lambda h: h if h.gene != "C" else None) == And(A, B)
    assert replace(formula, lambda h: h if h.gene == "B" else None) == B
    assert replace(formula, lambda h: None) is None


def test_signs_follow_negations() -> None:
    assert signs(Or(And(A, Not(B)), Not(Not(C)))) == {"A": 1, "B": -1, "C": 1}
    assert signs(And(A, Not(A))) == {"A": 0}


def test_production_equals_the_formulas_written_out(rng: np.random.Generator) -> None:
    formulas: dict[str, Formula] = {"A": Or(And(B, Not(C)), A), "C": And(A, B)}
    x = rng.random((5, 3))
    act = {h.gene: hill(x[:, k], np.array(h.ec50**h.n), np.array(h.n)) for k, h in enumerate((A, B, C))}
    both = act["B"] * (1 - act["C"])
    expected = np.stack([both + act["A"] - both * act["A"], x[:, 1], act["A"] * act["B"]], axis=1)
    np.testing.assert_allclose(LogicProduction(("A", "B", "C"), formulas)(x), expected, rtol=1e-14)


def test_one_state_is_left_as_it_is(rng: np.random.Generator) -> None:
    x = rng.random((1, 2))
    before = x.copy()
    production = LogicProduction(("A", "B"), {"A": B})(x)
    np.testing.assert_array_equal(x, before)
    assert production[0, 0] != x[0, 0]


def test_unknown_genes_are_named() -> None:
    with pytest.raises(OptionError, match="'C'"):
        LogicProduction(("A", "B"), {"A": C})
    with pytest.raises(OptionError, match="'Z'"):
        LogicProduction(("A", "B"), {"Z": A})

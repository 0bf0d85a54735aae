"""Regulatory logic: AND, OR and NOT over Hill activations, read from formulas and evaluated for many states at once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from grn_l0._errors import OptionError
from grn_l0._typing import Float, ndarray

_HILL = {"hill": 3, "fAct": 3}


@dataclass(frozen=True)
class Hill:
    """Hill activation by one gene; see :func:`hill`."""

    gene: str
    ec50: float
    n: float


@dataclass(frozen=True)
class Not:
    """``1 - a``."""

    a: Formula


@dataclass(frozen=True)
class And:
    """``a * b``."""

    a: Formula
    b: Formula


@dataclass(frozen=True)
class Or:
    """``a + b - a * b``."""

    a: Formula
    b: Formula


Formula = Hill | Not | And | Or


def hill(x: Float[ndarray, ...], e: Float[ndarray, ...], n: Float[ndarray, ...]) -> Float[ndarray, ...]:
    r"""Normalised Hill activation: 0 at 0, 1/2 at the half-activation level, 1 at 1.

    .. math:: act(x) = \frac{B x^n}{B - 1 + x^n}, \quad B = \frac{e - 1}{2 e - 1}, \quad e = EC_{50}^n

    (Wittmann et al. 2009). Both halves of the fraction are multiplied by ``1 - 2 e`` here, because B is infinite
    at ``e = 1/2`` although the activation is not.

    Parameters
    ----------
    x
        Expression; negative values count as 0.
    e
        ``ec50 ** n``, between 0 and 1.
    n
        Hill coefficient, > 0.
    """
    power = np.maximum(x, 0.0) ** n
    return np.asarray((1 - e) * power / (e + (1 - 2 * e) * power))


def parse(text: str) -> Formula:
    """Read a formula such as ``(1 - hill(A, .5, 1.4)) * hill(B, .4, 1.6)``.

    ``a * b`` is AND, ``a + b - a * b`` is OR, ``1 - a`` is NOT, a factor of 1 is ignored, and
    ``hill(gene, ec50, n)`` (or ``fAct``) is an activation. Nothing is evaluated.

    Raises
    ------
    OptionError
        If the text is anything else.
    """
    try:
        formula = _logic(ast.parse(text.strip(), mode="eval").body)
    except SyntaxError as error:
        raise OptionError(f"{text!r} is not a logic formula: {error.msg}") from None
    except RecursionError:
        raise OptionError(f"the formula {text[:40]!r}… is nested too deeply to be read") from None
    if formula is None:
        raise OptionError(f"{text!r} is a constant; a formula needs at least one hill(gene, ec50, n)")
    return formula


def parse_derivative(text: str, gene: str) -> Formula:
    """The production in ``(production * 1 - 1 * gene) / 1``, the form in which the DASH simulator states a rate."""
    node = ast.parse(text.strip(), mode="eval").body
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _is_one(node.right):
        node = node.left
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        loss = node.right.right if _is_product(node.right) and _is_one(node.right.left) else node.right
        formula = _logic(node.left) if isinstance(loss, ast.Name) and loss.id == gene else None
        if formula is not None:
            return formula
    raise OptionError(f"the rate of {gene!r} is not of the form (production - {gene}) / 1: {text[:80]!r}")


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value == 1


def _is_product(node: ast.expr) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def _logic(node: ast.expr) -> Formula | None:
    """The logic of an arithmetic expression; None is the constant 1."""
    if _is_one(node):
        return None
    if isinstance(node, ast.Call):
        return _activation(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        a, b = _logic(node.left), _logic(node.right)
        return And(a, b) if a is not None and b is not None else a if b is None else b
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        minus = _logic(node.right)
        if _is_one(node.left) and minus is not None:
            return Not(minus)
        plus = node.left
        if isinstance(plus, ast.BinOp) and isinstance(plus.op, ast.Add) and minus is not None:
            a, b = _logic(plus.left), _logic(plus.right)
            if a is not None and b is not None and [*_factors(a), *_factors(b)] == [*_factors(minus)]:
                return Or(a, b)
    raise OptionError(f"{ast.unparse(node)[:80]!r} is none of a * b, a + b - a * b, 1 - a, hill(gene, ec50, n)")


def _activation(node: ast.Call) -> Hill:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    numbers = [a.value for a in node.args[1:] if isinstance(a, ast.Constant) and isinstance(a.value, int | float)]
    if _HILL.get(name) != len(node.args) or not isinstance(node.args[0], ast.Name) or len(numbers) != 2:
        raise OptionError(f"{ast.unparse(node)[:80]!r} is not hill(gene, ec50, n)")
    return Hill(node.args[0].id, float(numbers[0]), float(numbers[1]))


def _factors(formula: Formula) -> Iterator[Formula]:
    if isinstance(formula, And):
        yield from _factors(formula.a)
        yield from _factors(formula.b)
    else:
        yield formula


def replace(formula: Formula, change: Callable[[Hill], Hill | None]) -> Formula | None:
    """The formula with every activation changed; where `change` gives None, the activation drops out.

    ``a AND nothing`` and ``a OR nothing`` are ``a``; None is returned when nothing is left.
    """
    if isinstance(formula, Hill):
        return change(formula)
    a = replace(formula.a, change)
    if isinstance(formula, Not):
        return None if a is None else Not(a)
    b = replace(formula.b, change)
    if a is None or b is None:
        return a if b is None else b
    return type(formula)(a, b)


def signs(formula: Formula) -> dict[str, int]:
    """Whether each gene activates (1), represses (-1) or does both (0)."""
    if isinstance(formula, Hill):
        return {formula.gene: 1}
    if isinstance(formula, Not):
        return {gene: -sign for gene, sign in signs(formula.a).items()}
    first, second = signs(formula.a), signs(formula.b)
    both = {g: s if first.get(g, s) == s else 0 for g, s in second.items()}
    return {**first, **both}


class LogicProduction:
    """Production of every gene from its formula, for many states at once.

    The formulas become one list of operations, grouped by depth: each group is one array operation over all its
    genes, so the time does not depend on how many Python objects the formulas are. Shared parts are computed once.

    Parameters
    ----------
    genes
        Names, in the order of the states' last axis.
    formulas
        Formula of each gene that has one; the production of the others is their own present value, which keeps
        them constant.
    """

    def __init__(self, genes: Sequence[str], formulas: Mapping[str, Formula]) -> None:
        position = {gene: k for k, gene in enumerate(genes)}
        node: dict[object, int] = {}
        level: list[int] = []
        parts: list[tuple[type[Formula], int, int]] = []
        leaves: list[Hill] = []

        def number(formula: Formula) -> int:
            # Children are known by their number, so that looking up a deep formula costs no deep comparison.
            if isinstance(formula, Hill):
                key: object = formula
                a = b = -1
                depth = 0
            else:
                a = number(formula.a)
                b = a if isinstance(formula, Not) else number(formula.b)
                key = (type(formula), a, b)
                depth = 1 + max(level[a], level[b])
            if key not in node:
                node[key] = len(level)
                level.append(depth)
                parts.append((type(formula), a, b))
                if isinstance(formula, Hill):
                    leaves.append(formula)
            return node[key]

        unknown = sorted({*formulas} - {*position})
        if unknown:
            raise OptionError(f"there is a formula for {unknown[0]!r}, which is not among the genes")
        roots = {gene: number(formula) for gene, formula in formulas.items()}
        missing = sorted({leaf.gene for leaf in leaves} - {*position})
        if missing:
            raise OptionError(f"a formula names {missing[0]!r}, which is not among the genes")
        self._size = len(level)
        self._leaf = np.array([k for k, depth in enumerate(level) if depth == 0], dtype=np.intp)
        self._source = np.array([position[leaf.gene] for leaf in leaves], dtype=np.intp)
        self._n = np.array([[leaf.n] for leaf in leaves]).reshape(-1, 1)
        self._e = np.array([[leaf.ec50] for leaf in leaves]).reshape(-1, 1) ** self._n
        groups: dict[tuple[int, type[Formula]], list[int]] = {}
        for k, (kind, _, _) in enumerate(parts):
            if level[k]:
                groups.setdefault((level[k], kind), []).append(k)
        self._steps = [
            (kind, np.array(out), np.array([parts[k][1] for k in out]), np.array([parts[k][2] for k in out]))
            for (_, kind), out in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1].__name__))
        ]
        self._target = np.array([position[gene] for gene in roots], dtype=np.intp)
        self._root = np.array([*roots.values()], dtype=np.intp)

    def __call__(self, x: Float[ndarray, "states genes"]) -> Float[ndarray, "states genes"]:
        """Production at each state."""
        # A copy in any case: it becomes the result, and the states belong to the caller.
        by_gene = np.array(x.T, dtype=np.float64, order="C")
        values = np.empty((self._size, len(x)))
        values[self._leaf] = hill(by_gene[self._source], self._e, self._n)
        for kind, out, a, b in self._steps:
            if kind is Not:
                values[out] = 1 - values[a]
            elif kind is And:
                values[out] = values[a] * values[b]
            else:
                values[out] = values[a] + values[b] - values[a] * values[b]
        by_gene[self._target] = values[self._root]
        return by_gene.T

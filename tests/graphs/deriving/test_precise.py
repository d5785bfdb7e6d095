"""Numbers of formulas: beside mpmath's at more digits, and no further from them than they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import pytest
import sympy

from backproof.graphs.deriving.precise import evaluated

x = sympy.Symbol("x", real=True)
POINTS = [sympy.Rational(part) for part in ("-20.46", "-1.13", "0.000013", "0.7", "3.9", "369.04")]
#: Formulas, and the same for mpmath.
FORMULAS: dict[Any, Callable[[Any], Any]] = {
    1 - sympy.tanh(sympy.Rational(12345, 10000) * x) ** 2: lambda v: (
        mpmath.sech(mpmath.mpf(12345) / 10000 * v) ** 2
    ),
    sympy.exp(x) - 1: mpmath.expm1,
    sympy.erfc(x) + x**3: lambda v: mpmath.erfc(v) + v**3,
    sympy.Max(x, 0) + sympy.Abs(x): lambda v: max(v, 0) + abs(v),
    sympy.sin(sympy.pi * 100 * x): lambda v: mpmath.sin(mpmath.pi * 100 * v),
    sympy.Piecewise((x**2, x < 1), (1 / x, True)): lambda v: v**2 if v < 1 else 1 / v,
    sympy.log(1 + sympy.exp(x)): lambda v: mpmath.log1p(mpmath.exp(v)),
    sympy.cosh(x) ** sympy.Rational(-3, 2): lambda v: mpmath.cosh(v) ** mpmath.mpf("-1.5"),
}


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_the_error_is_no_larger_than_said(formula: Any, point: Any) -> None:
    found = evaluated(formula, {x: point})
    assert found is not None
    with mpmath.workdps(800):
        true = FORMULAS[formula](mpmath.mpf(point.p) / point.q)
        assert abs(true - found.value) <= found.error
        assert found.error <= mpmath.mpf("1e-90") * (1 + abs(true))


def test_a_rounded_number_may_be_wrong_by_its_rounding() -> None:
    found = evaluated(sympy.Float(0.1, 60) * x, {x: sympy.Integer(3)})
    assert found is not None
    assert 1e-17 < found.error < 1e-16


#: Where a formula is no real number, or one that nobody writes out.
NOWHERE = [
    (sympy.log(x), -1),
    (sympy.sqrt(x) * sympy.sqrt(x - 3), 1),
    (1 / x, 0),
    (sympy.asin(x), 2),
    (sympy.exp(sympy.exp(sympy.exp(x))), 40),
    (sympy.sin(sympy.exp(x)), 400),
    (sympy.gamma(x) * sympy.Integral(x, x), 1),
]


@pytest.mark.parametrize(("formula", "at"), NOWHERE, ids=str)
def test_what_is_no_number_is_none(formula: Any, at: int) -> None:
    assert evaluated(formula, {x: sympy.Integer(at)}) is None


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (sympy.sin(x) ** 2 + sympy.cos(x) ** 2 > 1, False),
        (sympy.sin(x) ** 2 + sympy.cos(x) ** 2 >= 1, True),
        ((x > 0) & (x < 1), True),
        ((x < 0) | (x > 1), False),
        (sympy.Ne(x, 0), True),
    ],
    ids=str,
)
def test_a_tie_is_a_tie(condition: Any, holds: bool) -> None:
    found = evaluated(sympy.Piecewise((1, condition), (0, True)), {x: sympy.Rational(3, 7)})
    assert found is not None
    assert found.value == holds

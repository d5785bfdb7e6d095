"""Numbers as they are meant, and as they are shown."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
import sympy

from backproof.graphs.deriving.meant import decimals, meaning, number

x = sympy.Symbol("x", real=True)


@pytest.mark.parametrize("digits", [1, 4, 9, 15])
def test_a_decimal_is_what_it_says(digits: int) -> None:
    draw = random.Random(digits)  # noqa: S311 - the same in every run
    for _ in range(50):
        text = f"{draw.randrange(1, 10**digits)}e{draw.randrange(-20, 20)}"
        assert Fraction(*number(float(text)).as_numer_denom()) == Fraction(text)


ROUNDED = [1.0507009873554805, 1.6732632423543772, math.log(2), math.e, 0.1234567890123456]


@pytest.mark.parametrize("value", ROUNDED)
def test_a_rounded_number_is_one(value: float) -> None:
    assert number(value).is_Float
    assert float(number(value)) == value


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (0.1 + 0.2, sympy.Rational(3, 10)),
        (3 * 0.044715, sympy.Rational(134145, 10**6)),
        (2 / 7, sympy.S(2) / 7),
    ],
)
def test_what_was_computed_of_simple_numbers_is_simple(value: float, exact: sympy.Expr) -> None:
    assert number(value) == exact


def test_what_has_fifteen_digits_is_no_third() -> None:
    assert number(0.333333333333333) == sympy.Rational(333333333333333, 10**15)


def test_floats_are_what_they_were_again_afterwards() -> None:
    with meaning(), meaning():
        assert (0.1 * x).args[0] == sympy.Rational(1, 10)
    assert (0.1 * x).args[0].is_Float


#: Formulas, and as what they are written.
SHOWN = {
    sympy.Rational(2469, 2000) * x: "1.2345*x",
    x / 2 + sympy.Rational(3, 4): "x/2 + 3/4",
    x ** sympy.Rational(1234, 10000): "x**0.1234",
    sympy.exp(-sympy.Rational(12345, 10**4) * x - sympy.Rational(6789, 10**4)): "exp(-1.2345*x - 0.6789)",
    sympy.sqrt(sympy.Rational(1, 1000)) * (x + 1): "0.01*sqrt(10)*(x + 1)",
    x / 3: "x/3",
    sympy.Float(1.0507009873554805, 60) * x: "1.0507009873554805*x",
}


@pytest.mark.parametrize("formula", SHOWN, ids=str)
def test_numbers_are_written_as_decimals_where_these_are_shorter(formula: sympy.Expr) -> None:
    assert str(decimals(formula)) == SHOWN[formula]

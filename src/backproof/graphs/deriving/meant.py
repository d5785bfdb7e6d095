"""Numbers as they are meant: those of float64 are decimals, fractions and roots that were rounded."""

from __future__ import annotations

import contextlib
import decimal
import math
import operator
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import sympy
from sympy.core.operations import AssocOp
from sympy.core.sympify import converter

__all__ = ["decimals", "exactly", "literal", "meaning", "number", "shortened"]

#: float64 keeps so many digits of a decimal; one that was computed is meant to have at most so many.
_KEPT, _SIMPLE = 15, 12
#: Above this every number is near a simple fraction.
_LARGE = 1e4
#: Products of rounded numbers are not rounded again.
_WIDE = 60


def number(value: Any) -> sympy.Expr:
    """Give a number as it is meant: 0.5 is ½, and what is rounded as π is, is π.

    A decimal is what it says. One of more digits than float64 keeps was computed: it is the short decimal,
    the simple fraction, or the root of one or of one times or over π, that it is the rounding of. Where it is
    the rounding of none, it stays a ``Float`` of SymPy, which stands for a number that is rounded.

    Examples
    --------
    >>> number(0.25), number(0.333), number(1 / 3), number(3.141592653589793), number(0.1 + 0.2)
    (1/4, 333/1000, 1/3, pi, 3/10)
    """
    given = float(value)
    if not math.isfinite(given):
        return sympy.Float(given)
    text = f"{given:.{_KEPT}g}"
    if float(text) == given:
        return sympy.Rational(text)
    for exact in _simple(given):
        if abs(float(exact) - given) <= 2 * math.ulp(given):
            return exact
    return sympy.Float(given, _WIDE)


def literal(text: str) -> sympy.Expr:
    """Give a number as it is written: exactly, or as rounded where float64 holds it with all its last digits.

    Examples
    --------
    >>> literal("1.50"), literal("9007199254740993"), literal("1.0000000000000001")
    (3/2, 9007199254740993, 10000000000000001/10000000000000000)
    >>> literal("0.6931471805599453").is_Float
    True
    """
    exact, given = sympy.Rational(text), float(text)
    short = sympy.Rational(f"{given:.{_KEPT}g}") == exact or not _ROUNDED.intersection(text)
    return exact if short or sympy.Rational(repr(given)) != exact else sympy.Float(given, _WIDE)


#: What stands in a number that may be a rounded one.
_ROUNDED = frozenset(".eE")


def _simple(value: float) -> Iterator[sympy.Expr]:
    """Give the simple numbers that one may be the rounding of."""
    yield sympy.pi
    yield sympy.Rational(f"{value:.{_SIMPLE}g}")
    if abs(value) < _LARGE:
        yield sympy.Rational(repr(value)).limit_denominator(1000)
        for unit in (sympy.S.One, sympy.pi, 1 / sympy.pi):
            square = sympy.Rational(repr(value**2 / float(unit))).limit_denominator(100)
            yield (-1 if value < 0 else 1) * sympy.sqrt(square * unit)


def decimals(formula: Any) -> Any:
    """Write numbers as decimals, where a fraction is longer; what is rounded has the digits of float64.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> decimals(sympy.Rational(2469, 2000) * x + sympy.Rational(3, 2) + sympy.log(sympy.Rational(1, 7)))
    1.2345*x - log(7) + 3/2
    """
    if isinstance(formula, sympy.Number):
        return _decimal(formula)
    if formula.is_number or not formula.args:
        return formula
    parts = [*map(decimals, formula.args)]
    if all(map(operator.is_, parts, formula.args)):
        return formula
    if isinstance(formula, AssocOp):
        return formula._new_rawargs(*parts)
    return formula.func(*parts) if isinstance(formula, sympy.Tuple) else formula.func(*parts, evaluate=False)


def shortened(formula: Any) -> Any:
    """Write rounded numbers with the digits that float64 has, and leave exact ones as they are.

    Examples
    --------
    >>> shortened(number(1.0507009873554805) / 3)
    0.3502336624518268
    """
    formula = sympy.sympify(formula)
    return formula.xreplace({each: _decimal(each) for each in formula.atoms(sympy.Float)})


def _decimal(given: sympy.Number) -> sympy.Number:
    if given.is_Float:
        return sympy.Float(repr(float(given)))
    digits = next((count for count in range(_MOST_DIGITS) if 10**count % given.q == 0), None)
    if not digits:
        return given
    text = f"{decimal.Decimal(int(given * 10**digits)).scaleb(-digits):f}"
    kept = len(text.replace(".", "").lstrip("-0"))
    return sympy.Float(text, kept) if len(text) < len(str(given)) else given


#: A decimal with more digits is read by nobody.
_MOST_DIGITS = 40


@contextlib.contextmanager
def meaning() -> Iterator[None]:
    """Take floats as they are meant, for as long as this lasts, wherever they meet SymPy's formulas.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> with meaning():
    ...     0.1 * (x + 0.5)
    x/10 + 1/20
    """
    with _LOCK:
        before = converter.get(float)
        converter[float] = number
        try:
            yield
        finally:
            if before is None:
                del converter[float]
            else:
                converter[float] = before


_LOCK = threading.RLock()


def exactly(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of an op with their numbers as they are meant.

    Examples
    --------
    >>> exactly({"beta": 0.5, "approximate": "tanh"})
    {'beta': 1/2, 'approximate': 'tanh'}
    """
    return {name: number(value) if isinstance(value, float) else value for name, value in options.items()}

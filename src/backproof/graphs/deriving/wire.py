"""Formulas on their way to another process and back: lists of words, from a closed table of functions.

Nothing of what comes is evaluated as text.
"""

from __future__ import annotations

from typing import Any

import sympy

__all__ = ["NoWord", "pack", "unpack"]

_WORDS = (
    *("Add", "Mul", "Pow", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("Abs", "sign", "Max", "Min", "Heaviside", "erfc", "erf", "Piecewise", "And", "Or", "Not", "Ne", "Eq"),
    *("cot", "sec", "csc", "coth", "sech", "csch", "asinh", "acosh", "atanh", "acot", "polygamma", "gamma"),
)
_FUNCTIONS: dict[str, Any] = {getattr(sympy, name).__name__: getattr(sympy, name) for name in _WORDS}
_FUNCTIONS |= {part.__name__: part for part in (sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge)}
_FUNCTIONS["ExprCondPair"] = sympy.Tuple
_CONSTANTS: dict[str, Any] = {
    **{name: getattr(sympy.S, name) for name in ("Pi", "Exp1", "ImaginaryUnit", "Infinity", "NaN")},
    **{name: getattr(sympy.S, name) for name in ("NegativeInfinity", "ComplexInfinity")},
    "BooleanTrue": sympy.true,
    "BooleanFalse": sympy.false,
}


class NoWord(TypeError):
    """A formula with a function that the other process is not told of."""


def pack(formula: Any) -> list[Any]:
    """Write a formula as nested lists of words and numbers.

    Raises
    ------
    NoWord
        If there is a function in it that has none.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> pack(2 * sympy.exp(x))
    ['Mul', ['rational', '2', '1'], ['exp', ['symbol', 'x']]]
    >>> unpack(pack(2 * sympy.exp(x))) == 2 * sympy.exp(x)
    True
    """
    if isinstance(formula, sympy.Symbol):
        return ["symbol", formula.name]
    if isinstance(formula, sympy.Rational):
        return ["rational", str(formula.p), str(formula.q)]
    if isinstance(formula, sympy.Float):
        exact = sympy.Rational(formula)
        return ["float", str(exact.p), str(exact.q), formula._prec]
    name = type(formula).__name__
    if name not in _FUNCTIONS and name not in _CONSTANTS:
        raise NoWord(f"there is no word for {name}")
    return [name, *map(pack, formula.args)]


def unpack(words: list[Any]) -> Any:
    """Read what `pack` wrote; every symbol is real."""
    name, *parts = words
    if name == "symbol":
        return sympy.Symbol(parts[0], real=True)
    if name == "rational":
        return sympy.Rational(int(parts[0]), int(parts[1]))
    if name == "float":
        return sympy.Float(sympy.Rational(int(parts[0]), int(parts[1])), precision=parts[2])
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    return _FUNCTIONS[name](*map(unpack, parts))

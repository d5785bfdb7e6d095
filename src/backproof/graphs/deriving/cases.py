"""Formulas with cases: as choices between two by one condition, and without those that change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sympy
from sympy.core.relational import Relational

__all__ = ["choices", "compared", "in_cases"]

T = TypeVar("T")

_ORDERS = ("<", "<=", ">", ">=")


def choices(cases: Any, written: Callable[[Any], T], choose: Callable[[Any, T, T], T]) -> T:
    """Write cases, of which the last holds otherwise, with ``choose(condition, one, other)``.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> hat = sympy.Piecewise((x, (x > 0) & (x < 1)), (0, True))
    >>> choices(hat, str, lambda by, one, other: f"where({by}, {one}, {other})")
    'where(x < 1, where(x > 0, x, 0), 0)'
    """
    *before, last = cases.args
    found = written(last.expr)
    for value, condition in reversed(before):
        found = _chosen(condition, written(value), found, choose)
    return found


def _chosen(condition: Any, one: T, other: T, choose: Callable[[Any, T, T], T]) -> T:
    if isinstance(condition, sympy.And):
        for part in condition.args:
            one = _chosen(part, one, other, choose)
        return one
    if isinstance(condition, sympy.Or):
        for part in condition.args:
            other = _chosen(part, one, other, choose)
        return other
    if isinstance(condition, sympy.Ne):
        both = (condition.lhs < condition.rhs, condition.lhs > condition.rhs)
        return _chosen(sympy.Or(*both), one, other, choose)
    if isinstance(condition, sympy.Eq):
        return _chosen(sympy.Ne(*condition.args), other, one, choose)
    return choose(condition, one, other)


def in_cases(sign: Any) -> Any:
    """Write the sign of something by comparisons.

    Examples
    --------
    >>> in_cases(sympy.sign(sympy.Symbol("x", real=True)))
    Piecewise((1, x > 0), (-1, x < 0), (0, True))
    """
    [part] = sign.args
    return sympy.Piecewise((1, part > 0), (-1, part < 0), (0, True))


def compared(formula: Any) -> Any:
    """Write max(a, b) ≤ c as a ≤ c and b ≤ c, and so on: a rectifier is at most 0 where its input is.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> compared(sympy.Piecewise((0, sympy.Max(0, x) <= 0), (1, True)))
    Piecewise((0, x <= 0), (1, True))
    """
    apart = formula.xreplace({part: _apart(part) for part in formula.atoms(Relational)})
    return apart.replace(lambda part: isinstance(part, sympy.ITE), lambda part: part.to_nnf())


def _apart(part: Any) -> Any:
    extreme = getattr(part, "lhs", None)  # true and false have no sides
    if not isinstance(extreme, sympy.Max | sympy.Min) or part.rel_op not in _ORDERS:
        return part
    every = isinstance(extreme, sympy.Max) == (part.rel_op in ("<", "<="))
    return (sympy.And if every else sympy.Or)(*(_apart(part.func(one, part.rhs)) for one in extreme.args))

"""Formulas as numbers of many digits, each with how far it may be from the true one.

A number is known to differ from another only where they are further apart than both may be wrong: by the
rounding of these digits, however much of them cancels, and by that of the numbers that are rounded in the
formula itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import mpmath
import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

__all__ = ["DIGITS", "Near", "evaluated", "same"]

_CONTEXT: Any = mpmath.mp.clone()
_MPF: Any = _CONTEXT.mpf
#: So many digits are computed with.
DIGITS = 100
#: The exponential of more than this is written out by nobody, and a sine of more is one of chance.
_LARGEST, _FARTHEST = 1e30, 1e50
#: A float64 is rounded by at most this share.
_ROUNDED = 2.0**-52
#: What is known to be no larger than this is taken as 0.
_NOTHING = _MPF("1e-60")
#: An error is known to first order.
_CERTAIN = 4


class Near(NamedTuple):
    """A number, and by how much it may be wrong."""

    value: Any
    error: Any

    @property
    def sign(self) -> int:
        """Its sign; 0 where it may be 0."""
        return 0 if abs(self.value) <= _CERTAIN * self.error else 1 if self.value > 0 else -1


class _NotReal(ArithmeticError):
    """What is no real number, or is too large to be computed."""


_Known: TypeAlias = dict[Any, Any]


def evaluated(formula: Any, point: Mapping[Any, Any], known: _Known | None = None) -> Near | None:
    """Give the number of a formula where its symbols have these values; ``None`` where it is not real.

    ``known`` keeps what was computed at the point, for further formulas.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> found = evaluated(sympy.exp(x) - 1, {x: sympy.Rational(1, 10**30)})
    >>> print(mpmath.nstr(found.value, 5), found.error < 1e-98)
    1.0e-30 True
    >>> evaluated(sympy.log(x), {x: sympy.Integer(-1)})
    """
    known = {} if known is None else known
    if _CONTEXT.dps != DIGITS:
        _CONTEXT.dps = DIGITS
    try:
        found = _near(formula, point, known)
    except (_NotReal, ArithmeticError, ValueError, RecursionError):
        return None
    return found if _CONTEXT.isfinite(found.value) else None


def same(difference: Near, scale: Any, share: float) -> bool | None:
    """Say whether a difference is 0; ``None`` where it may be wrong by more than a share of the scale."""
    if difference.sign:
        return False
    return True if difference.error <= max(share * scale, _NOTHING) else None


def _near(part: Any, point: Mapping[Any, Any], known: _Known) -> Near:
    if part not in known:
        known[part] = _computed(part, point, known)
    found: Near = known[part]
    return found


def _computed(part: Any, point: Mapping[Any, Any], known: _Known) -> Near:
    if part.is_Symbol:
        if part not in point:
            raise _NotReal
        return _near(sympy.sympify(point[part]), point, known)
    if part.is_Rational:
        value = _MPF(part.p) / part.q
        return Near(value, 0 * value if part.q == 1 else abs(value) * _CONTEXT.eps)
    if part.is_Float:
        value = _MPF(part._mpf_)
        return Near(value, abs(value) * _ROUNDED)
    if part.is_NumberSymbol:
        return _rounded(part._to_mpmath(_CONTEXT.prec + 10), _MPF(0))
    compute = next((each for kind, each in _KINDS.items() if isinstance(part, kind)), None)
    if compute is not None:
        return compute(part, point, known)
    function = _FUNCTIONS.get(type(part).__name__)
    if function is None or len(part.args) != 1:
        raise _NotReal
    return _applied(function, _near(part.args[0], point, known))


def _rounded(value: Any, error: Any) -> Near:
    if isinstance(value, _CONTEXT.mpc) or not _CONTEXT.isfinite(value):
        raise _NotReal
    value = _MPF(value)
    return Near(value, error + 2 * abs(value) * _CONTEXT.eps)


def _applied(function: Callable[[Any], Any], at: Near) -> Near:
    """Apply a function: what it is given may be anything between two ends."""
    value = function(at.value)
    if not at.error:
        return _rounded(value, _MPF(0))
    ends = [function(at.value + at.error), function(at.value - at.error)]
    if any(isinstance(end, _CONTEXT.mpc) for end in ends):
        raise _NotReal
    return _rounded(value, max(abs(end - value) for end in ends))


def _sum(part: Any, point: Mapping[Any, Any], known: _Known) -> Near:
    parts = [_near(each, point, known) for each in part.args]
    size = sum((abs(each.value) for each in parts), _MPF(0))
    error = sum((each.error for each in parts), _MPF(0)) + size * _CONTEXT.eps
    return Near(sum((each.value for each in parts), _MPF(0)), error)


def _product(part: Any, point: Mapping[Any, Any], known: _Known) -> Near:
    value, error = _MPF(1), _MPF(0)
    for each in part.args:
        other = _near(each, point, known)
        error = abs(value) * other.error + (abs(other.value) + other.error) * error
        value = value * other.value
    return _rounded(value, error)


def _power(part: Any, point: Mapping[Any, Any], known: _Known) -> Near:
    base, exponent = _near(part.base, point, known), _near(part.exp, point, known)
    if part.exp.is_Integer or (part.exp.is_Rational and part.exp.q == 2):
        n = int(part.exp * 2)
        if n < 0 and not base.sign:
            raise _NotReal
        if base.value and abs(n * _CONTEXT.log(abs(base.value))) > _LARGEST:
            raise _NotReal
        if n % 2:
            return _applied(lambda x: _CONTEXT.sqrt(x) ** n, base)
        return _applied(lambda x: x ** (n // 2), base)
    if base.sign != 1:
        if base.value == 0 and exponent.sign > 0:
            return Near(_MPF(0), _MPF(0))
        raise _NotReal
    log = _applied(_CONTEXT.log, base)
    error = abs(log.value) * exponent.error + (abs(exponent.value) + exponent.error) * log.error
    return _applied(_exp, _rounded(log.value * exponent.value, error))


def _extreme(part: Any, point: Mapping[Any, Any], known: _Known) -> Near:
    parts = [_near(each, point, known) for each in part.args]
    choose = max if isinstance(part, sympy.Max) else min
    value = choose(each.value for each in parts)
    ends = [choose(each.value + sign * each.error for each in parts) for sign in (1, -1)]
    return Near(value, max(abs(end - value) for end in ends))


def _cases(part: Any, point: Mapping[Any, Any], known: _Known) -> Near:
    for value, condition in part.args:
        if _holds(condition, point, known):
            return _near(value, point, known)
    raise _NotReal


def _sided(values: tuple[Any, Any, Any]) -> Callable[..., Near]:
    """Make a function of the sign alone: its values where that is −1, 0 and 1."""
    return lambda part, point, known: Near(_MPF(values[1 + _near(part.args[0], point, known).sign]), _MPF(0))


def _holds(condition: Any, point: Mapping[Any, Any], known: _Known) -> bool:
    """Say whether a condition holds; what may be equal is taken as equal."""
    if isinstance(condition, BooleanAtom):
        return bool(condition)
    if condition.is_Symbol:
        return bool(point[condition])
    if isinstance(condition, Relational):
        return _ORDERS[condition.rel_op](_near(condition.lhs - condition.rhs, point, known).sign)
    held = [_holds(each, point, known) for each in condition.args]
    if isinstance(condition, sympy.ITE):
        return held[1] if held[0] else held[2]
    if isinstance(condition, sympy.Not):
        return not held[0]
    if isinstance(condition, sympy.And | sympy.Or):
        return all(held) if isinstance(condition, sympy.And) else any(held)
    raise _NotReal


_ORDERS: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
}


def _absolute(part: Any, point: Mapping[Any, Any], known: _Known) -> Near:
    found = _near(part.args[0], point, known)
    return Near(abs(found.value), found.error)


def _within(function: Callable[[Any], Any], most: float) -> Callable[[Any], Any]:
    def limited(x: Any) -> Any:
        if abs(x) > most:
            raise _NotReal
        return function(x)

    return limited


_exp = _within(_CONTEXT.exp, _LARGEST)
_KINDS: dict[Any, Callable[..., Near]] = {
    sympy.Add: _sum,
    sympy.Mul: _product,
    sympy.Pow: _power,
    sympy.exp: lambda part, point, known: _applied(_exp, _near(part.args[0], point, known)),
    sympy.Abs: _absolute,
    sympy.sign: _sided((-1, 0, 1)),
    sympy.Heaviside: _sided((0, sympy.S.Half.evalf(), 1)),
    sympy.Max: _extreme,
    sympy.Min: _extreme,
    sympy.Piecewise: _cases,
}
#: Functions of one number, by SymPy's names, which are mpmath's.
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(_CONTEXT, name) for name in ("log", "atan", "tanh", "asinh", "coth", "sech", "csch")},
    **{name: getattr(_CONTEXT, name) for name in ("asin", "acos", "acosh", "atanh", "acot")},
    **{name: _within(getattr(_CONTEXT, name), _FARTHEST) for name in ("sin", "cos", "tan", "cot", "sec")},
    **{name: _within(getattr(_CONTEXT, name), _LARGEST) for name in ("sinh", "cosh")},
    **{name: _within(getattr(_CONTEXT, name), 1e12) for name in ("erf", "erfc", "gamma")},
    "csc": _within(_CONTEXT.csc, _FARTHEST),
}

"""Whether two formulas are equal: at random points, and by algebra. It runs in a process of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import sympy

from backproof.graphs.deriving.kinks import kinks, sides

__all__ = ["Pair", "compare", "is_limited", "prove_zero", "same_at", "shorter"]

Pair: TypeAlias = tuple[Any, Any]
Point: TypeAlias = Mapping[Any, Any]

#: Two formulas are compared at so many points.
_POINTS = 12
_TRIES = 120
#: Where points are drawn from, one range after the other: an identity may hold for positive numbers only,
#: and what holds near 0 may not hold far from it.
_RANGES = ((-2, 2), (0, 3), (0, 1), (-1, 1), (-40, 40))
#: Beside so many kinks there are points on either side.
_MOST_KINKS = 8
_BESIDE = (sympy.Rational(3, 7), sympy.Rational(17, 11))
#: What the difference of formulas may leave that holds no rounded numbers: it is computed to 60 digits.
_EXACT = sympy.Float("1e-40")
#: … and of those that do hold some, such as the constants of SELU, which are float64.
_ROUNDED = sympy.Float("1e-12")
_DIGITS, _MOST_DIGITS = 20, 80


def compare(pairs: Sequence[Pair], domain: Iterable[Any] = ()) -> dict[str, Any]:
    """Compare formulas at random points, on either side of each kink.

    A point counts where both are real numbers, and so is each logarithm, root and arcsine that is in one of
    them or in the formulas of ``domain``: √x·√y is no real number where x < 0, though i·i is one.

    Returns
    -------
    dict
        ``points``, at how many they were compared; and where they differ there: ``at``, the values of the
        symbols, ``which`` pair, and its values ``one`` and ``other``.
    """
    count = 0
    for point, each in _points(pairs, domain):
        count += 1
        for which, (one, other) in enumerate(each):
            if not _same(pairs[which], one, other, point):
                values = {str(name): str(value) for name, value in point.items()}
                return {"points": count, "at": values, "which": which, **_apart(pairs[which], point)}
    return {"points": count}


def _apart(pair: Pair, point: Point) -> dict[str, str]:
    """Write the two values with as many digits as it takes to tell them apart."""
    written = ["", ""]
    for digits in (_DIGITS, 2 * _DIGITS, _MOST_DIGITS):
        if written[0] == written[1]:
            written = [str(part.xreplace(point).evalf(digits, maxn=_MOST_DIGITS)) for part in pair]
    return {"one": written[0], "other": written[1]}


def same_at(claims: Sequence[Any], candidates: Sequence[Sequence[Any]]) -> list[bool]:
    """Say of each candidate, a formula for each claim, whether it is equal to the claims at all points."""
    return [
        found["points"] > 0 and "at" not in found
        for found in (compare(list(zip(claims, candidate, strict=True))) for candidate in candidates)
    ]


def _points(pairs: Sequence[Pair], domain: Iterable[Any]) -> Iterator[tuple[Point, list[Pair]]]:
    formulas = [part for pair in pairs for part in pair]
    names = sorted(set().union(*(part.free_symbols for part in (*formulas, *domain))), key=str)
    limited = set().union(*map(_limited, (*formulas, *domain)))
    draw = random.Random("points")  # noqa: S311 - the same in every run

    def settled(points: Iterable[Point], most: int) -> Iterator[tuple[Point, list[Pair]]]:
        found = 0
        for point in points:
            if any(_value(part, point) is None for part in limited):
                continue
            each = [(_value(one, point), _value(other, point)) for one, other in pairs]
            if all(value is not None for pair in each for value in pair):
                found += 1
                yield point, each
            if found == most or (found and not names):
                return

    drawn = (_drawn(draw, names, *_RANGES[attempt % len(_RANGES)]) for attempt in range(_TRIES))
    yield from settled(drawn, _POINTS)
    yield from settled(_beside(formulas, names, draw), 2 * len(_BESIDE) * _MOST_KINKS)


def is_limited(part: Any) -> bool:
    """Say whether a formula is a logarithm, a root or the like, which is not real everywhere."""
    return isinstance(part, _LIMITED) or (isinstance(part, sympy.Pow) and not part.exp.is_integer)


_LIMITED = (sympy.log, sympy.asin, sympy.acos, sympy.acosh, sympy.atanh)


def _limited(formula: Any) -> set[Any]:
    return {part for part in formula.atoms(*_LIMITED, sympy.Pow) if is_limited(part)}


def _drawn(draw: random.Random, names: Sequence[Any], low: int, high: int) -> dict[Any, Any]:
    return {name: _fraction(draw, low, high) for name in names}


def _beside(formulas: Iterable[Any], names: Sequence[Any], draw: random.Random) -> Iterator[Point]:
    """Give points on either side of the kinks, where these are straight: for one name there is one zero."""
    every = dict.fromkeys(kink for formula in formulas for kink in kinks(formula))
    for kink in list(every)[:_MOST_KINKS]:
        point = _drawn(draw, names, -2, 2)
        for name in (name for name in names if kink.has(name)):
            along = kink.xreplace({other: point[other] for other in names if other != name})
            slope = sympy.diff(along, name)
            if slope.is_Rational and slope != 0:
                zero = -along.xreplace({name: sympy.S.Zero}) / slope
                yield from ({**point, name: zero + sign * far} for far in _BESIDE for sign in (1, -1))
                break


def _fraction(draw: random.Random, low: int, high: int) -> Any:
    """Draw a number with two decimals that is not a simple one: no kink lies there."""
    hundredths = draw.randrange(100 * low + 1, 100 * high)
    return sympy.Rational(hundredths + (hundredths % 5 == 0), 100)


def _value(formula: Any, point: Point) -> Any:
    """Give the value, ``None`` where it is not a real number."""
    value = formula.xreplace(point).evalf(_DIGITS, maxn=_MOST_DIGITS)
    return value if value.is_Float or (value.is_Number and value.is_finite) else None


def _same(pair: Pair, one: Any, other: Any, point: Point) -> bool:
    rounded = any(part.has(sympy.Float) for part in pair)
    scale = abs(one) + abs(other)
    if rounded:
        return bool(abs(one - other) <= _ROUNDED * scale)
    difference = (pair[0] - pair[1]).xreplace(point).evalf(_DIGITS, maxn=_MOST_DIGITS)
    return bool(difference.is_number and abs(difference) <= _EXACT * (scale + 1))


def prove_zero(pairs: Sequence[Pair], domain: Iterable[Any] = ()) -> dict[str, Any]:
    """Try to show by algebra that the formulas of each pair are equal.

    Returns
    -------
    dict
        ``proven``; and ``positive``, the symbols that had to be taken as positive for it.
    """
    positive: set[str] = set()
    above = set().union(*map(_under_roots, domain))
    for one, other in pairs:
        needed = _proven(one - other, above)
        if needed is None:
            return {"proven": False}
        positive |= needed
    return {"proven": True, "positive": sorted(positive)}


def _proven(difference: Any, above: set[Any]) -> set[str] | None:
    if _is_zero(difference):
        return set()
    names = _under_roots(difference) | (above & difference.free_symbols)
    if names:
        positive = {name: sympy.Dummy(str(name), positive=True) for name in names}
        if _is_zero(difference.xreplace(positive)):
            return {str(name) for name in names}
    return None


def _under_roots(formula: Any) -> set[Any]:
    """Give the symbols of which logarithms and roots are taken: they are positive where these are real."""
    inside = [part.args[0] for part in formula.atoms(sympy.log)]
    inside += [part.base for part in formula.atoms(sympy.Pow) if not part.exp.is_integer]
    inside = [part for part in inside if not part.could_extract_minus_sign()]
    return {
        name for part in inside if part.is_Symbol or part.is_Mul or part.is_Pow for name in part.free_symbols
    }


_WAYS: tuple[Callable[[Any], Any], ...] = (
    sympy.expand,
    lambda d: sympy.cancel(sympy.together(sympy.expand(d.rewrite(sympy.exp), power_exp=True))),
    sympy.simplify,
    lambda d: sympy.simplify(sympy.expand(d.rewrite(sympy.exp))),
    lambda d: sympy.simplify(sympy.expand_log(d)),
)


def _is_zero(difference: Any) -> bool:
    if difference == 0:
        return True
    return all(any(way(case) == 0 for way in _WAYS) for case in sides(difference))


def shorter(formula: Any) -> Any:
    """Write a formula in the shortest of several ways, with the functions that are in it.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> shorter(x * sympy.exp(2 * x) + 2 * sympy.exp(2 * x))
    (x + 2)*exp(2*x)
    """
    functions = _functions(formula)
    ways = (sympy.cancel, sympy.factor, sympy.together, sympy.simplify)
    found = [formula, *(written for way in ways if _functions(written := way(formula)) <= functions)]
    return min(found, key=lambda each: (_names(each), sympy.count_ops(each)))


def _names(formula: Any) -> int:
    """Count how often names occur: what a reader looks at."""
    return sum(part.is_Symbol for part in sympy.preorder_traversal(formula))


def _functions(formula: Any) -> set[Any]:
    return {part.func for part in formula.atoms(sympy.Function)}

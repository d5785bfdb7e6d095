"""Whether two formulas are equal: at random points, and by algebra. It runs in a process of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import mpmath
import sympy

from backproof.graphs.deriving.kinks import kinks, sides
from backproof.graphs.deriving.precise import Near, evaluated, same

__all__ = ["Pair", "compare", "is_limited", "prove_zero", "same_at", "shorter"]

Pair: TypeAlias = tuple[Any, Any]
Point: TypeAlias = Mapping[Any, Any]

#: Two formulas are compared at so many points, …
_POINTS = 12
_TRIES = 120
#: … first at a few that are easily read, one range after the other: an identity may hold for positive numbers
#: only, and what holds near 0 may not hold far from it; then at others, which no short period divides.
_SIMPLE, _SIMPLE_POINTS = ((-2, 2), (0, 3), (0, 1), (-1, 1), (-40, 40)), 5
_OTHERS = (*_SIMPLE, (-1000, 1000))
_HUNDREDTHS, _PRIME = 100, 1_000_003
#: Of the others one range is that of small numbers, down to this power of ten.
_SMALL = 6
#: Beside so many kinks there are points on either side.
_MOST_KINKS = 8
_BESIDE = (sympy.Rational(3, 7), sympy.Rational(17, 11))
#: A point says something where the two values are known to this share.
_KNOWN = 1e-6
_SHORT, _MOST_DIGITS = 20, 100


def compare(pairs: Sequence[Pair], domain: Iterable[Any] = ()) -> dict[str, Any]:
    """Compare formulas at random points, on either side of each kink.

    A point counts where both are real numbers, and so is each logarithm, root and arcsine that is in one of
    them or in the formulas of ``domain``: √x·√y is no real number where x < 0, though i·i is one. It tells
    nothing where rounding may hide a difference; see `backproof.graphs.deriving.precise`.

    Returns
    -------
    dict
        ``points``, at how many they were compared; and where they differ there: ``at``, the values of the
        symbols, ``which`` pair, and its values ``one`` and ``other``.
    """
    count = 0
    for point, each in _points(pairs, domain):
        count += 1
        for which, (one, other, equal) in enumerate(each):
            if not equal:
                values = {str(name): str(value) for name, value in point.items()}
                return {"points": count, "at": values, "which": which, **_apart(one.value, other.value)}
    return {"points": count}


def _apart(one: Any, other: Any) -> dict[str, str]:
    """Write the two values with as many digits as it takes to tell them apart."""
    written = ["", ""]
    for digits in (_SHORT, 2 * _SHORT, _MOST_DIGITS):
        if written[0] == written[1]:
            written = [mpmath.nstr(value, digits) for value in (one, other)]
    return {"one": written[0], "other": written[1]}


def same_at(claims: Sequence[Any], candidates: Sequence[Sequence[Any]]) -> list[bool]:
    """Say of each candidate, a formula for each claim, whether it is equal to the claims at all points."""
    return [
        found["points"] > 0 and "at" not in found
        for found in (compare(list(zip(claims, candidate, strict=True))) for candidate in candidates)
    ]


_Compared: TypeAlias = tuple[Near, Near, bool]


def _points(pairs: Sequence[Pair], domain: Iterable[Any]) -> Iterator[tuple[Point, list[_Compared]]]:
    formulas = [part for pair in pairs for part in pair]
    names = sorted(set().union(*(part.free_symbols for part in (*formulas, *domain))), key=str)
    limited = set().union(*map(_limited, (*formulas, *domain)))
    # Two rounded numbers stay two, however near: their difference would be taken as known to its last digit.
    rounded = {each: sympy.Dummy() for part in formulas for each in part.atoms(sympy.Float)}
    known = {name: each for each, name in rounded.items()}
    apart = [one.xreplace(rounded) - other.xreplace(rounded) for one, other in pairs]
    draw = random.Random("points")  # noqa: S311 - the same in every run
    counted = 0

    def told(points: Iterable[Point], most: int) -> Iterator[tuple[Point, list[_Compared]]]:
        nonlocal counted
        start = counted
        for point in points:
            each = _told(pairs, apart, limited, {**known, **point})
            if each is not None:
                counted += 1
                yield point, each
            if counted - start == most or (counted and not names):
                return

    yield from told((_drawn(draw, names, _SIMPLE, at) for at in range(_TRIES)), _SIMPLE_POINTS)
    others = (_drawn(draw, names, _OTHERS, at, _PRIME) for at in range(_TRIES))
    yield from told(others, _POINTS - _SIMPLE_POINTS)
    most = 2 * (1 + len(_BESIDE)) * _MOST_KINKS
    yield from told(_beside([kink for each in formulas for kink in kinks(each)], names, draw), most)
    if not counted:  # perhaps it is real in some other place
        yield from told(_beside([part.args[0] for part in limited], names, draw), most)


def _told(
    pairs: Sequence[Pair], apart: Sequence[Any], limited: Iterable[Any], point: Point
) -> list[_Compared] | None:
    """Give the values of each pair, and whether they are equal; ``None`` where the point tells nothing."""
    known: dict[Any, Any] = {}
    if any(evaluated(part, point, known) is None for part in limited):
        return None
    found = []
    for (one, other), difference in zip(pairs, apart, strict=True):
        each = [evaluated(part, point, known) for part in (one, other, difference)]
        if each[0] is None or each[1] is None or each[2] is None:
            return None
        equal = same(each[2], abs(each[0].value) + abs(each[1].value), _KNOWN)
        if equal is None:
            return None
        found.append((each[0], each[1], equal))
    return found


def is_limited(part: Any) -> bool:
    """Say whether a formula is a logarithm, a root or the like, which is not real everywhere."""
    root = isinstance(part, sympy.Pow) and not part.exp.is_integer and bool(part.free_symbols)
    return root or isinstance(part, _LIMITED)


_LIMITED = (sympy.log, sympy.asin, sympy.acos, sympy.acosh, sympy.atanh)


def _limited(formula: Any) -> set[Any]:
    return {part for part in formula.atoms(*_LIMITED, sympy.Pow) if is_limited(part)}


def _drawn(
    draw: random.Random,
    names: Sequence[Any],
    ranges: Sequence[tuple[int, int]],
    at: int,
    parts: int = _HUNDREDTHS,
) -> dict[Any, Any]:
    """Draw a point of one of the ranges, in fractions of which no kink is one; with primes also near 0."""
    which = at % (len(ranges) + (parts == _PRIME))
    if which == len(ranges):
        return {name: _fraction(draw, -1, 1, parts) / 10 ** draw.randrange(1, _SMALL) for name in names}
    return {name: _fraction(draw, *ranges[which], parts) for name in names}


def _beside(every: Iterable[Any], names: Sequence[Any], draw: random.Random) -> Iterator[Point]:
    """Give points on either side of the zeros of formulas: kinks, and where a root begins to be real."""
    for kink in list(dict.fromkeys(every))[:_MOST_KINKS]:
        point = _drawn(draw, names, _SIMPLE, 0)
        for name in (name for name in names if kink.has(name)):
            along = kink.xreplace({other: point[other] for other in names if other != name})
            zeros = list(_zeros(along, name))
            for zero in zeros:
                for far in (*_BESIDE, zero / 16):
                    yield from ({**point, name: zero + sign * far} for sign in (1, -1) if far)
            if zeros:
                break


#: Where a kink is looked for, on either side of 0, and how near.
_GRID = (
    0,
    *(
        sympy.Rational(part) / 1000
        for part in (1, 100, 1000, 3000, 10**4, 30_000, 10**5, 10**6, 10**7, 10**9)
    ),
)
_HALVINGS = 24


def _zeros(along: Any, name: Any) -> Iterator[Any]:
    """Give where a formula of one name changes its sign: that of a straight one exactly."""
    slope = sympy.diff(along, name)
    if slope.is_Rational and slope != 0:
        yield -along.xreplace({name: sympy.S.Zero}) / slope
        return

    def sign(at: Any) -> int | None:
        found = evaluated(along, {name: at})
        return None if found is None else found.sign

    grid = [*(-at for at in reversed(_GRID[1:])), *_GRID]
    signs = [*map(sign, grid)]
    for low, high, one, other in zip(grid, grid[1:], signs, signs[1:], strict=False):
        if one is None or other is None or one == other:
            continue
        below, above = low, high
        for _ in range(_HALVINGS):
            middle = (below + above) / 2
            below, above = (middle, above) if sign(middle) == one else (below, middle)
        yield above


def _fraction(draw: random.Random, low: int, high: int, parts: int) -> Any:
    """Draw a fraction that is not a simple one: no kink lies there."""
    drawn = draw.randrange(parts * low + 1, parts * high)
    return sympy.Rational(drawn + (drawn % 5 == 0), parts)


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
    if difference.has(sympy.Float):  # numbers that are rounded are equal where they are the same
        return all(sympy.expand(case) == 0 for case in sides(difference))
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

"""Formulas on either side of their kinks: |x| is x or −x, a maximum one or the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import sympy
from sympy.core.relational import Relational

__all__ = ["kinks", "sides"]

#: So many places at which a formula changes are taken apart.
_MOST = 4
#: What is computed to 20 digits, and is smaller than this, is 0.
_NOTHING = 1e-15
#: The sign of a formula; ``None`` where it is not known.
_Sign: TypeAlias = Callable[[Any], int | None]


def sides(formula: Any) -> Iterator[Any]:
    """Give what a formula is on either side of each of its kinks; one without kinks as it is.

    At a kink itself, which is a choice, nothing is said.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> list(sides(sympy.Max(x, 0) + sympy.Abs(x)))
    [2*x, -x]
    """
    every = kinks(formula)
    changing = [kink for kink in every if not _vanishes(kink)]
    if len(changing) > _MOST:
        yield formula
        return
    ties = dict.fromkeys(every, 0)
    for signs in itertools.product((1, -1), repeat=len(changing)):
        known = {**ties, **dict(zip(changing, signs, strict=True))}
        yield formula.replace(
            lambda part: isinstance(part, tuple(_TAKEN)), lambda part, known=known: _taken(part, known)
        )


def _vanishes(kink: Any) -> bool:
    """Say whether a formula is 0 wherever it is tried: both sides are equal everywhere, not at a kink."""
    names = sorted(kink.free_symbols, key=str)
    values = [
        kink.xreplace({name: sympy.Rational(7 * place + at, 10) for place, name in enumerate(names, 1)})
        for at in (-43, -16, 2, 25)
    ]
    return all(abs(value.evalf(20, maxn=60)) < _NOTHING for value in values)


def kinks(formula: Any) -> list[Any]:
    """Give the formulas at whose zeros a formula changes.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> kinks(sympy.Max(x, 7))
    [x - 7]
    """
    found = [part.args[0] for part in formula.atoms(sympy.Abs, sympy.sign, sympy.Heaviside)]
    for part in formula.atoms(sympy.Max, sympy.Min):
        found += [one - other for one, other in itertools.combinations(part.args, 2)]
    found += [part.lhs - part.rhs for part in formula.atoms(Relational)]
    different: list[Any] = []
    for part in map(sympy.expand, found):
        one = -part if part.could_extract_minus_sign() else part
        if one not in different and one.free_symbols:
            different.append(one)
    return different


def _taken(part: Any, known: Mapping[Any, int]) -> Any:
    """Give what a part is where the kinks have these signs; as it is, where that does not say."""

    def sign(formula: Any) -> int | None:
        expanded = sympy.expand(formula)
        if expanded.is_number:
            return int(sympy.sign(expanded))
        opposite = known.get(sympy.expand(-expanded))
        return known.get(expanded, None if opposite is None else -opposite)

    taken = next(take for kind, take in _TAKEN.items() if isinstance(part, kind))
    return taken(part, sign)


def _absolute(part: Any, sign: _Sign) -> Any:
    side = sign(part.args[0])
    return part if side is None else side * part.args[0]


def _sign(part: Any, sign: _Sign) -> Any:
    side = sign(part.args[0])
    return part if side is None else sympy.Integer(side)


def _step(part: Any, sign: _Sign) -> Any:
    side = sign(part.args[0])
    return part if side is None else sympy.Rational(side + 1, 2)


def _extreme(part: Any, sign: _Sign) -> Any:
    better = 1 if isinstance(part, sympy.Max) else -1
    for one in part.args:
        if all(other is one or sign(one - other) in (better, 0) for other in part.args):
            return one
    return part


def _equation(part: Any, sign: _Sign) -> Any:
    side = sign(part.lhs - part.rhs)
    return part if side is None else sympy.sympify(isinstance(part, sympy.Ne) == bool(side))


def _order(part: Any, sign: _Sign) -> Any:
    side = sign(part.lhs - part.rhs)
    return part if side is None else part.func(sympy.Integer(side), 0)


_TAKEN: dict[Any, Callable[[Any, _Sign], Any]] = {
    sympy.Abs: _absolute,
    sympy.sign: _sign,
    sympy.Heaviside: _step,
    sympy.Max: _extreme,
    sympy.Min: _extreme,
    sympy.Eq: _equation,
    sympy.Ne: _equation,
    Relational: _order,
}

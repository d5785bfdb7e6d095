"""Formulas onto a tape: what was derived can be derived again, by the same rules."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy

from backproof.graphs.deriving.cases import choices, in_cases
from backproof.graphs.functions import COMPARISONS, function
from backproof.graphs.symbols import NotSymbolic
from backproof.graphs.tape import Tape
from backproof.ops import CATALOGUE

__all__ = ["taped"]


def taped(formula: Any, name: str) -> tuple[Tape, int]:
    """Write a formula on a tape, with a name for what it gives; its symbols are the inputs.

    Raises
    ------
    NotSymbolic
        If there is something in it that is no op.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> tape, output = taped(sympy.exp(-x) / 2, "f")
    >>> [op.name for op in tape.ops if op], tape.names[output]
    (['negative', 'exp', 'divide'], 'f')
    """
    writer = _Writer()
    place = writer.place(formula)
    if writer.tape.ops[place] is None:
        place = writer.apply("add", place, writer.constant(0))
    writer.tape.names[place] = name
    return writer.tape, place


class _Writer:
    """Writes each part once."""

    def __init__(self) -> None:
        self.tape = Tape()
        self._places: dict[Any, int] = {}

    def place(self, part: Any) -> int:
        if part not in self._places:
            self._places[part] = self._written(part)
        return self._places[part]

    def apply(self, name: str, *parents: int) -> int:
        return self.tape.apply(CATALOGUE[name], parents)

    def constant(self, value: Any) -> int:
        return self.tape.constant(np.float64(value))

    def _written(self, part: Any) -> int:
        if part.is_Symbol:
            return self.tape.variable(part.name)
        if part.is_number and not part.args:
            return self.constant(part)
        kinds: dict[type, Callable[[Any], int]] = {
            sympy.Add: self._sum,
            sympy.Mul: self._product,
            sympy.Pow: self._power,
            sympy.Piecewise: self._cases,
            sympy.sign: lambda each: self.place(in_cases(each)),
            sympy.Max: lambda each: self._folded("maximum", each),
            sympy.Min: lambda each: self._folded("minimum", each),
        }
        return kinds.get(type(part), self._call)(part)

    def _sum(self, part: Any) -> int:
        first, *others = sorted(part.as_ordered_terms(), key=lambda each: each.could_extract_minus_sign())
        place = self.place(first)
        for other in others:
            if other.could_extract_minus_sign():
                place = self.apply("subtract", place, self.place(-other))
            else:
                place = self.apply("add", place, self.place(other))
        return place

    def _product(self, part: Any) -> int:
        if part.could_extract_minus_sign():
            return self.apply("negative", self.place(-part))
        over, under = _fraction(part)
        if under != 1:
            return self.apply("divide", self.place(over), self.place(under))
        first, *others = part.as_ordered_factors()
        place = self.place(first)
        for other in others:
            place = self.apply("multiply", place, self.place(other))
        return place

    def _power(self, part: Any) -> int:
        if part.exp == sympy.S.Half:
            return self.apply("sqrt", self.place(part.base))
        if part.exp.could_extract_minus_sign():
            return self.apply("divide", self.constant(1), self.place(1 / part))
        return self.apply("power", self.place(part.base), self.place(part.exp))

    def _folded(self, name: str, part: Any) -> int:
        return functools.reduce(lambda one, other: self.apply(name, one, other), map(self.place, part.args))

    def _cases(self, part: Any) -> int:
        if part.args[-1].cond != sympy.true:
            raise NotSymbolic(f"expected cases of which one holds; got {part}")
        return choices(part, self.place, self._choice)

    def _choice(self, by: Any, one: int, other: int) -> int:
        compare = COMPARISONS.get(getattr(by, "rel_op", ""))
        if compare is None:
            raise NotSymbolic(f"expected cases of one being less than another; got one of {by}")
        condition = self.tape.apply(compare, (self.place(by.lhs), self.place(by.rhs)))
        return self.apply("where", condition, one, other)

    def _call(self, part: Any) -> int:
        name = type(part).__name__
        op = function(name)
        if op is None or not op.elementwise or len(part.args) > len(op.arguments):
            raise NotSymbolic(f"expected a formula of ops, to derive it once more; got one with {name}")
        return self.tape.apply(op, tuple(map(self.place, part.args)))


def _fraction(part: Any) -> tuple[Any, Any]:
    """Take a product apart into what stands above and below the line; exponentials stay above."""
    above, below = [], []
    for factor in part.args:
        if factor.is_Rational and factor.q != 1:
            above.append(sympy.Integer(factor.p))
            below.append(sympy.Integer(factor.q))
        elif factor.is_Pow and factor.exp.could_extract_minus_sign():
            below.append(1 / factor)
        else:
            above.append(factor)
    return sympy.Mul(*above), sympy.Mul(*below)

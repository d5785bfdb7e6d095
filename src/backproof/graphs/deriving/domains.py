"""The numbers that the arguments of ops are made for, as numbers and as conditions on formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy

from backproof.graphs.deriving.equality import is_limited
from backproof.graphs.deriving.precise import evaluated
from backproof.graphs.tape import Tape
from backproof.ops.domain import Domain
from backproof.ops.op import Op

__all__ = ["conditions", "drawn", "inside", "unguarded"]

#: What makes a number of a domain of any number; of the others any is one.
_OF_ANY: dict[Domain, Callable[[Any], Any]] = {
    "positive": np.exp,
    "unit": np.tanh,
    "probability": lambda x: 1 / (1 + np.exp(-x)),
    "log probability": lambda x: -np.exp(x),
    "binary": lambda x: 1 / (1 + np.exp(-x)),
    "sign": np.sign,
    "mask": lambda x: x > 0,
}
_INSIDE: dict[Domain, Callable[[Any], Any]] = {
    "positive": lambda x: x > 0,
    "probability": lambda x: (x > 0) & (x < 1),
    "binary": lambda x: (x >= 0) & (x <= 1),
    "log probability": lambda x: x <= 0,
}
#: What is real only in a domain.
_REAL_IN: dict[Domain, Callable[[Any], Sequence[Any]]] = {
    "positive": lambda x: [sympy.log(x)],
    "probability": lambda x: [sympy.log(x), sympy.log(1 - x)],
    "binary": lambda x: [sympy.log(x), sympy.log(1 - x)],
    "log probability": lambda x: [sympy.log(-x)],
}


def drawn(op: Op, count: int) -> list[Any]:
    """Draw numbers for the arguments, each of its domain; the last ones are equal where they may be."""
    draw = np.random.default_rng(0)
    numbers = [draw.normal(scale=2, size=8) for _ in range(count)]
    for each in numbers[1:]:
        each[-1] = numbers[0][-1]
    return [
        _OF_ANY.get(argument.domain, lambda x: x)(each)
        for argument, each in zip(op.arguments.values(), numbers, strict=False)
    ]


def conditions(tape: Tape, places: Iterable[int], found: Mapping[int, Any]) -> list[Any]:
    """Give formulas that are real numbers only where nodes are: roots, and what losses and layers are for.

    ``found`` are the formulas of the nodes.

    Examples
    --------
    >>> from backproof.graphs.reading import read
    >>> tape = read("bce_loss(p, t)").tape
    >>> conditions(tape, [2], dict(enumerate(sympy.symbols("p t"))))
    [log(p), log(1 - p), log(t), log(1 - t)]
    """
    conditions: list[Any] = []
    for place in places:
        op = tape.ops[place]
        conditions += filter(is_limited, np.asarray(found.get(place), dtype=object).flat)
        if op is not None:
            for formulas, domain in _limited(op, [found[parent] for parent in tape.parents[place]]):
                for part in np.asarray(formulas, dtype=object).flat:
                    conditions += _REAL_IN[domain](sympy.sympify(part))
    return list(dict.fromkeys(conditions))


def inside(op: Op, inputs: Sequence[Any]) -> bool:
    """Say whether a loss, an activation or a layer is given numbers that it is for.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> inside(CATALOGUE["BCELoss"], [0.5, 1.0]), inside(CATALOGUE["BCELoss"], [-0.5, 1.0])
    (True, False)
    """
    return all(np.all(_INSIDE[domain](np.asarray(value))) for value, domain in _limited(op, inputs))


def _limited(op: Op, inputs: Sequence[Any]) -> Iterator[tuple[Any, Domain]]:
    """Give the inputs that are limited. Arithmetic goes on outside of the numbers that are drawn for it."""
    if op.kind != "elementary":
        for argument, given in zip(op.arguments.values(), inputs, strict=False):
            if given is not None and argument.domain in _INSIDE:
                yield given, argument.domain


#: So many points, from near 0 to far; those that are between 0 and 1 stay so far away from both.
_POINTS, _FAR, _BESIDE = 48, (-3.0, 8.0), 20.0
#: What differs by no more than this share does not show in float32, and what is smaller than that not at all.
_SHOWN, _NOTHING = 1e-8, 1e-100
#: A point, and what was computed there.
_Point: TypeAlias = tuple[dict[Any, Any], dict[Any, Any]]


def unguarded(op: Op, formula: Any, inputs: Sequence[Any], known: Mapping[Any, Any] | None = None) -> Any:
    """Leave out of an op's formula what only keeps it finite: no number of its domain shows it.

    A softplus is x where log(1 + eˣ) cannot be told from it, and the logarithm of a probability is not taken
    of 0. A kink that is one shows.
    """
    kept: set[Any] = set()
    points: list[_Point] = []
    while guards := formula.atoms(sympy.Piecewise, sympy.Max, sympy.Min) - kept:
        points = points or [({**point, **(known or {})}, {}) for point in _far(op, inputs)]
        guard = min(guards, key=lambda part: (sympy.count_ops(part), str(part)))
        sides = [one.expr if isinstance(guard, sympy.Piecewise) else one for one in guard.args]
        without = (formula.xreplace({guard: side}) for side in sides)
        less = next((one for one in without if _is_same(formula, one, points)), None)
        kept |= {guard} if less is None else set()
        formula = formula if less is None else less
    return formula


def _far(op: Op, inputs: Sequence[Any]) -> Iterator[dict[Any, Any]]:
    draw = np.random.default_rng(1)
    domains = [argument.domain for argument in op.arguments.values()]
    for _ in range(_POINTS):
        size = 10 ** draw.uniform(*_FAR)
        point = {}
        for name, domain in zip(inputs, domains, strict=False):
            value = draw.choice([-1, 1]) * size * 10 ** draw.uniform(-1, 1)
            if domain in _OF_ANY:
                value = _OF_ANY[domain](_BESIDE * np.tanh(value / _BESIDE))
            point[name] = bool(value) if domain == "mask" else sympy.Rational(float(value))
        yield point


def _is_same(one: Any, other: Any, points: Iterable[_Point]) -> bool:
    """Say whether two formulas are equal at points, where the one is real."""
    for point, known in points:
        before = evaluated(one, point, known)
        after = before and evaluated(other, point, known)
        if before is not None and (after is None or not _is_near(before.value, after.value)):
            return False
    return True


def _is_near(one: Any, other: Any) -> bool:
    return bool(abs(one - other) <= _SHOWN * (abs(one) + abs(other)) + _NOTHING)

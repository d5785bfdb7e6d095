"""Symbols in the place of numbers: ops and their gradient rules, run on SymPy's expressions.

A rule is written against a namespace of arrays. Given this one it says as a formula what it says as
numbers: nothing is derived a second time.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

from backproof.graphs.deriving.cases import compared
from backproof.graphs.deriving.domains import drawn, unguarded
from backproof.graphs.deriving.meant import exactly, meaning, number
from backproof.graphs.inputs.composed import COMPOSED
from backproof.ops.op import Op

__all__ = ["SPACE", "NotSymbolic", "forward", "local", "number", "real"]


class NotSymbolic(ValueError):
    """An op that has no formula for single numbers: it adds along axes, looks up, or draws."""


def real(name: str) -> sympy.Symbol:
    """Make a symbol for a real number."""
    return sympy.Symbol(name, real=True)


def forward(
    op: Op, inputs: Sequence[sympy.Expr], options: Mapping[str, object], *, guarded: bool = False
) -> sympy.Expr:
    """Give what an op computes, as a formula of its inputs; what only keeps it finite as well if ``guarded``.

    Raises
    ------
    NotSymbolic
        If it is no op of single numbers, or makes a number too large to be written out.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> forward(CATALOGUE["Sigmoid"], [real("x")], {})
    1/(1 + exp(-x))
    """
    _require(op, inputs)
    formula, places = _template(op, None, len(inputs), tuple(sorted(options.items())), guarded=guarded)
    return _put(op, formula, dict(zip(places, inputs, strict=False)))


def local(
    op: Op, argument: str, inputs: Sequence[sympy.Expr], output: sympy.Expr, options: Mapping[str, object]
) -> sympy.Expr:
    """Give the derivative of an op for one of its arguments, as a formula of its inputs and its output.

    Raises
    ------
    NotSymbolic
        If it is no op of single numbers, or has no gradient rule for the argument.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> local(CATALOGUE["tanh"], "input", [real("x")], real("y"), {})
    1 - y**2
    """
    _require(op, inputs)
    if argument not in op.rules:
        raise NotSymbolic(f"{op.name} has no gradient rule for {argument}")
    formula, places = _template(op, argument, len(inputs), tuple(sorted(options.items())))
    return _put(op, formula, dict(zip(places, [*inputs, output], strict=True)))


class _Key:
    """An op as a key: it is itself and no other."""

    __slots__ = ("op",)

    def __init__(self, op: Op) -> None:
        self.op = op

    def __hash__(self) -> int:
        return id(self.op)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.op is self.op


def _template(
    op: Op,
    argument: str | None,
    count: int,
    options: tuple[tuple[str, object], ...],
    *,
    guarded: bool = False,
) -> tuple[sympy.Expr, list[sympy.Symbol]]:
    """Give the formula of an op, or of its rule for an argument, and the symbols that stand in it."""
    try:
        return _made(_Key(op), argument, count, options, guarded)
    except TypeError as error:  # an option that cannot be a key
        raise NotSymbolic(f"{op.name} has no formula: {error}") from None


@functools.lru_cache(maxsize=512)
def _made(
    key: _Key, argument: str | None, count: int, options: tuple[tuple[str, object], ...], guarded: bool
) -> tuple[sympy.Expr, list[sympy.Symbol]]:
    op = key.op
    known = {**op.options, **dict(options)}
    known.pop("reduction", None)
    meant = exactly(known)
    inputs = [sympy.Dummy(name, real=True) for name in list(op.arguments)[:count]]
    absent = [None] * (len(op.arguments) - count)
    numbers = drawn(op, count)
    with np.errstate(all="ignore"):
        values = op.forward(np, *numbers, **known)
    if argument is None:
        formula = _run(op, op.forward, inputs, meant)
        formula = _united(formula if guarded else unguarded(op, formula, inputs))
        _require_true(op, formula, dict(zip(inputs, numbers, strict=True)), values)
        return formula, inputs
    output, rule = sympy.Dummy("output", real=True), op.rules[argument]
    formula = _run(op, rule, [sympy.Integer(1), *inputs, *absent, output], meant)
    whole, places = _made(key, None, count, options, guarded)
    there = whole.xreplace(dict(zip(places, inputs, strict=True)))
    formula = _united(unguarded(op, formula, inputs, {output: there}))
    at = {**dict(zip(inputs, numbers, strict=True)), output: values}
    with np.errstate(all="ignore"):
        slopes = rule(np, np.ones_like(values), *numbers, *absent, values, **known)
    if count == _BOTH and not _is_true(formula, at, slopes):
        same = [inputs[0]] * _BOTH
        tie = _united(_run(op, rule, [sympy.Integer(1), *same, *absent, output], meant))
        formula = _tied(formula, inputs, tie)
    _require_true(op, formula, at, slopes)
    return formula, [*inputs, output]


#: Of two inputs one may be the larger, or they are equal.
_BOTH = 2


def _tied(formula: sympy.Expr, both: Sequence[sympy.Symbol], tie: sympy.Expr) -> sympy.Expr:
    """Give a formula its own value where both are equal, which a rule asks for with ``==``."""
    one, other = both

    def where(numbers: tuple[int, int]) -> sympy.Expr:
        at = dict(zip(both, map(sympy.Integer, numbers), strict=True))
        asked = [part for part in formula.atoms(Relational) if part.free_symbols == set(both)]
        return formula.xreplace({part: part.xreplace(at) for part in asked})

    return sympy.Piecewise((where((0, 1)), one < other), (tie, one <= other), (where((1, 0)), True))


def _require_true(op: Op, formula: Any, at: Mapping[Any, Any], numbers: Any) -> None:
    """Refuse a formula that has not the numbers of the op: it asks whether an input equals something."""
    if not _is_true(formula, at, numbers):
        raise NotSymbolic(f"{op.name} has no formula of real numbers: it distinguishes some of them")


def _is_true(formula: Any, at: Mapping[Any, Any], numbers: Any) -> bool:
    for place, number_there in enumerate(np.broadcast_to(numbers, (8,))):
        if np.isnan(number_there):  # it is for other numbers: a logarithm, by an option
            continue
        point = {name: _number_of(value[place]) for name, value in at.items()}
        found = formula.subs(point)
        found = sympy.Integer(found == sympy.true) if isinstance(found, BooleanAtom) else found
        if not found.is_number or abs(float(found) - number_there) > 1e-9 * (1 + abs(number_there)):
            return False
    return True


def _number_of(value: Any) -> Any:
    return (
        sympy.true if value is np.True_ else sympy.false if value is np.False_ else sympy.Float(float(value))
    )


#: A number with more bits than this is written out by nobody; to compute with it takes for ever.
_BITS = 50_000


def _put(op: Op, template: sympy.Expr, given: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    """Put formulas in the places of a template, and refuse what then has no value anywhere."""
    formula = template.xreplace(given)
    if any(part.is_number for part in given.values()) and formula.has(sympy.zoo, sympy.nan):
        raise NotSymbolic(
            f"{op.name} of {', '.join(map(str, given.values()))} has no value: there is a division by 0, "
            "or a logarithm of it"
        )
    return compared(formula) if template.has(Relational) else formula


def _require(op: Op, inputs: Sequence[sympy.Expr]) -> None:
    if not op.elementwise or op.outputs[1:]:
        raise NotSymbolic(f"{op.name} does not go element by element: it has no formula for single numbers")
    if any(given is None for given in inputs):
        raise NotSymbolic(f"{op.name} has no formula where an argument between others is left out")
    bits = max((_bits(given) for given in inputs), default=0)
    if op.name == "power" and len(inputs) == 2 and inputs[1].is_number:
        bits *= int(min(abs(float(inputs[1])), _BITS)) + 1
    if bits > _BITS:
        raise NotSymbolic(f"a number of more than {_BITS} bits is not written out; got {op.name} of one")


def _bits(formula: sympy.Expr) -> int:
    return max((int(max(abs(n.p), n.q)).bit_length() for n in formula.atoms(sympy.Rational)), default=1)


def _run(op: Op, function: Callable[..., Any], roles: Sequence[Any], options: Mapping[str, object]) -> Any:
    try:
        with meaning():
            return sympy.sympify(function(SPACE, *roles, **options))
    except (AttributeError, TypeError, ValueError, sympy.SympifyError) as error:
        raise NotSymbolic(f"{op.name} has no formula: what it does depends on its numbers") from error


#: What an op uses to stay finite on either side of 0, and what it is there is written with.
_SIDED = (sympy.Piecewise, sympy.Max, sympy.Min, sympy.Abs)
_MOST = 3


def _united(formula: sympy.Expr) -> sympy.Expr:
    """Make one formula of several that are the same function, written so as to stay finite on either side."""
    if isinstance(formula, sympy.Piecewise):
        return sympy.Piecewise(*((_united(part), condition) for part, condition in formula.args))
    if not formula.has(*_SIDED):
        return formula
    names = sorted(formula.free_symbols, key=str)
    if len(names) > _MOST:
        return formula
    try:
        sides = [formula.subs(side).subs({v: k for k, v in side.items()}) for side in _sides(names)]
    except ValueError:  # it is defined on one side only
        return formula
    shortest = min(sides, key=sympy.count_ops)
    same = not shortest.has(*_SIDED) and all(sympy.simplify(shortest - side) == 0 for side in sides)
    return shortest if same else formula


def _sides(names: Sequence[sympy.Symbol]) -> Iterator[dict[sympy.Symbol, sympy.Symbol]]:
    """Give the symbols as positive ones and as negative ones, in every combination."""
    for signs in itertools.product(("positive", "negative"), repeat=len(names)):
        yield {name: sympy.Dummy(str(name), **{sign: True}) for name, sign in zip(names, signs, strict=True)}


def _each(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of formulas one of arrays of them, too."""

    def of_each(*inputs: Any) -> Any:
        if not any(isinstance(given, np.ndarray) for given in inputs):
            return function(*inputs)
        return np.frompyfunc(function, len(inputs), 1)(*inputs)

    return of_each


def _where(condition: Any, one: Any, other: Any) -> Any:
    if condition in (True, sympy.true):
        return one
    if condition in (False, sympy.false):
        return other
    return sympy.Piecewise((one, condition), (other, True))


def _is_formula(given: Any) -> bool:
    return isinstance(given, sympy.Basic) or getattr(given, "dtype", None) == np.dtype(object)


class _Special:
    """What the array API lacks."""

    erfc = staticmethod(_each(sympy.erfc))


class _Space:
    """The part of the array API that rules are written with, on SymPy's expressions and on arrays of them."""

    __name__ = "symbols"
    special = _Special()
    pi = sympy.pi

    def __getattr__(self, name: str) -> Any:
        if name in _OF_EACH:
            return _OF_EACH[name]
        if name in _OF_ARRAYS:
            return getattr(np, name)
        if name in _OF_OTHERS:
            return functools.partial(COMPOSED[name], lambda function, *each: _OF_EACH[function](*each))
        raise AttributeError(f"{name} of the array API has no formula")

    def zeros_like(self, x: Any) -> Any:
        return np.full(x.shape, sympy.S.Zero) if isinstance(x, np.ndarray) else sympy.S.Zero

    def ones_like(self, x: Any, dtype: Any = None) -> Any:
        return np.full(x.shape, sympy.S.One) if isinstance(x, np.ndarray) else sympy.S.One

    def zeros(self, shape: Any, dtype: Any = None, device: Any = None) -> Any:
        return np.full(shape, sympy.S.Zero)

    def asarray(self, x: Any, **how: Any) -> Any:
        return x if isinstance(x, np.ndarray) else sympy.sympify(x)

    def astype(self, x: Any, dtype: Any, *, copy: bool = True) -> Any:
        return x if dtype == np.dtype(object) else x.astype(dtype, copy=copy)

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        return kind == "real floating" if dtype == np.dtype(object) else bool(np.isdtype(dtype, kind))

    def sum(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return np.asarray(
            np.sum(x, axis=axis, keepdims=keepdims), dtype=object
        )  # one number has a shape, too

    def max(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        moved = np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis]) if axis is not None else x.reshape(1, -1)
        largest = np.array([sympy.Max(*row) for row in moved], dtype=object)
        return largest.reshape(np.sum(np.zeros(x.shape), axis=axis, keepdims=keepdims).shape)


_OF_EACH: dict[str, Any] = {
    **{name: _each(getattr(sympy, name)) for name in ("exp", "log", "sqrt", "sign", "sinh", "cosh", "tanh")},
    **{name: _each(getattr(sympy, name)) for name in ("sin", "cos", "tan", "asin", "acos", "atan")},
    "abs": _each(sympy.Abs),
    "maximum": _each(sympy.Max),
    "minimum": _each(sympy.Min),
    "expm1": _each(lambda x: sympy.exp(x) - 1),
    "log1p": _each(lambda x: sympy.log(1 + x)),
    "where": lambda *each: (_each(_where) if any(map(_is_formula, each)) else np.where)(*each),
    "isnan": _each(lambda x: sympy.false),
    "isinf": _each(lambda x: sympy.false),
    "isfinite": _each(lambda x: sympy.true),
    "logical_not": _each(sympy.Not),
}
#: What is put together from them.
_OF_OTHERS = ("clip", "hypot", "square")
#: What is a part or a sum of the elements: NumPy does it with any object.
_OF_ARRAYS = {
    *("mean", "reshape", "permute_dims", "matrix_transpose", "moveaxis", "expand_dims", "squeeze"),
    *("broadcast_to", "take", "take_along_axis", "concat", "stack", "matmul", "tensordot", "arange", "int64"),
    *("float32", "float64", "bool", "ones", "full", "tril"),
}

SPACE = _Space()

"""What a function is called with where the user's own code calls it: which of its arguments are numbers."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

__all__ = ["numbers_given"]

#: What names stand for, as far as it is a number, a truth value, a text or nothing.
Known: TypeAlias = Mapping[str, object]
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: lambda base, exponent: operator.pow(float(base), exponent),  # of whole numbers it has no bound
}


class _Unknown(Exception):
    """What an expression gives is not known before it runs."""


def numbers_given(bodies: Iterable[Iterable[ast.stmt]], name: str) -> dict[int, object]:
    """Give the arguments that every call ``name.apply(…)`` gives a number for, by their places, with one.

    Examples
    --------
    >>> code = '''
    ... class Norm(Module):
    ...     def __init__(self, size, eps=1e-6):
    ...         self.weight, self.eps = Parameter(ones(size)), eps
    ...     def forward(self, x):
    ...         return F.apply(x, self.weight, self.eps)
    ... '''
    >>> numbers_given([ast.parse(code).body], "F")
    {2: 1e-06}
    """
    found: list[dict[int, object]] = []
    for body in bodies:
        statements = list(body)
        outside = dict(_assigned(statements, {}, ast.Name))
        for node in statements:
            found += _calls_in(node, name, outside)
    if not found:
        return {}
    return {place: value for place, value in found[0].items() if all(place in call for call in found)}


def _calls_in(node: ast.stmt, name: str, outside: Known) -> Iterator[dict[int, object]]:
    """Give what each call in a statement is given that is known."""
    kept: dict[str, object] = {}
    if isinstance(node, ast.ClassDef):
        methods = [one for one in node.body if isinstance(one, _Function)]
        for made in (one for one in methods if one.name == "__init__"):
            own = {**outside, **_defaults(made, outside)}
            kept = {f"self.{key}": value for key, value in _assigned(ast.walk(made), own, ast.Attribute)}
        functions: list[_Function] = methods
    else:
        functions = [one for one in ast.walk(node) if isinstance(one, _Function)]
    for function in functions:
        known = {**outside, **kept, **_defaults(function, outside)}
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and _names_apply(call.func, name):
                yield dict(_known_places(call.args, known))


def _names_apply(called: ast.expr, name: str) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and called.attr == "apply"
        and isinstance(called.value, ast.Name)
        and called.value.id == name
    )


def _known_places(arguments: Iterable[ast.expr], known: Known) -> Iterator[tuple[int, object]]:
    for place, argument in enumerate(arguments):
        if isinstance(argument, ast.Starred):
            return
        try:
            yield place, _value(argument, known)
        except _Unknown:
            continue


def _defaults(function: _Function, known: Known) -> dict[str, object]:
    """Give the arguments of a function that have a default, with it; the others hide what is outside."""
    every = [*function.args.posonlyargs, *function.args.args]
    filled = list(zip(reversed(every), reversed(function.args.defaults), strict=False))
    filled += [(a, d) for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d]
    found: dict[str, object] = {a.arg: _Unknown for a in (*every, *function.args.kwonlyargs)}
    for argument, default in filled:
        try:
            found[argument.arg] = _value(default, known)
        except _Unknown:
            continue
    return found


def _assigned(
    nodes: Iterable[ast.AST], known: Known, kind: type[ast.Name | ast.Attribute]
) -> Iterator[tuple[str, object]]:
    """Give the names, or the attributes, that are assigned what is known."""
    for node in nodes:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        targets, values = [node.targets[0]], [node.value]
        if isinstance(targets[0], ast.Tuple) and isinstance(values[0], ast.Tuple):
            targets, values = targets[0].elts, values[0].elts
        for target, value in zip(targets, values, strict=False):
            if isinstance(target, kind):
                try:
                    yield (
                        target.attr if isinstance(target, ast.Attribute) else target.id,
                        _value(value, known),
                    )
                except _Unknown:
                    continue


def _value(expression: ast.expr, known: Known) -> object:
    """Give what an expression is, where that is known.

    Raises
    ------
    _Unknown
        Where it is not.
    """
    match expression:
        case ast.Constant(value=value) if value is None or isinstance(value, bool | int | float | str):
            return value
        case ast.Name(id=name) if known.get(name, _Unknown) is not _Unknown:
            return known[name]
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if f"self.{name}" in known:
            return known[f"self.{name}"]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, known)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _combined(_OPERATORS[type(op)], _number(left, known), _number(right, known))
        case ast.Call(func=ast.Name(id="int" | "float"), args=[argument]):
            return _number(argument, known)
    raise _Unknown


def _number(expression: ast.expr, known: Known) -> float:
    value = _value(expression, known)
    if isinstance(value, int | float):
        return value
    raise _Unknown


def _combined(function: Callable[[Any, Any], Any], left: float, right: float) -> float:
    try:
        found = float(function(left, right))
    except (ArithmeticError, ValueError, TypeError):
        raise _Unknown from None
    whole = isinstance(left, int) and isinstance(right, int) and found.is_integer()
    return int(found) if whole else found

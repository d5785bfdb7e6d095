"""The derivatives of a graph's output as SymPy finds them, made in its process from the ops of the tape."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from backproof.graphs.deriving.elements import constants, symbols, values
from backproof.graphs.deriving.precise import evaluated
from backproof.graphs.functions import OWN, key, keyed
from backproof.graphs.symbols import NotSymbolic
from backproof.graphs.tape import Tape
from backproof.ops import CATALOGUE
from backproof.ops.op import Op

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["described", "slopes"]

_PLAIN = (bool, int, float, str, type(None))


def described(graph: Graph) -> list[Any]:
    """Write a graph in lists and numbers: for each place its op, parents and options, or its name or value.

    Raises
    ------
    NotSymbolic
        If it computes something that the catalogue has no op for.
    """
    tape, used = graph.tape, set(graph.tape.above([graph.outputs[-1]]))
    places: list[Any] = []
    for place in range(graph.outputs[-1] + 1):
        op = tape.ops[place]
        if place not in used:
            places.append(["constant", None])
        elif tape.is_input(place):
            places.append(["input", tape.names[place], _written(graph.values[place])])
        elif op is None:
            places.append(["constant", _written(tape.given[place])])
        else:
            options = {name: _written(value) for name, value in tape.options.get(place, {}).items()}
            places.append(["op", _key(op), list(tape.parents[place]), options])
    return places


def _key(op: Op) -> str:
    """Give the key of the op that computes the same, whatever its rules are: SymPy differentiates itself."""
    if op.forward not in _keys():
        raise NotSymbolic(f"{op.name} is no op of the catalogue")
    return _keys()[op.forward]


@functools.cache
def _keys() -> dict[Any, str]:
    known = [*OWN.values(), *CATALOGUE.values(), *(op.main for op in CATALOGUE.values())]
    return {op.forward: key(op) for op in known}


def slopes(places: list[Any], wanted: dict[str, Sequence[int]]) -> dict[str, list[float]]:
    """Give the derivatives of the output, summed, for elements of inputs by their numbers.

    Raises
    ------
    NotSymbolic
        If there is no formula.
    """
    tape, given = _tape(places)
    output = len(places) - 1
    above = tape.above([output])
    exact = tape.exact()
    known = {
        place: value if place in exact else symbols(tape.names[place], np.shape(value))
        for place, value in given.items()
    }
    found = values(tape, above, {**constants(tape, above), **known}, guarded=True)
    total = sympy.Add(*np.asarray(found[output], dtype=object).flat)
    elements = {
        name: np.ravel(np.asarray(known[place], dtype=object))
        for place, name in tape.names.items()
        if place in known
    }
    at = {
        symbol: sympy.Rational(float(number))
        for place, value in given.items()
        if place not in exact
        for symbol, number in zip(elements[tape.names[place]], np.ravel(value), strict=True)
    }
    return {
        name: [_number(sympy.diff(total, elements[name][which]), at) for which in chosen]
        for name, chosen in wanted.items()
    }


def _tape(places: list[Any]) -> tuple[Tape, dict[int, Any]]:
    tape, given = Tape(), {}
    for kind, *rest in places:
        if kind == "op":
            name, parents, options = rest
            tape.apply(keyed(name), tuple(parents), {each: _read(value) for each, value in options.items()})
        elif kind == "input":
            given[tape.variable(rest[0])] = _read(rest[1])
        else:
            tape.constant(_read(rest[0]))
    return tape, given


def _number(formula: Any, at: Mapping[Any, Any]) -> float:
    found = evaluated(formula, at)
    return np.nan if found is None else float(found.value) if found.sign else 0.0


def _written(value: Any) -> Any:
    """Write a value of an option, a number or an array; what is no plain word is a list with its kind."""
    if isinstance(value, np.ndarray | np.generic):
        return ["array", str(value.dtype), value.tolist()]
    if isinstance(value, slice):
        return ["slice", *map(_written, (value.start, value.stop, value.step))]
    if isinstance(value, tuple | list):
        return [type(value).__name__, *map(_written, value)]
    if isinstance(value, _PLAIN):
        return value
    raise NotSymbolic(f"{value!r} is no number and no word")


def _read(words: Any) -> Any:
    if not isinstance(words, list):
        return words
    kind, *parts = words
    if kind == "array":
        return np.array(parts[1], dtype=parts[0])[()]
    made = [*map(_read, parts)]
    return slice(*made) if kind == "slice" else tuple(made) if kind == "tuple" else made

"""The nodes of a graph as formulas of its inputs: single numbers, and the elements of small arrays.

The ops say what they compute, and their gradient rules what flows back, as they do with numbers; see
`backproof.graphs.symbols`.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy

from backproof.graphs.deriving import whole
from backproof.graphs.deriving.meant import literal
from backproof.graphs.symbols import SPACE, NotSymbolic, forward, local, number, real
from backproof.graphs.tape import Tape
from backproof.ops.op import Op

__all__ = ["Slope", "backward", "constant", "constants", "elements", "size", "symbols", "values"]

#: What gives another local derivative along an edge: it sees the place, the argument, and a function that
#: gives the right one (``None``), or that with the output for the input or the input for the output in it.
Slope: TypeAlias = Callable[[int, str, Callable[[str | None], Any]], Any]

#: Formulas with more parts than this are read by nobody.
_MOST_PARTS = 5_000
#: So many elements an array may have, each of which is a symbol.
_MOST_ELEMENTS = 64


def symbols(name: str, shape: tuple[int, ...]) -> Any:
    """Make the symbol of a number, or those of an array's elements, which no name of an input is.

    Raises
    ------
    NotSymbolic
        If there were too many.

    Examples
    --------
    >>> symbols("X", (1, 2))
    array([[X[0, 0], X[0, 1]]], dtype=object)
    """
    if np.prod(shape, dtype=int) > _MOST_ELEMENTS:
        raise NotSymbolic(
            f"formulas are made element by element of at most {_MOST_ELEMENTS} of them; got {name} of "
            f"shape={shape}"
        )
    if not shape:
        return real(name)
    found = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        found[place] = real(f"{name}[{', '.join(map(str, place))}]")
    return found


def constants(tape: Tape, places: Iterable[int]) -> dict[int, Any]:
    """Give the constants among some nodes, as exact numbers; indices and masks stay whole numbers.

    Raises
    ------
    NotSymbolic
        If one is unknown.
    """
    exact = tape.exact()
    found = {place: tape.given[place] for place in places if tape.is_constant(place)}
    for value in found.values():
        if value is not None and np.isnan(value).any():
            raise NotSymbolic(
                "a number in it is unknown: PyTorch did not keep it; make the graph of the function: "
                "graph(f, x=…)"
            )
    return {
        place: value if value is None else _whole(value) if place in exact else constant(tape, place)
        for place, value in found.items()
    }


def constant(tape: Tape, place: int) -> Any:
    """Give a constant exactly: as it is written in a text, or else as it is meant."""
    if place not in tape.literals:
        return elements(tape.given[place])
    if text := tape.literals[place]:
        return literal(text)
    return np.frompyfunc(lambda each: literal(repr(float(each))), 1, 1)(tape.given[place])


def _whole(value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind == "f" and np.array_equal(array, np.round(array)):
        return array.astype(np.int64)
    return elements(value)


def elements(value: Any) -> Any:
    """Give numbers as they are meant, exactly; indices and masks as they are."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return array
    return np.frompyfunc(number, 1, 1)(array)


def values(
    tape: Tape,
    places: Sequence[int],
    given: Mapping[int, Any],
    end: float = math.inf,
    *,
    guarded: bool = False,
) -> dict[int, Any]:
    """Give the formula of each node, or an array of formulas, from those of the inputs and constants.

    What only keeps an op finite is in them if they are to be ``guarded``.

    Raises
    ------
    NotSymbolic
        If an op has no formula, one becomes too large, or it takes until after ``end``, a time of
        `time.monotonic`.
    """
    found = dict(given)
    known: dict[Any, int] = {}
    for place in places:
        op = tape.ops[place]
        if place not in found and op is not None:
            inputs = [found[parent] for parent in tape.parents[place]]
            _require_time(end, op)
            found[place] = _output(op, inputs, tape.options.get(place, {}), guarded)
            _require_readable(found[place], op, known)
    return found


def backward(
    tape: Tape,
    found: Mapping[int, Any],
    output: int,
    wrt: int,
    slopes: Slope | None = None,
    upstream: Any = sympy.S.One,
) -> Any:
    """Give the gradient of a single number for a node, as formulas: the gradient rules, run backward.

    ``slopes`` puts others in the place of local derivatives of ops that go element by element: a mistake.
    ``upstream`` is the gradient of the output, of one with axes an array.

    Raises
    ------
    NotSymbolic
        If a rule has no formula, or the output has axes and the upstream gradient none.
    """
    if np.shape(found[output]) != np.shape(upstream):
        raise NotSymbolic(
            f"a gradient is that of one number; got one of shape={np.shape(found[output])}: "
            "sum it, multiplied by an upstream gradient, as in sum(G*Y)"
        )
    reaching = set(tape.between(wrt, output))
    gradients: dict[int, Any] = {output: upstream}
    known: dict[Any, int] = {}
    for place in sorted(reaching - {wrt}, reverse=True):
        op, above = tape.ops[place], gradients.get(place)
        if op is None or above is None:
            continue
        parents, options = tape.parents[place], tape.options.get(place, {})
        inputs = [found[parent] for parent in parents]
        for argument, parent in zip(op.arguments, parents, strict=False):
            if parent in reaching and argument in op.rules:
                twist = None if slopes is None else functools.partial(slopes, place, argument)
                gradient = _gradient(op, argument, above, inputs, options, twist)
                gradients[parent] = gradients[parent] + gradient if parent in gradients else gradient
                _require_readable(gradients[parent], op, known)
    shape = np.shape(found[wrt])
    if wrt not in gradients:
        return np.full(shape, sympy.S.Zero)[()]
    return gradients[wrt]


def size(formula: Any, known: dict[Any, int] | None = None) -> int:
    """Count the parts of a formula; of those that are ``known`` nothing is counted again.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> size(2 * x + sympy.exp(x))
    6
    """
    known = {} if known is None else known
    if formula not in known:
        known[formula] = 1 + sum(size(part, known) for part in getattr(formula, "args", ()))
    return known[formula]


def _require_time(end: float, op: Op) -> None:
    if time.monotonic() > end:
        raise NotSymbolic(f"the formulas take too long to write out: it was given up at {op.name}")


def _require_readable(formulas: Any, op: Op, known: dict[Any, int]) -> None:
    for formula in np.asarray(formulas, dtype=object).flat:
        if size(formula, known) > _MOST_PARTS:
            raise NotSymbolic(
                f"a formula of more than {_MOST_PARTS} parts is read by nobody; {op.name} makes one: "
                "derive for a step that is nearer to the output"
            )


def _each(function: Callable[..., Any], *given: Any) -> Any:
    """Apply a function of formulas to each element."""
    if not any(np.shape(one) for one in given):
        return function(*(one[()] if isinstance(one, np.ndarray) else one for one in given))
    return np.frompyfunc(function, len(given), 1)(*given)


def _reduces(op: Op, options: Mapping[str, object]) -> str:
    """Give how a loss is reduced, ``none`` for what is no loss."""
    how = str(options.get("reduction", op.options.get("reduction", "none")))
    if op.reduction is not None and op.counting(how) is not None:
        raise NotSymbolic(f"{op.name} with reduction={how!r} has no formula element by element")
    return how


def _output(op: Op, inputs: Sequence[Any], options: Mapping[str, object], guarded: bool) -> Any:
    if op.elementwise and not op.outputs[1:]:
        found = _each(lambda *each: forward(op, each, options, guarded=guarded), *inputs)
        how = _reduces(op, options)
        if how != "none" and np.shape(found) and op.reduction is not None:
            found = op.reduction.forward(SPACE, found, how)
        return found
    return whole.output(op, inputs, options)


def _gradient(
    op: Op,
    argument: str,
    upstream: Any,
    inputs: Sequence[Any],
    options: Mapping[str, object],
    twist: Callable[[Callable[[str | None], Any]], Any] | None,
) -> Any:
    place = list(op.arguments).index(argument)
    shape = np.shape(inputs[place])
    if not op.elementwise or op.outputs[1:]:
        return whole.gradient(op, argument, upstream, inputs, options)
    values = _each(lambda *each: forward(op, each, options), *inputs)
    how = _reduces(op, options)
    if how != "none" and np.shape(values) and op.reduction is not None:
        upstream = op.reduction.gradient(SPACE, upstream, values, how)

    def slope(*each: Any) -> Any:
        def known(how: str | None) -> Any:
            given, output = list(each[:-1]), each[-1]
            if how == "output":
                given[place] = output
            return local(op, argument, given, each[place] if how == "input" else output, options)

        return known(None) if twist is None else twist(known)

    slopes = _each(slope, *inputs, values)
    gradient = upstream * slopes
    if np.shape(gradient) == shape:
        return gradient
    return np.asarray(op.broadcasting.gradient(SPACE, gradient, shape), dtype=object)[()]

"""Computing the values: single numbers of the formula take the inputs' type, and an error names its node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from backproof.graphs.edges import contribution, edges_to
from backproof.graphs.names import named
from backproof.graphs.plan import Plan, Values
from backproof.graphs.tape import Tape, fitting
from backproof.nn.thin import THIN

__all__ = ["backward", "evaluated", "forward", "owned", "weakened"]


_WIDE = np.dtype(np.float64)


def owned(value: Any, index: bool | None) -> Any:
    """Give a value of an input that nobody can change, in the type that is taken: see `fitting`.

    Examples
    --------
    >>> array = owned(np.array([1, 2]), None)
    >>> array.tolist(), array.flags.writeable
    ([1.0, 2.0], False)
    """
    if type(value) is np.float64 and not index:
        return value
    fits = fitting(value, index)
    found = np.asarray(fits)
    if not found.ndim or not found.flags.writeable:
        return fits
    if fits is value:
        found = found.copy()
    found.flags.writeable = False
    return found[()]


def weakened(tape: Tape, inputs: Mapping[int, Any]) -> dict[int, Any]:
    """Give the values of the inputs and of the constants; single numbers do not widen the type of the inputs.

    So NumPy treats the numbers of Python: ``2*x`` has the type of ``x``.

    Examples
    --------
    >>> from backproof.graphs.reading import read
    >>> program = read("2*x")
    >>> weakened(program.tape, {program.names["x"]: np.float32(3)})[0]
    np.float32(2.0)
    """
    found = {getattr(value, "dtype", _WIDE) for value in inputs.values()}
    floating = {dtype for dtype in found if dtype.kind == "f"}
    constants = tape.given
    if floating and _WIDE not in floating:
        kind = np.result_type(*floating).type
        constants = {
            place: kind(value) if isinstance(value, float) and tape.is_constant(place) else value
            for place, value in constants.items()
        }
    return {**constants, **inputs}


def forward(plan: Plan, tape: Tape, given: Mapping[int, Any]) -> Values:
    """Compute all values by a plan.

    Raises
    ------
    ValueError
        If a node cannot be computed: with its formula and the shapes.
    """
    try:
        return plan.forward(given)
    except Exception as error:
        failed = error
    if plan.again:
        evaluated(tape, range(len(tape)), given)
    raise failed


def evaluated(tape: Tape, places: Iterable[int], given: Mapping[int, Any]) -> dict[int, Any]:
    """Compute nodes one by one.

    Raises
    ------
    ValueError
        If one cannot be computed: with its formula and the shapes.

    Examples
    --------
    >>> from backproof.graphs.reading import read
    >>> tape = read("f = x @ y").tape
    >>> evaluated(tape, range(3), {0: np.ones(2), 1: np.ones(2)})[2]
    np.float64(2.0)
    """
    values: dict[int, Any] = dict(given)
    for place in places:
        op = tape.ops[place]
        if op is not None:
            inputs = [values[parent] for parent in tape.parents[place]]
            try:
                values[place] = op.evaluate(THIN, inputs, **tape.options.get(place, {})).output
            except Exception as error:
                raise ValueError(f"{_written(tape, place, values)}: {error}") from error
    return values


def backward(plan: Plan, tape: Tape, values: Values, output: int) -> Values:
    """Compute by a plan what flows back from an output to each node.

    Raises
    ------
    ValueError
        If the gradient of a node cannot be computed: with its formula and the shapes.
    """
    try:
        return plan.backward(values, {output: np.ones_like(values[output])})
    except Exception as error:
        failed = error
    for place in tape.above([output]) if plan.again else ():
        for edge in edges_to(tape, place):
            try:
                contribution(tape, values, edge, np.ones_like(values[place]))
            except Exception as error:
                raise ValueError(f"the gradient of {_written(tape, place, values)}: {error}") from error
    raise failed


def _written(tape: Tape, place: int, values: Mapping[int, Any] | Values) -> str:
    """Say what cannot be computed, and the shapes of what it is computed from."""
    from backproof.graphs.drawing.writing import cut, formula

    op, names = tape.ops[place], named(tape, range(len(tape)))
    assert op is not None  # noqa: S101 - an op has failed
    known = {
        argument: parent
        for argument, parent in zip(op.arguments, tape.parents[place], strict=False)
        if values[parent] is not None
    }
    first = list(op.arguments)[: len(known)] == list(known)
    arguments = [names[parent] for parent in known.values()] if first else []
    behind = {} if first else {argument: names[parent] for argument, parent in known.items()}
    text = cut(formula(op, arguments, behind, tape.options.get(place, {})), 200)
    shapes = {names[parent]: np.shape(values[parent]) for parent in known.values()}
    of = ", ".join(
        f"{name} of shape {shape}" if shape else f"{name} a number" for name, shape in shapes.items()
    )
    return f"{names[place]} = {text} cannot be computed from {of}"

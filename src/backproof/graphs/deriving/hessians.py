"""Hessians: the gradient rules, run on dual numbers, say how each gradient changes with each input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.graphs.deriving.duals import DUALS, Dual, elementwise
from backproof.graphs.plan import Steps, units
from backproof.graphs.tape import Tape

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["hessian", "of_graph", "require_inputs"]


def hessian(
    tape: Tape, given: Mapping[int, Any], output: int, places: Sequence[int]
) -> dict[tuple[int, int], Any]:
    """Give the second derivatives of an output for each pair of inputs.

    H[x, y] = ∂²L/∂x∂y = ∂/∂y (∂L/∂x): the forward and the backward pass are run once for each element of y,
    on numbers that carry how they change with that element (forward-mode over reverse-mode). It is exact up
    to rounding.

    Parameters
    ----------
    given
        The values of the inputs and the constants, by their places.
    output
        The place of L; of one with axes each element has its own.
    places
        The inputs.

    Returns
    -------
    dict
        For each pair an array of the shapes of L, of x and of y, one after the other.

    Examples
    --------
    >>> from backproof.graphs.reading import read
    >>> program = read("x**2*y")
    >>> x, y = program.names["x"], program.names["y"]
    >>> given = {**program.tape.given, x: np.float64(3.0), y: np.float64(2.0)}
    >>> float(hessian(program.tape, given, program.output, [x, y])[x, y])
    6.0
    """
    plan = _DualSteps(tape)
    columns: dict[tuple[int, int], list[Any]] = {(x, y): [] for x in places for y in places}
    shape = np.shape(plan.forward(_duals(given))[output])
    for y in places:
        for direction in units(np.zeros(np.shape(given[y]))):
            rows = _rows(plan, _duals(given, {y: direction}), output, places)
            for x in places:
                columns[x, y].append(rows[x])
    return {
        (x, y): np.moveaxis(np.asarray(found), 0, -1).reshape(shape + np.shape(given[x]) + np.shape(given[y]))
        for (x, y), found in columns.items()
    }


def require_inputs(graph: Graph, names: Sequence[str]) -> tuple[str, ...]:
    """Give names of inputs, by default of all; refuse others.

    Raises
    ------
    KeyError
        If there is no such input.
    """
    inputs = graph.input_places
    for name in names:
        if name not in inputs:
            raise KeyError(f"the inputs are {', '.join(inputs) or 'none'}; got {name!r}")
    return tuple(names or inputs)


class _DualSteps(Steps):
    """Evaluates on dual numbers; the tangent of an op that goes element by element is what its rules say."""

    def __init__(self, tape: Tape) -> None:
        super().__init__(tape, DUALS)

    def forward(self, given: Mapping[int, Any]) -> list[Any]:
        """Compute all values."""
        values: list[Any] = [given.get(place) for place in range(self._count)]
        for place, parents, use in self._steps:
            inputs = [values[parent] for parent in parents]
            ruled = use.op.elementwise and use.rules is not None and len(inputs) == len(use.names)
            values[place] = elementwise(use.op, inputs, use.options) if ruled else use.forward(*inputs)
        return values


def of_graph(graph: Graph, names: Sequence[str], output: int) -> dict[tuple[str, str], Any]:
    """Give the second derivatives of a node of a graph for each pair of inputs, by default of all.

    Raises
    ------
    KeyError
        If there is no such input.
    """
    tape, named = graph.tape, {graph.place(name): name for name in require_inputs(graph, names)}
    graph.require_again()
    with np.errstate(all="ignore"):  # what is infinite, or no number, is shown as that
        found = hessian(tape, graph.leaves, output, list(named))
    return {(named[x], named[y]): value if value.ndim else float(value) for (x, y), value in found.items()}


def _duals(given: Mapping[int, Any], directions: Mapping[int, Any] | None = None) -> dict[int, Any]:
    """Make dual numbers of the values; indices and masks do not change."""
    known = directions or {}
    return {
        place: Dual(value, known.get(place)) if np.asarray(value).dtype.kind == "f" else value
        for place, value in given.items()
    }


def _rows(plan: Steps, given: Mapping[int, Any], output: int, places: Sequence[int]) -> dict[int, list[Any]]:
    """Give, for each element of the output, how its gradients change along the direction."""
    values = plan.forward(given)
    rows: dict[int, list[Any]] = {place: [] for place in places}
    for unit in units(np.zeros(values[output].shape)):
        gradients = plan.backward(values, {output: Dual(unit)})
        for place in places:
            found = gradients[place]
            rows[place].append(found.tangent if isinstance(found, Dual) else np.zeros(np.shape(given[place])))
    return rows
